"""Files in: every row accounted for, the same state whatever the order, nothing changed by a dry run, no code on disk."""

import hashlib
import itertools
import json
import random
from pathlib import Path

import pytest
from django.conf import settings

from cardcase.cards.models import Card
from cardcase.cases.models import Case
from cardcase.connectors import registry
from cardcase.connectors.ports import FileKind
from cardcase.inbox.models import Conversation, Message
from cardcase.intake import service
from cardcase.intake.models import ImportedFile, ImportRun
from cardcase.intake.rules import CardDefaults, Upload
from cardcase.kit.errors import NotAllowed
from cardcase.orders.models import Order
from intake.world import (
    CODES,
    INVALID,
    QUIET,
    UNWANTED,
    accounted,
    as_json,
    case_numbers,
    delivered,
    files,
    on_disk,
    order_row,
    orders_csv,
    refund_detail,
    row_counts,
    said,
    state,
    sums,
    take,
    upload,
)

pytestmark = pytest.mark.django_db


# --- Every row is accounted for ---------------------------------------------------------------------------------------


def test_mixed_files_in_one_import_open_the_cases_they_ask_for(agent, noon):
    report = take(agent, files(), at=noon)
    assert report.is_clean
    assert len(report.cases) == 2
    assert [case[:3] for case in state(agent)["cases"]] == [
        (INVALID, "authenticity", "A1"),
        (UNWANTED, "personal", "P1"),
    ]
    assert state(agent)["cases"][0][7] == CODES[0][-4:]


def test_every_row_of_every_file_is_new_known_changed_or_refused(agent, noon):
    uploads = files()
    uploads[1] = upload(
        "orders.csv", orders_csv(order_row(INVALID), "2.22669E+18,2201,云朵邮差,77,x,已发货,1.00,,,,,,,")
    )
    report = take(agent, uploads, at=noon)
    for file, given in zip(report.files, uploads, strict=True):
        assert accounted(file) == registry.read_file(given.name, given.data).rows, given.name


def test_rows_of_two_sheets_with_the_same_number_are_two_rows(agent, noon):
    from connectors.samples import workbook

    rows = [line.split(",") for line in orders_csv(order_row(INVALID)).splitlines()]
    more = [line.split(",") for line in orders_csv(order_row(UNWANTED), order_row(QUIET)).splitlines()]
    report = take(agent, [upload("orders.xlsx", workbook(("十月", rows), ("十一月", more)))], at=noon)
    assert report.files[0].new == 3
    assert Order.objects.visible_to(agent).count() == 3


def test_the_same_files_twice_are_all_known_and_change_nothing(agent, noon):
    take(agent, files(), at=noon)
    before, numbers = state(agent), list(case_numbers(agent))
    report = take(agent, files(), at=noon)
    new, known, changed, refused = sums(report)
    assert (new, changed, refused) == (0, 0, 0)
    assert known == sum(accounted(file) for file in report.files)
    assert state(agent) == before
    assert list(case_numbers(agent)) == numbers
    assert report.cases == numbers


def test_a_refund_that_went_on_is_counted_as_changed(agent, noon):
    take(agent, files(), at=noon)
    report = take(agent, [upload("refund.json", refund_detail(INVALID, state=6))], at=noon)
    assert sums(report) == (0, 0, 1, 0)
    assert len(report.cases) == 1
    assert state(agent)["cases"][0][4] == "declined"


# --- Order and lateness do not matter ---------------------------------------------------------------------------------


def test_files_in_any_order_give_the_same_shop(agent, stranger, noon):
    take(agent, files(), at=noon)
    expected = state(agent)
    for number, mixed in enumerate(itertools.islice(_shuffles(files()), 6)):
        shop = agent if number == 0 else _new_shop(number)
        take(shop, mixed, at=noon)
        assert state(shop) == expected, [item.name for item in mixed]


