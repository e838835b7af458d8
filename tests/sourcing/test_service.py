from datetime import timedelta

import pytest

from cardcase.cards import queries as card_queries
from cardcase.cards import service as cards
from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.custody import queries as custody
from cardcase.jobs.models import Job
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, Refused, WrongUse
from cardcase.sourcing import datafiles, queries, service
from cardcase.sourcing.models import FlagEvent, RiskFlag, SourceDocument
from cardcase.sourcing.rules.suppliers import SupplierTold
from cardcase.sourcing.service import LotTold, PaperTold
from cardcase.staff.models import Shop
from evidence.world import World

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj invoice"
ID_NUMBER = "91310000MA1K35XX01"


@pytest.fixture
def world(shop, owner, system, noon):
    Shop.objects.filter(pk=shop.pk).update(is_pro=True)
    return World(shop, owner, system, noon)


def batch_of(card: Card) -> str:
    return CardBatch.objects.get(pk=card.batch_id).public_id


def history(actor, subject):
    return [item.kind for item in custody.history(actor, [subject])]


def supplier(owner, noon, name="福礼汇", **told):
    return service.add_supplier(owner, name, SupplierTold(**told), at=noon)[0]


# --- Suppliers --------------------------------------------------------------------------------------------------------


def test_who_a_supplier_is_lies_sealed_and_is_shown_once_with_a_reason(owner, noon, transactional_db):
    one = supplier(
        owner, noon, legal_name="福礼汇卡券有限公司", id_kind="licence", id_number=ID_NUMBER, contact="微信 abc"
    )
    row = Supplier.objects.visible_to(owner).values().get()
    written = b"|".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row.values())
    assert ID_NUMBER[:8].encode() not in written
    assert "微信".encode() not in written
    shown = service.show_sealed(owner, one.public_id, reason="要索赔", at=noon)
    assert (shown.id_number, shown.contact) == (ID_NUMBER, "微信 abc")
    assert ID_NUMBER not in repr(shown)
    assert history(owner, one.public_id) == ["supplier.added", "supplier.details_shown"]
    entries = custody.entries(owner, [one.public_id])
    assert ID_NUMBER.encode() not in b"".join(part.body or b"" for entry in entries for part in entry.contents)
    assert queries.supplier_view(owner, one.public_id).id_masked == "‥XX01"


def test_a_name_that_looks_like_a_known_one_is_warned_of_and_the_same_name_refused(owner, noon):
    supplier(owner, noon)
    _, alike = service.add_supplier(owner, "福礼汇有限公司", SupplierTold(), at=noon)
    assert alike == ("福礼汇",)
    with pytest.raises(Conflict):
        supplier(owner, noon)


def test_a_suspended_supplier_stays_so_until_the_owner_says_otherwise(owner, lead, noon):
    one = supplier(owner, noon)
    service.suspend_supplier(lead, one.public_id, reason="两批坏卡", at=noon)
    service.suspend_supplier(lead, one.public_id, reason="再说一次", at=noon)
    assert queries.supplier_view(owner, "福礼汇").status_reason == "两批坏卡"
    with pytest.raises(NotAllowed):
        service.reinstate_supplier(lead, one.public_id, reason="好了", at=noon)
    service.reinstate_supplier(owner, one.public_id, reason="赔清了", at=noon)
    assert history(owner, one.public_id) == ["supplier.added", "supplier.suspended", "supplier.reinstated"]


def test_agents_strangers_and_machines_change_no_supplier(owner, agent, stranger, system, noon):
    one = supplier(owner, noon)
    for actor, error in ((agent, NotAllowed), (system, NotAllowed), (stranger, NotFound)):
        with pytest.raises(error):
            service.change_supplier(actor, one.public_id, SupplierTold(note="x"), at=noon)


def test_words_about_suppliers_are_checked(owner, noon):
    for told in ({"channel": "friend"}, {"kind": "cat"}, {"id_number": "123"}, {"claim_days": -1}):
        with pytest.raises(WrongUse):
            supplier(owner, noon, **told)


# --- Papers -----------------------------------------------------------------------------------------------------------


