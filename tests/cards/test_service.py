import itertools
from datetime import timedelta

import pytest

from cardcase.cards import queries, sealing, service
from cardcase.cards.models import Card, CardBatch, ProofFile, Reveal
from cardcase.cards.queries import FailingBatch, StockSum
from cardcase.cards.rules import CardState, IllegalCardMove
from cardcase.connectors.ports import CardNotice, DeliveryNotice, OrderNotice, OrderState, Origin
from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.kit.secret import CardCode
from cardcase.orders import queries as orders
from cardcase.orders.service import Taken, ingest_orders

pytestmark = pytest.mark.django_db

ORDER, OTHER = "2226690000000000001", "2226690000000000002"


def code(number: int) -> CardCode:
    return CardCode(f"K7QM-92XF-LP3D-{number:04d}")


def cards(count: int, **told):
    told = {"brand": "京东E卡", "face_fen": 10_000, **told}
    return [CardNotice(code=code(number), **told) for number in range(count)]


def delivery(number: int, order_no: str = ORDER, **told):
    return DeliveryNotice(channel="goofish", order_no=order_no, code=code(number), **{"sold_type_raw": "11", **told})


def only(actor) -> Card:
    return Card.objects.visible_to(actor).get()


def history(actor, subject):
    return [item.kind for item in custody.history(actor, [subject])]


def test_a_stock_file_is_taken_in_once(system, noon):
    first = service.stock(system, cards(130), batch="11月", at=noon)
    again = service.stock(system, [*cards(130), cards(131)[-1]], batch="11月", at=noon)
    assert first == [Taken.NEW] * 130
    assert again == [Taken.KNOWN] * 130 + [Taken.NEW]
    assert queries.reconcile(system) == queries.Reconciliation(131, 131, 0, 0, 0, 0, 0, 0)
    assert queries.reconcile(system).is_complete


def test_a_code_twice_in_one_file_is_one_card_however_it_is_written(system, noon):
    twins = [CardNotice(code=CardCode("K7QM-92XF-LP3D")), CardNotice(code=CardCode("k7qm92xf lp3d"))]
    assert service.stock(system, twins, batch="b", at=noon) == [Taken.NEW, Taken.KNOWN]


def test_equal_pins_of_different_card_numbers_are_different_cards(system, noon):
    pins = [CardNotice(code=CardCode("482913"), number=number) for number in ("2336880011223344", "2336880011223345")]
    assert service.stock(system, pins, batch="b", at=noon) == [Taken.NEW, Taken.NEW]


def test_the_record_has_a_commitment_to_every_card_and_no_code(system, noon):
    service.stock(system, cards(130), batch="11月", at=noon)
    entries = custody.entries(system, [queries.batch_id(system, "11月")])
    roles = [content.role for entry in entries for content in entry.contents if content.role.startswith("card/")]
    assert sorted(roles) == sorted(f"card/{card.public_id}" for card in Card.objects.visible_to(system))
    kept = b"".join(content.body or b"" for entry in entries for content in entry.contents)
    assert b"LP3D" not in kept
    assert all(content.body is None for entry in entries for content in entry.contents[1:])


def test_no_column_of_a_card_reads_as_its_code(system, noon):
    service.stock(system, [CardNotice(code=code(7), number="2336880011223344")], batch="b", at=noon)
    row = Card.objects.visible_to(system).values().get()
    written = b"|".join(bytes(v) if isinstance(v, (bytes, memoryview)) else str(v).encode() for v in row.values())
    assert b"LP3D" not in written
    assert b"92XF" not in written
    assert b"23368800" not in written


def test_a_batch_needs_a_name_and_an_auditor_brings_no_cards(system, auditor, noon):
    with pytest.raises(WrongUse):
        service.stock(system, cards(1), batch=" ", at=noon)
    with pytest.raises(NotAllowed):
        service.stock(auditor, cards(1), batch="b", at=noon)


