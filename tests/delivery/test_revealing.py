from datetime import timedelta

import pytest

from cardcase.cards import service as stockroom
from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardState
from cardcase.connectors.ports import OrderNotice, OrderState, RefundNotice, RefundState
from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.rules import DeliveryState
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.orders.service import ingest_orders, ingest_refunds
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor
from delivery.world import KIND, agreed, given, orders, plain, stock

pytestmark = pytest.mark.django_db


def show(actor, view, at, **more):
    told = {"to": "buyer", "how": "chat", "reason": "发货", **more}
    return service.authorise(actor, view.public_id, at=at, **told)


def code_of(refusal):
    return refusal.value.problem_code


@pytest.fixture
def order(system, noon):
    return orders(system, 1, noon)[0]


def test_a_code_leaves_once_and_is_confirmed(owner, system, order, noon):
    codes = stock(system, 2, noon)
    view = given(system, order, noon, 2)
    shown = show(owner, view, noon)
    assert sorted(plain(shown)) == sorted(codes)
    assert queries.delivery(owner, view.public_id).state is DeliveryState.AUTHORISED
    with pytest.raises(Refused) as second:
        show(owner, view, noon)
    assert code_of(second) == "display_open"
    later = noon + timedelta(minutes=2)
    service.confirm_shown(owner, view.public_id, at=later, message_id="m1")
    service.confirm_shown(owner, view.public_id, at=later + timedelta(minutes=1))
    after = queries.delivery(owner, view.public_id)
    assert (after.state, after.row.displayed_at) == (DeliveryState.SHOWN, later)
    rows = Reveal.objects.visible_to(owner).filter(order=order)
    assert {(row.attempt, row.display, row.displayed_at, row.to) for row in rows} == {(1, "shown", later, "buyer")}
    with pytest.raises(Refused) as third:
        show(owner, view, later)
    assert code_of(third) == "already_shown"
    assert {card.state for card in Card.objects.visible_to(owner)} == {CardState.REVEALED.value}


def test_the_record_says_cleared_then_shown_and_holds_no_code(owner, system, order, noon):
    [code] = stock(system, 1, noon)
    view = given(system, order, noon)
    [shown] = show(owner, view, noon, reason=f"发给买家 {code}")
    service.confirm_shown(owner, view.public_id, at=noon)
    story = custody.history(owner, [shown.card_id])
    assert [item.kind for item in story][-3:] == ["card.reserved", "card.authorised", "card.displayed"]
    assert code not in repr(story)
    assert code not in repr(shown)
    assert code not in Reveal.objects.visible_to(owner).get(order=order).reason


def test_nothing_is_opened_before_the_record_is_committed(owner, system, order, noon, monkeypatch):
    stock(system, 1, noon)
    view = given(system, order, noon)
    at_opening = []

    def opened(card):
        at_opening.append(Reveal.objects.visible_to(owner).get(order=order).display)
        raise RuntimeError("power cut")

    monkeypatch.setattr("cardcase.delivery.service.revealing.cards.opened", opened)
    with pytest.raises(RuntimeError):
        show(owner, view, noon)
    assert at_opening == ["authorised"]
    assert queries.delivery(owner, view.public_id).state is DeliveryState.AUTHORISED


def test_without_its_entry_in_the_record_no_code_leaves(owner, system, order, noon, monkeypatch):
    stock(system, 1, noon)
    view = given(system, order, noon)

    def broken(*_args, **_more):
        raise OSError("disk full")

    monkeypatch.setattr("cardcase.cards.service.giving.custody.append", broken)
    with pytest.raises(OSError, match="disk full"):
        show(owner, view, noon)
    monkeypatch.undo()
    assert not Reveal.objects.visible_to(owner).exists()
    assert queries.delivery(owner, view.public_id).state is DeliveryState.ALLOCATED