def test_files_that_come_one_by_one_in_any_order_give_the_same_shop(agent, noon):
    take(agent, files(), at=noon)
    expected = state(agent)
    for number, mixed in enumerate(itertools.islice(_shuffles(files()), 8), 100):
        shop = _new_shop(number)
        for one in mixed:
            take(shop, [one], at=noon)
        assert state(shop) == expected, [item.name for item in mixed]


def _shuffles(uploads):
    yield uploads[::-1]
    dice = random.Random(20261124)
    while True:
        mixed = list(uploads)
        dice.shuffle(mixed)
        yield mixed


def _new_shop(number):
    from cardcase.staff.models import Shop
    from cardcase.staff.rules import Actor, ActorKind, Role

    shop = Shop.objects.create(slug=f"shop-{number}", name="礼卡小铺")
    return Actor(ActorKind.STAFF, shop.pk, Role.OWNER, None, "cli")


def test_an_older_paper_that_comes_late_does_not_undo_a_newer_one(agent, noon):
    newer = as_json({"code": 0, "data": {**_detail(state=5), "modify_time": 1795500000}})
    older = as_json({"code": 0, "data": {**_detail(state=1), "modify_time": 1795400000}})
    take(agent, [upload("newer.json", newer)], at=noon)
    take(agent, [upload("older.json", older)], at=noon)
    assert [row[2] for row in state(agent)["refunds"]] == ["succeeded"]


def _detail(*, state):
    return json.loads(refund_detail(INVALID, state=state))["data"]


# --- A dry run --------------------------------------------------------------------------------------------------------


def test_a_dry_run_changes_no_table_and_no_file(agent, noon):
    take(agent, [upload("first.csv", orders_csv(order_row(QUIET)))], at=noon)  # keys and folders exist from now on
    rows, disk = row_counts(), on_disk()
    report = take(agent, files(), at=noon, dry_run=True)
    assert report.is_dry_run
    assert sums(report)[0] > 0
    assert len(report.cases) == 2
    assert row_counts() == rows
    assert on_disk() == disk


def test_a_dry_run_foretells_what_the_import_then_does(agent, noon):
    foretold = take(agent, files(), at=noon, dry_run=True)
    done = take(agent, files(), at=noon)
    assert sums(foretold) == sums(done)
    assert len(foretold.cases) == len(done.cases)


# --- Bad rows ---------------------------------------------------------------------------------------------------------


def test_a_mangled_order_number_is_refused_with_its_place_and_the_way_out(agent, noon):
    bad = "2.22669E+18,2201,云朵邮差,77,x,已发货,193.00,,,,,,,"
    report = take(agent, [upload("orders.csv", orders_csv(order_row(INVALID), bad, order_row(QUIET)))], at=noon)
    [finding] = report.files[0].refused
    assert (finding.row, finding.column) == (3, "订单号")
    assert finding.code
    assert "文本" in finding.next.zh
    assert finding.next.en
    assert report.files[0].new == 2


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_row_never_stops_the_good(agent, noon, place):
    rows = [order_row(INVALID), order_row(UNWANTED)]
    rows.insert(place, "不是订单号,2201,云朵邮差,77,x,已发货,很多钱,昨天吧,,,,,,")
    report = take(agent, [upload("orders.csv", orders_csv(*rows))], at=noon)
    assert (report.files[0].new, len(report.files[0].refused)) == (2, 1)
    assert Order.objects.visible_to(agent).count() == 2


