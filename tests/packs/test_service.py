"""Building a pack: what is in it, what stays out, who may, and that a reader can follow the README without us."""

import json
import subprocess

import pytest
from django.db import transaction

from cardcase.connectors.ports import CardNotice
from cardcase.custody import files as originals
from cardcase.custody import queries as ledger
from cardcase.custody.models import Entry
from cardcase.evidence.models import Exhibit
from cardcase.kit.errors import NotAllowed, NotFound
from cardcase.kit.secret import CardCode
from cardcase.packs import fonts, queries, report, service, verifier
from cardcase.packs.rules import form
from cardcase.packs.rules.dossier import said_in
from packs import builders
from packs.packing import members_of

pytestmark = pytest.mark.django_db
CODE = "7KQM-2XWP-94TJ-K4RT"


@pytest.fixture
def opened():
    """Take a pack apart."""
    return members_of


def words_of(pdf: bytes, tmp_path) -> str:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True)
    return done.stdout.decode().replace("\n", "").replace(" ", "")


def everything(members: dict[str, bytes], tmp_path) -> str:
    texts = [data.decode("utf-8", "replace") for name, data in members.items() if name != form.REPORT]
    return "".join([*texts, words_of(members[form.REPORT], tmp_path)])


def keep_in_stock(actor, noon, code: str) -> None:
    from cardcase.cards import service as cards

    cards.stock(actor, [CardNotice(code=CardCode(code), brand="星巴克", face_fen=20000)], batch="测试批次", at=noon)


# ---- who and when ------------------------------------------------------------------------------------------------


def test_a_pack_verifies_with_the_key_of_the_shop(owner, noon, tmp_path):
    case = builders.a_case(owner, noon).build()
    path = tmp_path / "pack.zip"
    path.write_bytes(service.build(owner, case.number, at=noon))
    report_ = verifier.verify(path, vkey=ledger.vkey(owner))
    assert report_.is_intact, report_.as_text()


@pytest.mark.parametrize("who", ["lead", "agent", "auditor"])
def test_everybody_who_may_export_may(who, owner, noon, request):
    case = builders.a_case(owner, noon).build()
    assert service.build(request.getfixturevalue(who), case.number, at=noon)


def test_the_system_and_strangers_may_not(owner, system, stranger, noon):
    case = builders.a_case(owner, noon).build()
    with pytest.raises(NotAllowed):
        service.build(system, case.number, at=noon)
    with pytest.raises(NotFound):
        service.build(stranger, case.number, at=noon)


def test_a_case_without_a_record_is_refused(owner, noon, monkeypatch):
    monkeypatch.setattr(builders.CaseBuilder, "_tell", lambda *told: None)
    case = builders.a_case(owner, noon).build()
    with pytest.raises(service.NothingRecorded):
        service.build(owner, case.number, at=noon)


def test_the_export_itself_is_recorded_and_signed(owner, noon):
    case = builders.a_case(owner, noon).build()
    service.build(owner, case.number, at=noon)
    last = ledger.history(owner, [case.public_id])[-1]
    assert (last.kind, last.actor_label) == ("pack.exported", owner.label)
    assert last.facts["pack"].startswith("pack_")
    assert ledger.verify_all().is_intact
    assert ledger.verify_all().signed_size == Entry.objects.count()


def test_a_second_pack_holds_the_entry_of_the_first(owner, noon, opened):
    case = builders.a_case(owner, noon).build()
    service.build(owner, case.number, at=noon)
    kinds = [
        json.loads(line)["entry"]["type"]
        for line in opened(service.build(owner, case.number, at=noon))[form.RECORDS].splitlines()
    ]
    assert kinds.count("pack.exported") == 1


# ---- what is in it -----------------------------------------------------------------------------------------------