def test_a_delivery_binds_a_card_of_the_stock_to_its_order(system, noon):
    service.stock(system, cards(2), batch="b", at=noon)
    ingest_orders(system, [OrderNotice(channel="goofish", order_no=ORDER, delivered_at=noon)], at=noon)
    assert service.record_deliveries(system, [delivery(0)], at=noon) == [Taken.NEW]
    assert service.record_deliveries(system, [delivery(0)], at=noon) == [Taken.KNOWN]
    order = orders.order_by_no(system, ORDER)
    (facts,) = queries.cards_of_order(system, order.pk)
    assert (facts.state, facts.reveal_how, facts.revealed_at) == (CardState.REVEALED, "channel_auto", noon)
    assert (facts.tail4, facts.batch_name, facts.siblings_sold, facts.siblings_failed) == ("0000", "b", 0, 0)
    assert history(system, facts.public_id) == ["card.delivered"]


def test_a_delivery_of_an_unknown_card_to_an_unknown_order_makes_both(system, noon):
    assert service.record_deliveries(system, [delivery(0, cost_fen=9_300)], at=noon) == [Taken.NEW]
    assert only(system).state == CardState.REVEALED
    assert only(system).cost_fen == 9_300
    assert orders.order_by_no(system, ORDER).state == OrderState.UNKNOWN


def test_stock_and_delivery_in_either_order_end_the_same(system, noon):
    from django.db import transaction

    def state_after(steps):
        with transaction.atomic():
            for step in steps:
                step()
            seen = list(
                Card.objects.visible_to(system)
                .order_by("code_index")
                .values_list("state", "brand", "face_fen", "cost_fen", "batch__name", "order__order_no", "number_tail4")
            )
            reveals = Reveal.objects.visible_to(system)
            shown = {
                tuple(row) for row in reveals.values_list("order__order_no", "how", "revealed_at", "card__code_index")
            }
            transaction.set_rollback(True)
        return seen, shown

    steps = [
        lambda: service.stock(system, cards(3, number="JDV00000000000000001"), batch="b", at=noon),
        lambda: service.record_deliveries(system, [delivery(0, delivered_at=noon), delivery(1)], at=noon),
        lambda: service.record_deliveries(system, [delivery(0, OTHER, delivered_at=noon - timedelta(1))], at=noon),
        lambda: service.record_deliveries(system, [delivery(0, cost_fen=93, sold_type_raw="")], at=noon),
    ]
    expected = state_after(steps)
    for shuffled in itertools.permutations(steps):
        assert state_after(shuffled) == expected
        assert state_after([*shuffled, *reversed(shuffled)]) == expected


def test_one_code_delivered_to_two_orders_is_seen(system, noon):
    service.record_deliveries(system, [delivery(0, delivered_at=noon), delivery(0, OTHER)], at=noon)
    for number in (ORDER, OTHER):
        (facts,) = queries.cards_of_order(system, orders.order_by_no(system, number).pk)
        assert facts.delivered_to_orders == 2
    assert only(system).order.order_no == ORDER


def test_a_delivery_does_not_bring_a_quarantined_card_back(system, lead, noon):
    service.stock(system, cards(1), batch="b", at=noon)
    service.quarantine_batch(lead, queries.batch_id(lead, "b"), reason="同批出错", at=noon)
    service.record_deliveries(system, [delivery(0)], at=noon)
    assert only(system).state == CardState.QUARANTINED