@pytest.mark.parametrize(
    "bad",
    [b"", b"\0\0\0\0", b"\xff\xfe\x00", b"PK\x03\x04 no archive", b"SQLite format 3\0 no database", b'{"code":0,', b"\x89PNG\r\n\x1a\n" + bytes(50)],
    ids=["empty", "zeros", "broken utf-16", "broken zip", "broken database", "broken json", "picture"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_whole_and_the_others_are_taken(agent, noon, bad):
    report = take(agent, [Upload("bad.bin", bad), upload("orders.csv", orders_csv(order_row(INVALID)))], at=noon)
    assert [finding.row for finding in report.files[0].refused][:1] == [None]
    assert all(finding.code and finding.message.zh and finding.next.zh for finding in report.files[0].refused)
    assert report.files[1].new == 1
    assert ImportRun.objects.visible_to(agent).get().finished_at == noon


def test_what_was_refused_is_kept_with_the_import(agent, noon):
    report = take(agent, [upload("orders.csv", orders_csv("2.22669E+18,1,a,2,x,已发货,1.00,,,,,,,"))], at=noon)
    row = ImportedFile.objects.visible_to(agent).get(run__public_id=report.run)
    assert row.refused[0]["row"] == 2
    assert row.refused[0]["column"] == "订单号"
    assert row.refused[0]["next_zh"]


# --- Encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "said_as"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16")],
)
def test_an_order_file_in_any_usual_encoding_is_read(agent, noon, encoding, said_as):
    data = orders_csv(order_row(INVALID, nick="云朵邮差", refund="卡密无效")).encode(encoding)
    report = take(agent, [Upload("orders.csv", data)], at=noon)
    assert report.is_clean, report.files[0].refused
    assert report.files[0].encoding.lower().startswith(said_as)
    assert Order.objects.visible_to(agent).get().buyer.nick == "云朵邮差"


def test_big5_is_taken_when_named_and_never_guessed_wrong_in_silence(agent, noon):
    data = (
        orders_csv(order_row(INVALID, nick="雲朵郵差")).encode("utf-8").decode().translate(_TRADITIONAL).encode("big5")
    )
    report = take(agent, [Upload("orders.csv", data)], at=noon, encoding="big5")
    assert report.is_clean, report.files[0].refused
    assert Order.objects.visible_to(agent).get().buyer.nick == "雲朵郵差"
    guessed = registry.read_file("orders.csv", data)
    assert guessed.refused or "雲朵郵差" in str([notice.buyer_nick for notice in guessed.notices])


_TRADITIONAL = str.maketrans(
    "订单号买家昵称标题状态额时间发货退款编处理请苹充值", "訂單號買家暱稱標題狀態額時間發貨退款編處理請蘋充值"
)


def test_an_encoding_that_is_none_is_refused_and_not_a_crash(agent, noon):
    report = take(agent, files()[1:2], at=noon, encoding="klingon")
    assert report.files[0].refused


# --- Cards ------------------------------------------------------------------------------------------------------------


def test_card_codes_are_not_readable_in_what_is_kept_of_a_file(agent, noon):
    texts = [
        upload("cards.txt", "\n".join(CODES)),
        upload("kam.json", delivered(INVALID, CODES[0])),
        upload("chat.json", said("50001", "2201", "云朵邮差", f"我输的是 {CODES[1]} 一直说无效")),
    ]
    take(agent, texts, at=noon)
    everything = b"".join(path.read_bytes() for path in Path(settings.CARDCASE.data).rglob("*") if path.is_file())
    for code in CODES:
        assert code.encode() not in everything
        assert code.lower().encode() not in everything.lower()
    told = "\n".join(map(str, Message.objects.visible_to(agent).values_list("text", "sender_name")))
    assert not any(code in told for code in CODES)


def test_the_digest_of_a_card_file_cannot_be_recomputed_from_guesses(agent, noon):
    texts = [upload("cards.txt", CODES[0]), upload("kam.json", delivered(INVALID, CODES[1])), upload("orders.csv", orders_csv(order_row(QUIET)))]  # fmt: skip
    take(agent, texts, at=noon)
    digests = dict(ImportedFile.objects.visible_to(agent).values_list("name", "digest"))
    plain = {item.name: hashlib.sha256(item.data).hexdigest() for item in texts}
    assert digests["cards.txt"] != plain["cards.txt"]
    assert digests["kam.json"] != plain["kam.json"]
    assert digests["orders.csv"] == plain["orders.csv"]
    assert not Card.objects.visible_to(agent).exclude(source_sha256="").exists()


def test_a_batch_is_named_by_the_seller_or_by_its_file(agent, noon):
    take(agent, [upload("C:\\卡\\AP-1103.txt", CODES[0])], at=noon)
    take(
        agent,
        [upload("later.txt", CODES[1])],
        at=noon,
        cards_are=CardDefaults(batch="AP-1104", brand="苹果", face_fen=20000),
    )
    told = Card.objects.visible_to(agent).order_by("pk").values_list("batch__name", "brand", "face_fen")
    assert list(told) == [("AP-1103", "", None), ("AP-1104", "苹果", 20000)]


# --- Shops and roles --------------------------------------------------------------------------------------------------


def test_two_shops_with_the_same_files_do_not_see_each_other(agent, stranger, noon):
    first = sums(take(agent, files(), at=noon))
    before = state(agent)
    report = take(stranger, files(), at=noon)
    assert sums(report) == first
    assert state(agent) == before == state(stranger)
    assert not set(Case.objects.visible_to(agent).values_list("pk", flat=True)) & set(
        Case.objects.visible_to(stranger).values_list("pk", flat=True)
    )


def test_an_auditor_may_not_import(auditor, noon):
    rows = row_counts()
    for is_dry in (False, True):
        with pytest.raises(NotAllowed):
            take(auditor, files(), at=noon, dry_run=is_dry)
    with pytest.raises(NotAllowed):
        service.hold_uploads(auditor, files(), kind="auto", batch="", at=noon)
    assert row_counts() == rows


# --- Chats and the orders they belong to ------------------------------------------------------------------------------


def test_a_chat_that_comes_before_its_order_ends_up_in_one_case(agent, noon):
    chat = said("50001", "2201", "云朵邮差", "卡密无效 怎么充都不行 退款")
    report = take(agent, [upload("chat.json", chat)], at=noon)
    [first] = report.cases
    assert _needs(agent) == [{"order_unknown"}]
    orders = orders_csv(order_row(INVALID, refund="卡密无效"))
    report = take(agent, [upload("orders.csv", orders)], at=noon)
    assert report.cases == [first]
    [case] = Case.objects.visible_to(agent).select_related("order")
    assert case.order.order_no == INVALID
    assert "order_unknown" not in {need["code"] for need in case.needs_human}
    assert Conversation.objects.visible_to(agent).get().order_id == case.order_id


PASTED = """云朵邮差 2026-11-22 09:48
老板 充的时候一直弹 此代码无效
礼卡小铺 2026-11-22 09:50
亲，稍等帮您核实
云朵邮差 2026-11-22 10:02
都半天了，给我退款
"""


def test_a_pasted_chat_without_an_order_number_gives_a_case_that_says_so(agent, noon):
    report = take(agent, [upload("paste.txt", PASTED)], at=noon, seller_names=("礼卡小铺",))
    assert report.is_clean, report.files[0].refused
    assert report.files[0].kind is FileKind.CHAT
    assert len(report.cases) == 1
    assert _needs(agent) == [{"order_unknown"}]
    case = Case.objects.visible_to(agent).get()
    assert (case.claimed_reason, case.sub_reason) == ("authenticity", "A1")
    assert take(agent, [upload("again.txt", PASTED)], at=noon, seller_names=("礼卡小铺",)).cases == report.cases


@pytest.mark.parametrize(
    "texts",
    [("在吗", "苹果200的还有吗", "能便宜点不"), ("这个卡有效期到啥时候", "怎么用呀"), ("你好", "几点发货")],
    ids=["price", "use", "delivery"],
)
def test_a_talk_before_the_sale_opens_no_case(agent, noon, texts):
    report = take(agent, [upload("chat.json", said("50009", "2209", "路人", *texts))], at=noon)
    assert report.cases == []
    assert not Case.objects.visible_to(agent).exists()
    assert Message.objects.visible_to(agent).count() == len(texts) + 1


def _needs(actor):
    return [
        {need["code"] for need in case.needs_human} & {"order_unknown", "linked_by_nick"}
        for case in Case.objects.visible_to(actor)
    ]