def test_a_paper_is_kept_once_and_asks_the_rules_again(owner, world, noon):
    lot = batch_of(world.stock()[0])
    told = PaperTold(
        kind="invoice", name="C:\\x\\发票.exe", amount_fen=18_800, number="044031900111", issued_on=noon.date()
    )
    first = service.attach(owner, PDF, told, batch=lot, at=noon)
    assert service.attach(owner, PDF, told, batch=lot, at=noon).pk == first.pk
    assert (first.name, first.number_tail, first.mime) == ("发票.pdf", "‥0111", "application/pdf")
    assert queries.paper_file(owner, first.public_id)[0] == PDF
    assert Job.objects.filter(kind="sourcing.evaluate_batch", key=lot).count() == 1
    assert history(owner, first.public_id) == ["paper.attached"]


def test_a_paper_belongs_to_one_thing_of_ones_own_shop(owner, stranger, world, noon):
    lot = batch_of(world.stock()[0])
    told = PaperTold(kind="invoice")
    with pytest.raises(WrongUse):
        service.attach(owner, PDF, told, at=noon)
    with pytest.raises(NotFound):
        service.attach(stranger, PDF, told, batch=lot, at=noon)
    with pytest.raises(WrongUse):
        service.attach(owner, PDF, PaperTold(kind="serial_list"), batch=lot, at=noon)


def test_a_superseded_paper_stays_and_counts_no_more(owner, world, noon):
    lot = batch_of(world.stock(with_proof=False)[0])
    paper = service.attach(owner, PDF, PaperTold(kind="invoice"), batch=lot, at=noon)
    before = queries.completeness(owner, lot).score
    service.supersede(owner, paper.public_id, reason="开错了", at=noon)
    assert queries.completeness(owner, lot).score == before - 16
    assert queries.lot(owner, lot).papers[0].is_superseded
    with pytest.raises(Refused):
        service.supersede(owner, paper.public_id, reason="再来", at=noon)


def serial_list(owner, world, noon, *, with_code: bool):
    from cardcase.connectors.ports import CardNotice
    from cardcase.kit.secret import CardCode

    codes = [CardCode(f"K7QM-92XF-LP3D-{n:04d}") for n in range(3)]
    numbers = [f"233688001122334{n}" for n in range(3)]
    notices = [CardNotice(code=code, number=number) for code, number in zip(codes, numbers, strict=True)]
    cards.stock(owner, notices, batch="带号", at=noon)
    lot = card_queries.batch_id(owner, "带号")
    rows = [numbers[0], numbers[1], "2336880011229999"]
    text = "卡号,备注\n" + "\n".join(f"{number},{codes[0].expose() if with_code else ''}" for number in rows)
    return lot, service.attach(owner, text.encode(), PaperTold(kind="serial_list", name="清单.csv"), batch=lot, at=noon)


def test_a_list_of_serials_is_compared_by_blind_index_and_kept_sealed(owner, world, agent, noon):
    lot, paper = serial_list(owner, world, noon, with_code=False)
    view = queries.lot(owner, lot).papers[0].serials
    assert (view.matched, view.missing, view.unlisted, view.codes) == (2, 1, 1, 0)
    row = SourceDocument.objects.filter(pk=paper.pk).values().get()
    assert "23368800" not in str(row)
    assert b"23368800" not in bytes(row["body_sealed"])
    assert queries.paper_file(owner, paper.public_id)[0].startswith("卡号".encode())
    with pytest.raises(NotAllowed):
        queries.paper_file(agent, paper.public_id)
    serials = next(item for item in queries.completeness(owner, lot).items if item.id == "serials")
    assert serials.share == 66


def test_a_list_with_a_code_in_it_is_never_handed_out(owner, world, noon):
    lot, paper = serial_list(owner, world, noon, with_code=True)
    assert paper.has_code
    assert "LP3D0000" not in str(queries.lot(owner, lot).papers)
    with pytest.raises(Refused):
        queries.paper_file(owner, paper.public_id)