def test_the_report_tells_the_case_in_chinese(owner, noon, opened, tmp_path):
    case = builders.a_case(owner, noon).with_exhibit("E10", "整屏截图", builders.png(40, 80), "image/png").build()
    text = words_of(opened(service.build(owner, case.number, at=noon))[form.REPORT], tmp_path)
    for words in (
        "售后证据包", case.number, "2226693641205001234", "爱喝拿铁的小陈", "证据目录", "证明目的", "页码", "提交说明", "证据要求对照", "缺口", "附件A", "兑换时出现的提示、账号和时间",
        "时间线", "刚买的卡兑换时提示已使用，要求全额退款", "怎么显示已被使用", "会话记录", "‥K4RT", "卡密一经查看不支持无理由退换",
        "不能证明的", "#settext(red)请不要把$x$*当成*标记_谢谢_", "𠮷野家的卡倒是能用한국어", "[U+1F621U+1F621]", "[U+202E]abc[U+202C]",
        "POUTINGFACE", "¥193.00",
    ):  # fmt: skip
        assert words in text, words


def test_internal_notes_stay_inside(owner, noon, opened, tmp_path):
    case = builders.a_case(owner, noon).build()
    members = opened(service.build(owner, case.number, at=noon))
    assert "这个买家上次也这样" not in everything(members, tmp_path)
    assert "某某供货" not in everything(members, tmp_path)
    noted = [json.loads(line) for line in members[form.RECORDS].splitlines()]
    assert [one["contents"] for one in noted if one["entry"]["type"] == "case.noted"] == [[{"state": "withheld"}]]


def test_messages_and_files_open_the_commitments_to_them(owner, noon, opened):
    picture = builders.png(40, 80)
    case = builders.a_case(owner, noon).with_exhibit("E10", "整屏截图", picture, "image/png").build()
    members = opened(service.build(owner, case.number, at=noon))
    lines = [json.loads(line) for line in members[form.RECORDS].splitlines()]
    talk = next(line for line in lines if line["entry"]["type"] == "conversation.received")
    assert [one["state"] for one in talk["contents"]] == ["opened"] * (1 + len(builders.TALK))
    assert "怎么显示已被使用" in talk["contents"][5]["text"]
    added = next(line for line in lines if line["entry"]["type"] == "evidence.added")
    assert members[added["contents"][1]["path"]] == picture


def test_erased_contents_are_called_erased(owner, noon, opened):
    from cardcase.custody import openings

    case = builders.a_case(owner, noon).build()
    seq = ledger.entries(owner, [case.public_id])[0].seq
    openings.take_out([seq])
    lines = [json.loads(line) for line in opened(service.build(owner, case.number, at=noon))[form.RECORDS].splitlines()]
    assert next(line for line in lines if line["entry"]["seq"] == seq)["contents"] == [{"state": "erased"}]


def test_the_same_report_comes_out_byte_for_byte(owner, noon):
    case = builders.a_case(owner, noon).with_exhibit("E10", "截图", builders.png(40, 80), "image/png").build()
    told = queries.dossier(owner, case.number, at=noon)
    data = builders.png(40, 80)
    sha256 = told.exhibits[0].sha256
    facts = report.Facts("pack_1", noon, "t", "v", "f", "o", 1, "0" * 64, {"entries": 1, "files": 1}, [], {sha256: f"files/{sha256}.png"}, frozenset())  # fmt: skip
    files = {f"files/{sha256}.png": data}
    assert report.make(told, facts, files) == report.make(told, facts, files)  # the index too


def test_a_picture_that_cannot_be_read_is_attached_but_not_printed(owner, noon, opened, tmp_path):
    broken = builders.png(40, 80)[:60] + b"\0" * 40
    case = builders.a_case(owner, noon).with_exhibit("E10", "坏图", broken, "image/png").build()
    members = opened(service.build(owner, case.number, at=noon))
    assert broken in members.values()
    assert "原件不是可印出的图片" in words_of(members[form.REPORT], tmp_path)


def test_a_picture_of_too_many_pixels_is_attached_but_not_printed(owner, noon, opened, tmp_path):
    huge = bytearray(builders.png(4, 4))
    huge[16:24] = (13_300).to_bytes(4, "big") * 2
    case = builders.a_case(owner, noon).with_exhibit("E10", "巨图", bytes(huge), "image/png").build()
    members = opened(service.build(owner, case.number, at=noon))
    assert bytes(huge) in members.values()
    assert "原件不是可印出的图片" in words_of(members[form.REPORT], tmp_path)