class TestShowingACode:
    @pytest.fixture
    def card_id(self, system, noon):
        service.stock(system, cards(1), batch="b", at=noon)
        service.record_deliveries(system, [delivery(0)], at=noon)
        return only(system).public_id

    def test_a_lead_with_a_reason_sees_it_and_the_record_knows(self, lead, card_id, noon):
        shown = service.reveal(lead, card_id, reason="买家说输入错误，核对", order_no=ORDER, at=noon)
        assert shown.expose() == code(0).expose()
        look = Reveal.objects.visible_to(lead).get(to="staff")
        assert (look.by, look.reason, look.how) == (lead.label, "买家说输入错误，核对", "staff_view")
        assert history(lead, card_id)[-1] == "card.revealed"

    def test_the_record_is_there_before_the_value_leaves(self, lead, card_id, noon, monkeypatch):
        def no_power(_card):
            raise OSError("lights out")

        monkeypatch.setattr("cardcase.cards.sealing.open_code", no_power)
        with pytest.raises(OSError, match="lights out"):
            service.reveal(lead, card_id, reason="核对", at=noon)
        assert history(lead, card_id)[-1] == "card.revealed"

    @pytest.mark.django_db(transaction=True)
    def test_it_cannot_be_undone_by_a_transaction_around_it(self, lead, card_id, noon):
        from django.db import transaction

        with pytest.raises(RuntimeError), transaction.atomic():
            service.reveal(lead, card_id, reason="核对", at=noon)

    def test_no_reason_no_code(self, lead, card_id, noon):
        with pytest.raises(WrongUse):
            service.reveal(lead, card_id, reason="  ", at=noon)

    def test_agents_auditors_and_machines_do_not_see_it(self, agent, auditor, system, card_id, noon):
        for actor in (agent, auditor, system):
            with pytest.raises(NotAllowed):
                service.reveal(actor, card_id, reason="核对", at=noon)

    def test_a_stranger_does_not_even_learn_that_it_exists(self, stranger, card_id, noon):
        with pytest.raises(NotFound):
            service.reveal(stranger, card_id, reason="核对", at=noon)

    def test_it_is_not_shown_for_another_order(self, lead, system, card_id, noon):
        ingest_orders(system, [OrderNotice(channel="goofish", order_no=OTHER)], at=noon)
        with pytest.raises(Refused):
            service.reveal(lead, card_id, reason="补发", order_no=OTHER, at=noon)
        with pytest.raises(WrongUse):
            service.reveal(lead, card_id, reason="补发", order_no="2226690000000000009", at=noon)

    def test_a_voided_or_redeemed_card_is_not_shown(self, lead, card_id, noon):
        service.void_card(lead, card_id, reason="发卡方作废", proof=b"ticket 1", at=noon)
        with pytest.raises(IllegalCardMove):
            service.reveal(lead, card_id, reason="核对", at=noon)


def test_voiding_needs_proof_and_a_delivered_card(system, lead, agent, noon):
    service.stock(system, cards(1), batch="b", at=noon)
    card_id = only(system).public_id
    with pytest.raises(IllegalCardMove):
        service.void_card(lead, card_id, reason="发卡方作废", proof=b"ticket", at=noon)
    service.record_deliveries(system, [delivery(0)], at=noon)
    with pytest.raises(WrongUse):
        service.void_card(lead, card_id, reason="发卡方作废", proof=b"", at=noon)
    with pytest.raises(NotAllowed):
        service.void_card(agent, card_id, reason="发卡方作废", proof=b"ticket", at=noon)
    service.void_card(lead, card_id, reason="发卡方作废", proof=b"ticket", at=noon)
    assert only(system).state == CardState.VOIDED


def test_a_quarantined_batch_sells_nothing_more_and_a_checked_card_comes_back(system, owner, lead, noon):
    service.stock(system, cards(4), batch="b", at=noon)
    service.record_deliveries(system, [delivery(0)], at=noon)
    batch = queries.batch_id(lead, "b")
    assert service.quarantine_batch(lead, batch, reason="两张被报已使用", at=noon) == 3
    books = queries.reconcile(lead)
    assert (books.quarantined, books.delivered, books.unused) == (3, 1, 0)
    assert books.is_complete
    held = Card.objects.visible_to(lead).filter(state=CardState.QUARANTINED).first().public_id
    with pytest.raises(Refused) as refusal:
        service.readmit(owner, held, reason="复查正常", at=noon)
    assert refusal.value.problem_code == "check_needed"
    service.record_balance_check(lead, held, method="issuer_site", balance_fen=10_000, is_usable=True, at=noon)
    with pytest.raises(NotAllowed):
        service.readmit(lead, held, reason="复查正常", at=noon)
    service.readmit(owner, held, reason="复查正常", at=noon)
    other = Card.objects.visible_to(lead).filter(state=CardState.QUARANTINED).first().public_id
    service.write_off(owner, other, reason="查不到余额", at=noon)
    books = queries.reconcile(lead)
    assert (books.unused, books.quarantined, books.written_off) == (1, 1, 1)
    assert history(lead, held) == ["card.checked", "card.readmitted"]