def pdf(text: bytes, *, deflated: bool) -> bytes:
    import zlib

    body = b"BT /F1 12 Tf 72 720 Td " + text + b" ET"
    kept = zlib.compress(body) if deflated else body
    return b"%PDF-1.7\n4 0 obj <</Length 9>> stream\n" + kept + b"\nendstream endobj"


@pytest.mark.parametrize("deflated", [True, False])
@pytest.mark.parametrize("shown", ["({0}) Tj", "[({1}) -20 ({2})] TJ", "<{3}> Tj"])
def test_a_pdf_with_a_code_of_the_stock_in_it_is_never_handed_out(owner, world, noon, shown, deflated):
    [card] = world.stock()
    code = world.codes[card.public_id].expose()
    text = shown.format(code, code[:4], code[4:], code.encode().hex()).encode()
    paper = service.attach(owner, pdf(text, deflated=deflated), PaperTold(kind="other"), batch=batch_of(card), at=noon)
    assert paper.has_code
    with pytest.raises(Refused):
        queries.paper_file(owner, paper.public_id)
    clean = service.attach(
        owner, pdf(b"(an invoice) Tj", deflated=deflated), PaperTold(kind="invoice"), batch=batch_of(card), at=noon
    )
    assert not clean.has_code


@pytest.mark.parametrize("data", [PDF, b"\x89PNG\r\n\x1a\n receipt of Mr X"])
def test_every_paper_is_sealed_and_comes_back_whole(  # noqa: PLR0917 - fixtures
    owner, agent, world, noon, data, settings
):
    lot = batch_of(world.stock()[0])
    paper = service.attach(owner, data, PaperTold(kind="receipt"), batch=lot, at=noon)
    row = SourceDocument.objects.filter(pk=paper.pk).values().get()
    assert data[8:] not in bytes(row["body_sealed"])
    assert not any(data in path.read_bytes() for path in settings.CARDCASE.files.rglob("*") if path.is_file())
    assert queries.paper_file(agent, paper.public_id)[0] == data