def test_an_unconfirmed_display_becomes_a_question_for_a_person(owner, agent, system, order, noon):
    [code] = stock(system, 1, noon)
    view = given(system, order, noon)
    [first] = show(owner, view, noon)
    assert service.note_unconfirmed(system, at=noon + timedelta(minutes=14)) == 0
    late = noon + timedelta(minutes=15)
    assert service.note_unconfirmed(system, at=late) == 1
    assert service.note_unconfirmed(system, at=late) == 0
    assert queries.delivery(owner, view.public_id).state is DeliveryState.UNKNOWN
    with pytest.raises(Refused):
        show(owner, view, late)
    for actor in (agent, system):
        with pytest.raises(NotAllowed):
            service.settle_display(actor, first.reveal_id, was_seen=False, reason="没发出去", at=late)
    with pytest.raises(WrongUse):
        service.settle_display(owner, first.reveal_id, was_seen=False, reason=" ", at=late)
    service.settle_display(owner, first.reveal_id, was_seen=False, reason="浏览器崩了，买家说没收到", at=late)
    with pytest.raises(Refused) as again:
        service.settle_display(owner, first.reveal_id, was_seen=True, reason="x", at=late)
    assert code_of(again) == "display_settled"
    with pytest.raises(Refused) as unsure:
        service.confirm_shown(owner, view.public_id, at=late)
    assert code_of(unsure) == "nothing_to_confirm"
    [second] = show(owner, view, late)
    assert (plain([second]), second.card_id) == ([code], first.card_id)
    attempts = Reveal.objects.visible_to(owner).filter(order=order).order_by("attempt")
    assert [(row.attempt, row.display) for row in attempts] == [(1, "not_shown"), (2, "authorised")]