def test_siblings_and_checks_are_counted_for_the_case(system, agent, noon):
    service.stock(system, cards(5), batch="b", at=noon, supplier="老张")
    service.record_deliveries(
        system, [delivery(n, f"222669000000000010{n}", delivered_at=noon) for n in range(4)], at=noon
    )
    ids = {card.tail4: card.public_id for card in Card.objects.visible_to(system)}
    early = noon - timedelta(hours=1)
    service.record_balance_check(
        agent, ids["0000"], method="issuer_site", balance_fen=10_000, is_usable=True, checked_at=early, at=noon
    )
    service.record_balance_check(agent, ids["0001"], method="buyer_screenshot", is_usable=False, at=noon)
    order = orders.order_by_no(system, "2226690000000000100")
    (facts,) = queries.cards_of_order(system, order.pk)
    assert (facts.siblings_sold, facts.siblings_failed) == (3, 1)
    assert (facts.last_check_at, facts.last_check_usable, facts.last_check_balance_fen) == (early, True, 10_000)
    assert facts.checked_before_reveal
    assert (facts.supplier_name, facts.supplier_channel, facts.has_proof) == ("老张", "unknown", False)


def test_a_check_in_the_future_or_without_a_finding_is_refused(system, agent, noon):
    service.stock(system, cards(1), batch="b", at=noon)
    card_id = only(system).public_id
    with pytest.raises(WrongUse):
        service.record_balance_check(agent, card_id, method="issuer_site", at=noon)
    later = noon + timedelta(minutes=1)
    with pytest.raises(WrongUse):
        service.record_balance_check(agent, card_id, method="x", is_usable=True, checked_at=later, at=noon)


def test_a_batch_learns_where_it_came_from_and_keeps_the_invoice(system, lead, agent, noon):
    from cardcase.custody import files

    service.stock(system, cards(2), batch="b", at=noon)
    batch = queries.batch_id(lead, "b")
    told = {"supplier": "京东企业购", "channel": "issuer_direct", "acquired_on": noon.date(), "unit_cost_fen": 9_600}
    service.set_provenance(lead, batch, **told, proof="发票".encode(), proof_note="电子发票", at=noon)
    service.set_provenance(lead, batch, claim_until=noon.date(), at=noon)
    lot = CardBatch.objects.visible_to(lead).get()
    kept = ProofFile.objects.visible_to(lead).get(subject=lot.public_id, sha256=lot.proof_sha256)
    assert (kept.size, files.path_of(lot.proof_sha256).exists()) == (len("发票".encode()), False)
    (row,) = queries.batches_page(lead)
    assert (row.supplier_name, row.supplier_channel, row.has_proof, row.cost_fen) == (
        "京东企业购",
        "issuer_direct",
        True,
        19_200,
    )
    with pytest.raises(NotAllowed):
        service.set_provenance(agent, batch, at=noon)
    with pytest.raises(WrongUse):
        service.set_provenance(lead, batch, supplier="x", channel="friend", at=noon)