def test_a_pdf_that_inflates_without_end_is_read_only_so_far():
    import zlib

    from cardcase.sourcing.rules.pdftext import LARGEST_TEXT, lines_of

    bomb = b"%PDF-1.7 stream\n" + zlib.compress(b"(x) Tj " * (LARGEST_TEXT // 4)) + b"endstream"
    assert sum(map(len, lines_of(bomb))) < LARGEST_TEXT


def test_one_card_has_a_completeness_of_its_own(owner, world):
    one, two = world.stock(2)
    world.check(one)
    share = {
        card.public_id: next(
            item.share for item in queries.card_completeness(owner, card.public_id).items if item.id == "checked"
        )
        for card in (one, two)
    }
    assert share == {one.public_id: 100, two.public_id: 0}
    checked = next(item for item in queries.completeness(owner, batch_of(one)).items if item.id == "checked")
    assert checked.share == 50


# --- Flags ------------------------------------------------------------------------------------------------------------


def rules_of(flags):
    return {flag.rule for flag in flags}


def test_flags_follow_their_facts_and_keep_their_history(owner, world, noon):
    lot = batch_of(world.stock()[0])
    assert rules_of(service.evaluate_batch(owner, lot, at=noon)) == {"J-no-identity"}
    assert rules_of(service.evaluate_batch(owner, lot, at=noon)) == {"J-no-identity"}
    assert FlagEvent.objects.count() == 1
    name = queries.lot(owner, lot).supplier_id
    told = SupplierTold(legal_name="苹果电脑贸易（上海）有限公司", id_kind="licence", id_number=ID_NUMBER)
    service.change_supplier(owner, name, told, at=noon)
    assert service.evaluate_batch(owner, lot, at=noon) == []
    assert RiskFlag.objects.get().state == "ended"
    assert [event.event for event in FlagEvent.objects.order_by("pk")] == ["raised", "ended"]


def test_a_decided_flag_opens_again_only_when_its_facts_change(owner, world, noon):
    lot = batch_of(world.stock()[0])
    service.set_lot(owner, lot, LotTold(unit_cost_fen=10_000, total_fen=1_200_000), at=noon)
    flag = next(one for one in service.evaluate_batch(owner, lot, at=noon) if one.rule == "L8-real-name")
    service.decide_flag(owner, flag.public_id, "accept", reason="柜台登记过", at=noon)
    assert "L8-real-name" not in rules_of(service.evaluate_batch(owner, lot, at=noon))
    service.set_lot(owner, lot, LotTold(total_fen=1_300_000), at=noon)
    assert "L8-real-name" in rules_of(service.evaluate_batch(owner, lot, at=noon))
    events = FlagEvent.objects.filter(flag=flag).order_by("pk")
    assert [event.event for event in events] == ["raised", "accept", "reopened"]
    assert "柜台登记过" in {event.reason for event in events}


def test_accepting_a_risk_is_the_owners_and_stopping_a_batch_a_leads_too(owner, lead, world, noon):
    card = world.stock()[0]
    lot = batch_of(card)
    [flag] = service.evaluate_batch(owner, lot, at=noon)
    with pytest.raises(NotAllowed):
        service.decide_flag(lead, flag.public_id, "clear", reason="看过", at=noon)
    with pytest.raises(WrongUse):
        service.decide_flag(lead, flag.public_id, "stop", reason=" ", at=noon)
    service.decide_flag(lead, flag.public_id, "stop", reason="先停", at=noon)
    card.refresh_from_db()
    assert card.state == "quarantined"
    with pytest.raises(Refused):
        service.decide_flag(owner, flag.public_id, "clear", reason="看过", at=noon)


def test_flags_name_neither_people_nor_codes(owner, world, noon):
    order = world.order(card=world.stock()[0], total_fen=300_000, paid_fen=300_000)
    service.note_signal(owner, order.public_id, "payer", payer="张 三", at=noon)
    service.note_signal(owner, order.public_id, "payer", payer="李四", at=noon)
    found = {flag.rule: flag for flag in RiskFlag.objects.filter(subject=order.public_id)}
    assert set(found) == {"J-payers", "J-new-buyer"}
    assert found["J-payers"].facts == {"payers": 2}
    assert "张" not in str(list(RiskFlag.objects.values())) + str(list(FlagEvent.objects.values()))


def test_the_shops_own_state_is_one_flag_however_many_orders_it_is_true_of(owner, world, shop, noon):
    Shop.objects.filter(pk=shop.pk).update(is_pro=None)
    orders = [world.order(card=card) for card in world.stock(2)]
    for order in orders:
        service.evaluate_order(owner, order.public_id, at=noon)
    assert RiskFlag.objects.filter(rule="X-individual", state="open").count() == 1
    Shop.objects.filter(pk=shop.pk).update(is_pro=True)
    assert service.evaluate_changed(owner, at=noon) > 0
    assert RiskFlag.objects.get(rule="X-individual").state == "ended"


def test_what_changed_is_asked_again_and_nothing_else(system, owner, world, noon):
    case = world.case("A2")
    assert service.evaluate_changed(system, at=noon) == 2
    assert service.evaluate_changed(system, at=noon) == 0
    cards.mark_redeemed(owner, case.card.public_id, redeemed_at=noon - timedelta(days=3), source="官网", at=noon)
    assert service.evaluate_changed(system, at=noon) == 1
    assert "J-used-then-refund" in {flag.rule for flag in queries.flags(owner)}


def test_a_rule_of_the_shops_own_file_counts(owner, world, noon, settings, tmp_path):
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"data": tmp_path})
    folder = settings.CARDCASE.overrides / "lika"
    folder.mkdir(parents=True, exist_ok=True)
    rule = (datafiles.DATA / "legality.toml").read_text("utf-8")
    head = rule[rule.index("[catalogue]") : rule.index("[[rule]]")]
    own = next(part for part in rule.split("\n\n") if 'id = "J-cheap"' in part).replace("percent = 70", "percent = 99")
    (folder / "legality.toml").write_text(head + own, "utf-8")
    raised = rules_of(service.evaluate_batch(owner, batch_of(world.stock()[0]), at=noon))
    assert "J-cheap" in raised