def test_a_display_that_was_seen_after_all_is_shown(owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    [first] = show(owner, view, noon)
    service.settle_display(owner, first.reveal_id, was_seen=True, reason="聊天里已发", at=noon)
    assert queries.delivery(owner, view.public_id).state is DeliveryState.SHOWN


def test_a_late_word_of_the_page_still_counts(owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    show(owner, view, noon)
    service.note_unconfirmed(system, at=noon + timedelta(minutes=20))
    service.confirm_shown(system, view.public_id, at=noon + timedelta(minutes=21))
    assert queries.delivery(owner, view.public_id).state is DeliveryState.SHOWN


def test_only_the_card_that_nobody_saw_is_cleared_again(owner, system, order, noon):
    stock(system, 2, noon)
    view = given(system, order, noon, 2)
    one, two = show(owner, view, noon)
    service.settle_display(owner, one.reveal_id, was_seen=True, reason="已发", at=noon)
    assert queries.delivery(owner, view.public_id).state is DeliveryState.AUTHORISED
    service.settle_display(owner, two.reveal_id, was_seen=False, reason="漏发", at=noon)
    assert queries.delivery(owner, view.public_id).state is DeliveryState.NOT_SHOWN
    [again] = show(owner, view, noon)
    assert again.card_id == two.card_id


def test_a_resend_is_a_second_row_of_the_same_card_with_a_reason(owner, agent, system, order, noon):
    [code] = stock(system, 3, noon)[:1]
    view = given(system, order, noon)
    with pytest.raises(Refused) as early:
        service.resend(owner, view.public_id, to="buyer", how="chat", reason="x", at=noon)
    assert code_of(early) == "not_shown_yet"
    [first] = show(owner, view, noon)
    service.confirm_shown(owner, view.public_id, at=noon)
    with pytest.raises(NotAllowed):
        service.resend(agent, view.public_id, to="buyer", how="chat", reason="买家说没收到", at=noon)
    with pytest.raises(WrongUse):
        service.resend(owner, view.public_id, to="buyer", how="chat", reason="", at=noon)
    service.block(system, order.pk, why="买家说没收到", ref="case_1", at=noon)
    [again] = service.resend(owner, view.public_id, to="buyer", how="chat", reason="买家说没收到", at=noon)
    assert (plain([again]), again.card_id) == ([code], first.card_id)
    service.confirm_shown(owner, view.public_id, at=noon)
    rows = Reveal.objects.visible_to(owner).filter(order=order).order_by("attempt")
    assert [(row.attempt, row.display) for row in rows] == [(1, "shown"), (2, "shown")]
    assert Card.objects.visible_to(owner).filter(state=CardState.IN_STOCK.value).count() == 2


def test_a_code_is_not_sent_again_once_the_money_went_back(owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    show(owner, view, noon)
    service.confirm_shown(owner, view.public_id, at=noon)
    ingest_orders(
        system,
        [OrderNotice(channel="goofish", order_no=order.order_no, state=OrderState.REFUNDED)],
        at=noon,
    )
    with pytest.raises(Refused) as refusal:
        service.resend(owner, view.public_id, to="buyer", how="chat", reason="x", at=noon)
    assert code_of(refusal) == "stopped_by_order"


def test_no_code_leaves_before_the_buyer_agreed_unless_the_owner_waives(owner, system, order, noon):
    stock(system, 1, noon)
    view = service.allocate(system, order.order_no, KIND, 1, at=noon)
    service.show_terms(system, order, how="chat", at=noon)
    with pytest.raises(Refused) as refusal:
        show(owner, view, noon)
    assert code_of(refusal) == "terms_open"
    service.waive_terms(owner, order, reason="老客户，电话里说过", at=noon)
    assert len(show(owner, view, noon)) == 1


@pytest.mark.parametrize(
    "state", [RefundState.AWAITING_SELLER, RefundState.AWAITING_RETURN, RefundState.SUCCEEDED, RefundState.UNKNOWN]
)
def test_a_refund_that_comes_after_the_allocation_keeps_the_code_in(owner, system, order, noon, state):
    stock(system, 1, noon)
    view = given(system, order, noon)
    notice = RefundNotice(channel="goofish", order_no=order.order_no, refund_no="R1", state=state)
    ingest_refunds(system, [notice], at=noon)
    with pytest.raises(Refused) as refusal:
        show(owner, view, noon)
    assert code_of(refusal) == "stopped_by_order"
    assert Card.objects.visible_to(owner).get().state == CardState.RESERVED.value
    assert queries.delivery(owner, view.public_id).stops


@pytest.mark.parametrize("state", [RefundState.CLOSED, RefundState.REFUSED, RefundState.NONE])
def test_a_refund_that_was_withdrawn_or_refused_lets_the_code_go(owner, system, order, noon, state):
    stock(system, 1, noon)
    view = given(system, order, noon)
    ingest_refunds(
        system, [RefundNotice(channel="goofish", order_no=order.order_no, refund_no="R1", state=state)], at=noon
    )
    assert len(show(owner, view, noon)) == 1


@pytest.mark.parametrize(
    ("on_order", "on_refund", "order_is_later", "goes"),
    [
        (RefundState.AWAITING_SELLER, RefundState.CLOSED, False, True),  # the order's word is stale
        (RefundState.AWAITING_SELLER, RefundState.CLOSED, True, False),  # it was asked for again
        (RefundState.CLOSED, RefundState.AWAITING_SELLER, True, True),  # the refund's row is stale
        (RefundState.CLOSED, RefundState.AWAITING_SELLER, False, False),
        (RefundState.AWAITING_SELLER, RefundState.SUCCEEDED, True, False),
    ],
)
def test_of_two_words_on_one_refund_the_later_counts(  # noqa: PLR0917 - fixtures
    owner, system, order, noon, on_order, on_refund, order_is_later, goes
):
    stock(system, 1, noon)
    view = given(system, order, noon)
    early, late = noon + timedelta(minutes=1), noon + timedelta(minutes=9)
    told = {"channel": "goofish", "order_no": order.order_no}
    word = OrderNotice(
        state=OrderState.AWAITING_DELIVERY,
        paid_at=noon,
        refund_state=on_order,
        updated_at=late if order_is_later else early,
        **told,
    )
    ingest_orders(system, [word], at=noon)
    row = RefundNotice(refund_no="R1", state=on_refund, modified_at=early if order_is_later else late, **told)
    ingest_refunds(system, [row], at=noon)
    if goes:
        assert len(show(owner, view, noon)) == 1
    else:
        with pytest.raises(Refused) as refusal:
            show(owner, view, noon)
        assert code_of(refusal) == "stopped_by_order"


def test_a_block_keeps_the_code_in_until_the_last_one_is_gone(owner, lead, agent, system, order, noon):  # noqa: PLR0917 - fixtures
    stock(system, 1, noon)
    view = given(system, order, noon)
    for ref in ("case_1", "case_2", "case_1"):
        service.block(system, order.pk, why="买家申请退款", ref=ref, at=noon)
    assert [block.ref for block in queries.blocks_of(owner, order.pk)] == ["case_1", "case_2"]
    with pytest.raises(Refused) as refusal:
        show(owner, view, noon)
    assert code_of(refusal) == "blocked"
    assert service.unblock(system, order.pk, ref="case_1", at=noon)
    assert not service.unblock(system, order.pk, ref="case_1", at=noon)
    with pytest.raises(Refused):
        show(owner, view, noon)
    with pytest.raises(NotAllowed):
        service.lift_block(agent, view.public_id, ref="case_2", reason="误会", at=noon)
    service.lift_block(lead, view.public_id, ref="case_2", reason="买家撤销了", at=noon)
    with pytest.raises(NotFound):
        service.lift_block(lead, view.public_id, ref="case_2", reason="x", at=noon)
    assert len(show(owner, view, noon)) == 1
    story = [item.kind for item in custody.history(owner, [view.public_id])]
    assert story.count("delivery.blocked") == story.count("delivery.unblocked") == 2


def test_no_card_is_kept_for_a_blocked_order(system, order, noon):
    stock(system, 1, noon)
    service.block(system, order.pk, why="投诉", ref="case_1", at=noon)
    with pytest.raises(Refused) as refusal:
        service.allocate(system, order.order_no, KIND, 1, at=noon)
    assert code_of(refusal) == "blocked"


def test_the_claim_page_may_show_to_a_paid_order_and_no_other_machine(system, order, noon):
    stock(system, 2, noon)
    view = given(system, order, noon)
    claim = Actor.system(system.shop_id, label="claim")
    for actor, how in ((system, "claim"), (claim, "chat"), (system, "chat")):
        with pytest.raises(NotAllowed):
            show(actor, view, noon, how=how)
    assert len(show(claim, view, noon, how="claim", reason="claim page")) == 1
    service.confirm_shown(claim, view.public_id, at=noon)
    assert queries.delivery(system, view.public_id).state is DeliveryState.SHOWN


def test_the_claim_page_shows_nothing_of_an_order_whose_payment_is_unknown(owner, system, noon):
    stock(system, 1, noon)
    [thin] = orders(system, 1, noon, first=9, state=OrderState.UNKNOWN)
    view = given(system, thin, noon)
    with pytest.raises(Refused) as refusal:
        show(Actor.system(system.shop_id, label="claim"), view, noon, how="claim")
    assert code_of(refusal) == "stopped_by_order"
    assert len(show(owner, view, noon)) == 1


def test_agents_and_auditors_see_no_code(agent, auditor, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    for actor in (agent, auditor):
        with pytest.raises(NotAllowed):
            show(actor, view, noon)


def test_a_kept_card_that_expired_or_was_found_bad_meanwhile_stays_in(owner, system, order, noon):
    stock(system, 1, noon, expires_on=noon.date() + timedelta(days=40))
    view = given(system, order, noon)
    with pytest.raises(Refused) as expired:
        show(owner, view, noon + timedelta(days=42))
    assert code_of(expired) == "card_in_doubt"
    [slot] = view.slots
    stockroom.record_balance_check(owner, slot.card.public_id, method="官网", is_usable=False, at=noon)
    with pytest.raises(Refused) as bad:
        show(owner, view, noon)
    assert code_of(bad) == "card_in_doubt"


def test_a_card_that_was_never_checked_only_warns(owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    assert len(view.warnings) == 1
    assert not view.stops
    assert len(show(owner, view, noon)) == 1


def test_a_shop_may_want_a_new_look_before_each_code_and_the_record_keeps_what_was_seen(owner, system, order, noon):
    Shop.objects.filter(pk=owner.shop_id).update(is_check_required=True)
    stock(system, 1, noon)
    view = given(system, order, noon)
    [slot] = view.slots
    assert (view.unlooked, view.warnings) == ((slot.card.public_id,), ())
    with pytest.raises(Refused) as never:
        show(owner, view, noon)
    assert (code_of(never), never.value.facts["reason"]) == ("check_needed", "never")
    check = stockroom.record_balance_check(owner, slot.card.public_id, method="官网", balance_fen=20_000, at=noon)
    assert check.kind == "before_reveal"
    with pytest.raises(Refused) as stale:
        show(owner, view, noon + timedelta(minutes=16))
    assert stale.value.facts["reason"] == "stale"
    assert len(show(owner, view, noon + timedelta(minutes=15))) == 1
    [entry] = [item for item in custody.history(owner, [slot.card.public_id]) if item.kind == "card.authorised"]
    told = ("check_age_s", "check_method", "balance_fen", "is_usable")
    assert [entry.facts[name] for name in told] == [900, "官网", 20_000, True]


def test_a_card_that_was_found_short_after_it_was_kept_stays_in(owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    stockroom.record_balance_check(owner, view.slots[0].card.public_id, method="官网", balance_fen=19_999, at=noon)
    with pytest.raises(Refused) as short:
        show(owner, view, noon)
    assert code_of(short) == "card_in_doubt"


def test_a_physical_card_shows_no_code(owner, system, order, noon):
    from cardcase.cards.rules import CardKind

    stock(system, 1, noon)
    Card.objects.visible_to(system).update(form="physical")
    agreed(system, order, noon)
    kind = CardKind(KIND.brand, KIND.face_fen, form="physical")
    view = service.allocate(system, order.order_no, kind, 1, at=noon)
    with pytest.raises(Refused) as refusal:
        show(owner, view, noon)
    assert code_of(refusal) == "goes_by_parcel"


def test_another_shop_neither_shows_nor_settles(stranger, owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    with pytest.raises(NotFound):
        show(stranger, view, noon)
    [shown] = show(owner, view, noon)
    with pytest.raises(NotFound):
        service.settle_display(stranger, shown.reveal_id, was_seen=False, reason="x", at=noon)
    with pytest.raises(NotFound):
        service.confirm_shown(stranger, view.public_id, at=noon)