class TestReplacingACard:
    @pytest.fixture
    def bad(self, system, noon):
        service.stock(system, cards(2), batch="b", at=noon)
        service.stock(system, [CardNotice(code=code(9), brand="京东E卡", face_fen=20_000)], batch="c", at=noon)
        service.record_deliveries(system, [delivery(0)], at=noon)
        return Card.objects.visible_to(system).get(state=CardState.REVEALED).public_id

    def test_an_equal_card_is_kept_for_one_order(self, lead, bad, noon):
        assert queries.stock_of_equal_value(lead, bad) == 1
        kept = service.reserve_equal(lead, bad, order_no=ORDER, at=noon)
        assert queries.stock_of_equal_value(lead, bad) == 0
        with pytest.raises(Refused) as refusal:
            service.reserve_equal(lead, bad, order_no=ORDER, at=noon)
        assert refusal.value.problem_code == "out_of_stock"
        assert history(lead, kept) == ["card.reserved"]

    def test_a_card_that_was_not_needed_goes_back(self, lead, bad, noon):
        kept = service.reserve_equal(lead, bad, order_no=ORDER, at=noon)
        service.release(lead, kept, reason="买家撤诉", at=noon)
        assert queries.stock_of_equal_value(lead, bad) == 1
        assert Card.objects.visible_to(lead).get(public_id=kept).order is None

    def test_an_expired_card_replaces_nothing(self, system, lead, bad, noon):
        Card.objects.visible_to(lead).update(expires_on=(noon - timedelta(1)).date())
        assert queries.stock_of_equal_value(lead, bad) == 0


def test_the_pages_show_no_code_and_only_the_own_shop(system, lead, stranger, noon):
    service.stock(system, cards(5), batch="b", at=noon)
    page = queries.stock_page(lead, limit=3)
    rest = queries.stock_page(lead, limit=3, after=page.after)
    assert (len(page.rows), len(rest.rows), rest.after) == (3, 2, None)
    assert {row.masked for row in (*page.rows, *rest.rows)} == {f"‥{n:04d}" for n in range(5)}
    assert queries.stock_page(stranger).rows == ()
    assert queries.stock_page(lead, brand="京东E卡", state="in_stock").rows
    assert queries.stock_page(lead, state="revealed").rows == ()
    (total,) = queries.stock_summary(lead)
    assert (total.brand, total.face_fen, total.unused, total.sold) == ("京东E卡", 10_000, 5, 0)
    life = queries.card_life(lead, page.rows[0].public_id)
    assert (life.masked, life.equal_in_stock, life.reveals) == (page.rows[0].masked, 4, ())
    with pytest.raises(NotFound):
        queries.card_life(stranger, page.rows[0].public_id)


def test_the_stock_is_summed_by_brand_and_face_value_the_largest_first(system, lead, stranger, noon):
    service.stock(system, cards(9), batch="b", at=noon)
    states = ["revealed", "redeemed", "voided", "returned", "reserved", "quarantined", "written_off", "checked"]
    for card, state in zip(Card.objects.order_by("pk"), states, strict=False):
        Card.objects.filter(pk=card.pk).update(state=state)
    more = [CardNotice(code=code(number), brand="", face_fen=None) for number in range(100, 103)]
    service.stock(system, more, batch="b", at=noon)
    assert queries.stock_summary(lead) == [
        StockSum("", "", None, unused=3, reserved=0, sold=0, quarantined=0),
        StockSum("京东E卡", "", 10_000, unused=2, reserved=1, sold=4, quarantined=1),
    ]
    assert queries.stock_summary(stranger) == []


def test_a_batch_that_fails_while_it_is_sold_is_watched_until_somebody_holds_it_back(
    system, lead, stranger, noon, django_assert_num_queries
):
    service.stock(system, cards(4), batch="good", at=noon)
    service.stock(system, [CardNotice(code=code(number)) for number in range(10, 15)], batch="bad", at=noon)
    assert queries.failing_batches(lead) == []
    voided, unusable, sold = Card.objects.filter(batch__name="bad").order_by("pk")[:3]
    Card.objects.filter(pk=voided.pk).update(state="voided")
    Card.objects.filter(pk=sold.pk).update(state="revealed")
    for _ in range(2):  # found twice, and still one card
        service.record_balance_check(lead, unusable.public_id, method="issuer_site", is_usable=False, at=noon)
    with django_assert_num_queries(1):
        assert queries.failing_batches(lead) == [FailingBatch("bad", failed=2, unused=3)]
    (row,) = (row for row in queries.batches_page(lead) if row.failed)
    assert (row.name, row.failed, row.unused) == ("bad", 2, 3), "the page of batches says the same"
    assert queries.failing_batches(stranger) == []
    service.stock(system, [CardNotice(code=code(20))], batch="newer", at=noon)
    assert queries.failing_batches(lead, among=1) == []
    service.quarantine_batch(lead, queries.batch_id(lead, "bad"), reason="查一查", at=noon)
    assert queries.failing_batches(lead) == []