def test_a_case_with_hardly_anything_still_makes_a_pack(owner, noon, opened):
    case = builders.a_case(owner, noon).with_talk(()).build()
    case.refund = case.policy = None
    case.save()
    case.order.listing = case.order.buyer = None
    case.order.paid_at = case.order.delivered_at = case.order.total_fen = None
    case.order.save()
    assert opened(service.build(owner, case.number, at=noon))[form.REPORT].startswith(b"%PDF-")


# ---- codes -------------------------------------------------------------------------------------------------------


def test_a_code_that_the_buyer_wrote_on_the_form_is_masked_everywhere(owner, noon, opened, tmp_path):
    keep_in_stock(owner, noon, CODE)
    case = builders.a_case(owner, noon).described_as(f"卡密 {CODE} 显示已使用").build()
    text = everything(opened(service.build(owner, case.number, at=noon)), tmp_path)
    assert CODE not in text
    assert CODE.replace("-", "") not in text
    assert "显示已使用" in text


def test_a_record_that_holds_a_code_is_withheld(owner, noon, opened, tmp_path):
    from cardcase.custody import service as custody

    keep_in_stock(owner, noon, CODE)
    case = builders.a_case(owner, noon).build()
    with transaction.atomic():
        custody.append(
            owner, custody.Record("order.changed", case.order.public_id, noon, {"told": {"note": ["x", CODE]}})
        )
    members = opened(service.build(owner, case.number, at=noon))
    assert CODE not in everything(members, tmp_path)
    last = [json.loads(line) for line in members[form.RECORDS].splitlines()][-1]
    assert last["contents"] == [{"state": "withheld"}]


def test_a_text_file_that_holds_a_code_stays_out_and_the_report_says_so(owner, noon, opened, tmp_path):
    keep_in_stock(owner, noon, CODE)
    listing = f"聊天导出\n买家: {CODE}\n".encode()
    case = builders.a_case(owner, noon).with_exhibit("E12", "聊天导出", listing, "text/plain").build()
    members = opened(service.build(owner, case.number, at=noon))
    assert not [name for name in members if name.startswith(form.FILES)]
    assert CODE not in everything(members, tmp_path)
    assert "原件含有卡密或第三方资料，未放入本包" in words_of(members[form.REPORT], tmp_path)


def test_nothing_is_sealed_when_the_last_look_finds_a_code(owner, noon):
    case = builders.a_case(owner, noon).build()
    before = Entry.objects.count()
    with pytest.raises(service.CodeInPack) as refusal:
        service.build(owner, case.number, at=noon, contains_code=lambda text: "显示已被使用" in text)
    assert refusal.value.next.zh
    assert Entry.objects.count() == before


def test_the_last_look_sees_every_text_that_is_printed(owner, noon):
    case = builders.a_case(owner, noon).build()
    seen = []
    service.build(owner, case.number, at=noon, contains_code=lambda text: bool(seen.append(text)))
    assert set(said_in(queries.dossier(owner, case.number))) <= set(seen)
    assert any("在吗" in text for text in seen)


# ---- fonts -------------------------------------------------------------------------------------------------------


def test_without_a_font_the_way_out_is_named(owner, noon, monkeypatch):
    case = builders.a_case(owner, noon).build()
    monkeypatch.setattr(fonts, "_KNOWN", ())
    with pytest.raises(fonts.NoFont) as refusal:
        service.build(owner, case.number, at=noon)
    assert "fonts-noto-cjk" in refusal.value.next.zh
    assert fonts.find_cjk_font() is None


def test_the_font_knows_what_it_can_show():
    found = fonts.require_cjk_font()
    covered = fonts.coverage(found.regular)
    assert {ord(char) for char in "卡密𠮷Aa1￥‥한"} <= covered
    assert 0x1F621 not in covered


def test_originals_are_read_back_unharmed_or_the_pack_fails(owner, noon):
    case = builders.a_case(owner, noon).with_exhibit("E12", "客服记录", b"support said so\n", "text/plain").build()
    kept = Exhibit.objects.get().kept_sha256
    originals.path_of(kept).write_bytes(b"something else")
    with pytest.raises(originals.DamagedFile):
        service.build(owner, case.number, at=noon)