def test_reasons_and_notes_never_keep_a_code(system, lead, noon):
    plain = code(0).expose()
    notes = [CardNotice(code=code(0), note=f"预告 {plain[:4]} {plain}"), CardNotice(code=code(1), note="地区:美区")]
    service.stock(system, notes, batch="b", at=noon)
    service.record_deliveries(system, [delivery(0)], at=noon)
    card_id = Card.objects.visible_to(lead).get(state=CardState.REVEALED).public_id
    service.reveal(lead, card_id, reason=f"买家发来 {plain} 说无效", at=noon)
    service.record_balance_check(lead, card_id, method="issuer_site", is_usable=True, note=plain, at=noon)
    assert Reveal.objects.visible_to(lead).get(to="staff").reason == "买家发来 ‥0000 说无效"
    assert set(Card.objects.visible_to(lead).values_list("note", flat=True)) == {"", "地区:美区"}
    told = str([item.facts for item in custody.history(lead, [card_id])])
    assert "92XF" not in told


def test_the_source_of_a_card_stays_with_it(system, noon):
    service.stock(system, [CardNotice(code=code(0), origin=Origin("cards.txt", "", 12))], batch="b", at=noon)
    assert (only(system).source_file, only(system).source_row) == ("cards.txt", 12)


def _told(count, start=0):
    return [
        CardNotice(code=CardCode(f"XQ7R4KT2M9ZP{start + n:04d}"), brand="苹果", face_fen=20_000) for n in range(count)
    ]


def test_cards_that_were_sealed_before_are_written_as_they_are_and_open(system, noon):
    account = queries.arrival(system)
    staged = service.stage(system, _told(3), at=noon, account=account)
    assert Card.objects.visible_to(system).count() == 0
    assert service.stock(system, _told(3), batch="b", at=noon, account=account, staged=staged) == [Taken.NEW] * 3
    rows = Card.objects.visible_to(system).order_by("pk")
    assert [sealing.open_code(row).expose() for row in rows] == [one.code.expose() for one in _told(3)]
    assert {row.public_id for row in rows} == {row.public_id for row in staged.rows.values()}
    assert (rows[0].brand, rows[0].batch.name, rows[0].face_fen) == ("苹果", "b", 20_000)
    assert sum(account.kinds.values()) == 3
    assert not account.has_doubles


def test_a_card_that_somebody_else_brought_meanwhile_is_known_and_stays_theirs(system, noon):
    account = queries.arrival(system)
    staged = service.stage(system, _told(2), at=noon, account=account)
    service.stock(system, _told(1), batch="other", at=noon)
    taken = service.stock(system, _told(2), batch="b", at=noon, account=account, staged=staged)
    assert taken == [Taken.KNOWN, Taken.NEW]
    assert account.has_doubles
    assert [row.batch.name for row in Card.objects.visible_to(system).order_by("pk")] == ["other", "b"]


def test_what_was_sealed_under_a_key_that_left_meanwhile_is_sealed_anew(owner, system, noon):
    account = queries.arrival(system)
    staged = service.stage(system, _told(2), at=noon, account=account)
    turned = service.rotate(owner, (), at=noon)
    assert turned.is_new
    service.stock(system, _told(2), batch="b", at=noon, account=account, staged=staged)
    for row, told in zip(Card.objects.visible_to(system).order_by("pk"), _told(2), strict=True):
        assert row.key_version == turned.version
        assert sealing.open_code(row).expose() == told.code.expose()
        assert (row.brand, row.face_fen) == ("苹果", 20_000)
