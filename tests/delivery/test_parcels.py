"""Physical cards on their way: step after step, linked, held against what is on file, and no secret anywhere."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from cardcase.cards import queries as cards
from cardcase.cards import service as stockroom
from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardState
from cardcase.connectors.ports import OrderNotice, OrderState
from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.models import Delivery, ParcelFile, ParcelSerial, ParcelStep
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules.parcels import Clash, Match, Outcome, StepName, StepTold
from cardcase.kit.errors import NotAllowed, NotFound, Problem, Refused, WrongUse
from cardcase.orders.models import Order
from cardcase.orders.service import ingest_orders
from cardcase.policies.models import PolicyVersion
from delivery.parcels_world import JPEG, MP4, WAYBILL, File, boxed, go, media, serial, through
from delivery.world import agreed, code

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def code_of(refusal):
    return refusal.value.problem_code


@pytest.fixture
def view(system, noon):
    return boxed(system, noon)


def state_of(view):
    return DeliveryState(Delivery.objects.get(public_id=view.public_id).state)


def card_of(view):
    return Card.objects.get(public_id=view.slots[0].card.public_id)


def test_a_card_goes_out_and_comes_back_as_one_chain(owner, agent, view, noon):
    chain = through(agent, view, "inspected", noon)
    assert [step.name for step in chain.steps] == list(StepName)
    assert [step.previous for step in chain.steps] == ["", *(step.public_id for step in chain.steps[:-1])]
    assert chain.contradictions == ()
    assert not any(step.lacks for step in chain.steps)
    assert chain.outcome is Outcome.INTACT
    assert chain.following == ()
    assert (state_of(view), card_of(view).state) == (DeliveryState.SIGNED, CardState.REVEALED.value)
    service.take_back_cards(owner, view.public_id, at=noon + 8 * HOUR)
    assert card_of(view).state == CardState.RETURNED.value
    assert cards.audit(owner) == []


def test_the_record_names_each_step_the_one_before_and_its_files(owner, view, noon):
    chain = through(owner, view, "unboxed", noon)
    story = custody.history(owner, [chain.steps[0].parcel])
    assert [item.kind for item in story] == ["parcel.packed", "parcel.shipped", "parcel.signed", "parcel.unboxed"]
    packed, shipped, *_ = story
    before = shipped.facts["previous"]
    assert before["parcel"] == chain.steps[0].parcel
    assert before["chain_sha256"] == packed.facts["chain_sha256"] == chain.steps[0].chain_sha256
    assert before["files"] == [file["sha256"] for file in packed.facts["files"]]
    assert [file["role"] for file in packed.facts["files"]] == ["front", "back", "video"]
    assert packed.facts["serials"][0]["match"] == "same"


def test_shipping_moves_the_card_and_signing_lets_the_buyer_have_it(agent, view, noon):
    go(agent, view, "packed", noon)
    assert card_of(view).state == CardState.RESERVED.value
    go(agent, view, "shipped", noon + HOUR)
    assert card_of(view).state == CardState.REVEALED.value
    assert not Reveal.objects.exists()
    assert Delivery.objects.get().state == "shipped"
    assert cards.audit(agent) == []
    assert [row.public_id for row in queries.open_deliveries(agent)] == [view.public_id]
    go(agent, view, "signed", noon + 9 * HOUR)
    reveal = Reveal.objects.get()
    assert (reveal.how, reveal.to, reveal.revealed_at) == ("parcel", "buyer", noon + 9 * HOUR)
    assert queries.open_deliveries(agent) == []
    assert [row.state for row in queries.recent_deliveries(agent)] == [DeliveryState.SIGNED]
    with pytest.raises(Refused) as gone:
        service.cancel(agent, view.public_id, reason="x", at=noon)
    assert code_of(gone) == "given_out"


def test_no_code_is_shown_of_a_card_that_was_shipped(owner, view, noon):
    through(owner, view, "signed", noon)
    for verb in (service.authorise,):
        with pytest.raises(Refused) as refusal:
            verb(owner, view.public_id, to="buyer", how="chat", reason="x", at=noon)
        assert code_of(refusal) == "goes_by_parcel"


@pytest.mark.parametrize("name", [name for name in StepName if name is not StepName.PACKED])
def test_a_step_waits_for_the_one_before(agent, view, noon, name):
    with pytest.raises(Refused) as refusal:
        go(agent, view, name.value, noon)
    assert code_of(refusal) == "step_out_of_turn"
    assert not ParcelStep.objects.exists()


def test_the_wrong_card_is_not_packed(agent, view, noon):
    with pytest.raises(Refused) as refusal:
        go(agent, view, "packed", noon, serials=("8888777766665555",))
    assert code_of(refusal) == "serial_differs"
    for serials in ((), (serial(0), serial(1))):
        with pytest.raises(WrongUse) as count:
            go(agent, view, "packed", noon, serials=serials)
        assert code_of(count) == "serials_missing"
    assert not ParcelStep.objects.exists()


def test_the_secret_is_not_taken_for_the_serial_and_never_repeated(agent, view, noon):
    with pytest.raises(Refused) as refusal:
        go(agent, view, "packed", noon, serials=(code(0),))
    assert code_of(refusal) == "secret_not_serial"
    assert code(0) not in str(refusal.value) + repr(refusal.value.facts)
    for field in ("who", "note"):
        chain = None
        try:
            chain = go(agent, view, "packed", noon, **{field: f"卡密 {code(0)}", "reason": "更正"})
        except Problem as problem:
            pytest.fail(str(problem))
        assert code(0) not in repr(chain)
    with pytest.raises(WrongUse) as waybill:
        go(agent, view, "shipped", noon, waybill_no=code(0))
    assert code_of(waybill) == "bad_waybill"


def test_several_cards_are_read_in_any_order(agent, system, noon):
    view = boxed(system, noon, 3)
    chain = go(agent, view, "packed", noon, serials=(serial(2), serial(0), serial(1)))
    assert {one.match for one in chain.steps[0].serials} == {Match.SAME}
    assert {one.card for one in chain.steps[0].serials} == {slot.card.public_id for slot in view.slots}


def test_a_card_without_a_number_on_file_is_known_by_what_was_read_while_packing(agent, view, noon):
    Card.objects.update(number_index="", code_index="0" * 64)
    chain = go(agent, view, "packed", noon)
    assert chain.steps[0].serials[0].match is Match.NONE_ON_FILE
    assert [text.zh for text in chain.steps[0].lacks] == ["卡库里的卡号，无从比对"]
    for name in ("shipped", "announced", "received"):
        go(agent, view, name, noon)
    assert go(agent, view, "inspected", noon).outcome is Outcome.INTACT


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({}, Outcome.INTACT),
        ({"is_scratch_intact": False}, Outcome.USED),
        ({"is_scratch_intact": None}, Outcome.UNCLEAR),
        ({"serials": ("7777666655554444",)}, Outcome.SWITCHED),
        ({"is_empty": True}, Outcome.EMPTY),
    ],
)
def test_an_inspection_says_what_came_back(owner, view, noon, told, wanted):
    chain = through(owner, view, "inspected", noon, **told)
    assert chain.outcome is wanted
    clashes = {one.clash for one in chain.contradictions}
    assert clashes == ({Clash.SERIAL} if wanted is Outcome.SWITCHED else set())
    if wanted is not Outcome.INTACT:
        with pytest.raises(Refused) as refusal:
            service.take_back_cards(owner, view.public_id, at=noon)
        assert code_of(refusal) == "return_not_intact"
        assert card_of(view).state == CardState.REVEALED.value


def test_taking_back_is_for_who_manages_cards(agent, view, noon):
    through(agent, view, "inspected", noon)
    with pytest.raises(NotAllowed):
        service.take_back_cards(agent, view.public_id, at=noon)


# --- What stops a parcel ----------------------------------------------------------------------------------------------


def test_a_refund_asked_for_before_shipping_stops_the_parcel(agent, system, view, noon):
    go(agent, view, "packed", noon)
    order = Order.objects.get()
    ingest_orders(system, [OrderNotice(channel="goofish", order_no=order.order_no, state=OrderState.REFUNDED)], at=noon)
    with pytest.raises(Refused) as refusal:
        go(agent, view, "shipped", noon)
    assert code_of(refusal) == "stopped_by_order"
    assert card_of(view).state == CardState.RESERVED.value


def test_an_open_complaint_stops_the_parcel_until_it_is_lifted(agent, owner, view, noon):
    go(agent, view, "packed", noon)
    service.block(agent, Order.objects.get().pk, why="买家说要退", ref="person", at=noon)
    with pytest.raises(Refused) as refusal:
        go(agent, view, "shipped", noon)
    assert code_of(refusal) == "blocked"
    service.lift_block(owner, view.public_id, ref="person", reason="误会", at=noon)
    go(agent, view, "shipped", noon)
    assert state_of(view) is DeliveryState.SHIPPED


def test_terms_are_asked_for_where_the_shop_has_a_policy_only(agent, owner, view, noon):
    go(agent, view, "packed", noon)
    assert queries.delivery(agent, view.public_id).stops == ()
    PolicyVersion.objects.create(
        shop_id=owner.shop_id, version=1, text="未刮开可退", effective_from=noon - timedelta(days=9)
    )
    with pytest.raises(Refused) as refusal:
        go(agent, view, "shipped", noon)
    assert code_of(refusal) == "terms_open"
    agreed(owner, Order.objects.get(), noon)
    go(agent, view, "shipped", noon)
    assert state_of(view) is DeliveryState.SHIPPED


def test_a_batch_in_quarantine_stops_it_and_an_exchanged_card_is_packed_again(agent, owner, system, view, noon):
    go(agent, view, "packed", noon)
    stockroom.quarantine_batch(owner, cards.batch_id(owner, "b"), reason="可疑", at=noon)
    with pytest.raises(Refused) as doubtful:
        go(agent, view, "shipped", noon)
    assert code_of(doubtful) == "card_in_doubt"
    from delivery.world import stock

    stock(system, 1, noon, first=50, batch="c")
    Card.objects.filter(batch__name="c").update(form="physical")
    service.allocate(agent, view.row.order_no, at=noon)
    with pytest.raises(Refused) as other:
        go(agent, view, "shipped", noon)
    assert code_of(other) == "pack_again"
    go(agent, view, "packed", noon, serials=(code(50),), reason="换了一张")
    go(agent, view, "shipped", noon)
    assert state_of(view) is DeliveryState.SHIPPED


def test_a_delivery_of_codes_has_no_parcel_and_another_shop_none_of_ours(agent, stranger, system, view, noon):
    with pytest.raises(NotFound):
        go(stranger, view, "packed", noon)
    with pytest.raises(NotFound):
        queries.parcels(stranger, view.public_id)
    Delivery.objects.update(form="code")
    with pytest.raises(Refused) as refusal:
        go(agent, view, "packed", noon)
    assert code_of(refusal) == "not_a_parcel"
    assert queries.parcels_of(agent, [view.order_id]) == {}


def test_an_auditor_reads_the_chain_and_notes_nothing(auditor, agent, view, noon):
    go(agent, view, "packed", noon)
    assert [step.name for step in queries.parcels(auditor, view.public_id).last.steps] == [StepName.PACKED]
    with pytest.raises(NotAllowed):
        go(auditor, view, "shipped", noon)


# --- Corrections and what does not fit --------------------------------------------------------------------------------


def test_the_last_step_can_be_told_anew_with_a_reason_and_the_old_one_stays(agent, view, noon):
    go(agent, view, "packed", noon)
    go(agent, view, "shipped", noon, waybill_no="SF1111111111")
    with pytest.raises(Refused) as silent:
        go(agent, view, "shipped", noon)
    assert code_of(silent) == "step_on_record"
    chain = go(agent, view, "shipped", noon, files={}, reason="抄错一位")
    shipped = chain.step(StepName.SHIPPED)
    assert (shipped.facts.waybill_no, shipped.replaced, len(shipped.files)) == (WAYBILL, 1, 1)
    assert ParcelStep.objects.filter(name="shipped").count() == 2
    assert chain.contradictions == ()
    with pytest.raises(Refused) as late:
        go(agent, view, "packed", noon, reason="想起来了")
    assert code_of(late) == "step_on_record"


def test_a_corrected_signature_moves_the_moment_of_delivery(agent, view, noon):
    through(agent, view, "signed", noon)
    go(agent, view, "signed", noon + 9 * HOUR, happened_at=noon + 5 * HOUR, reason="看错日期")
    assert Reveal.objects.get().revealed_at == noon + 5 * HOUR


def test_what_does_not_fit_is_told_at_its_step(agent, view, noon):
    go(agent, view, "packed", noon)
    go(agent, view, "shipped", noon + HOUR, weight_g=90)
    go(agent, view, "signed", noon + 3 * HOUR, happened_at=noon)
    chain = go(agent, view, "unboxed", noon + 4 * HOUR, is_tape_intact=False, waybill_no="SF0000000000")
    told = {(one.clash, one.step) for one in chain.contradictions}
    assert told == {
        (Clash.WEIGHT, StepName.SHIPPED),
        (Clash.TIMES, StepName.SIGNED),
        (Clash.TAPE, StepName.UNBOXED),
        (Clash.WAYBILL, StepName.UNBOXED),
    }


@pytest.mark.parametrize(
    "change", [{"weight_g": 1}, {"noted_by": "x"}, {"chain_sha256": "0" * 64}, {"waybill_no": "X"}]
)
def test_a_row_that_was_changed_behind_our_back_breaks_the_chain(agent, view, noon, change):
    through(agent, view, "signed", noon)
    ParcelStep.objects.filter(name="shipped").update(**change)
    chain = queries.parcels(agent, view.public_id).last
    assert chain.is_intact is ("noted_by" in change)  # who noted it stands in the record, not in the hash
    ParcelFile.objects.filter(step__name="packed").first().delete()
    assert not queries.parcels(agent, view.public_id).last.is_intact


@pytest.mark.parametrize(
    ("name", "told", "problem"),
    [
        ("packed", {"weight_g": 0}, "bad_weight"),
        ("packed", {"weight_g": 30_001}, "bad_weight"),
        ("packed", {"carrier": "顺丰"}, "bad_step"),
        ("packed", {"is_uncut": False}, "bad_step"),
        ("shipped", {"waybill_no": ""}, "bad_waybill"),
        ("shipped", {"waybill_no": "短"}, "bad_waybill"),
        ("shipped", {"carrier": " "}, "bad_step"),
        ("announced", {"waybill_no": ""}, "bad_waybill"),
        ("inspected", {"is_empty": True, "serials": (serial(0),)}, "serials_missing"),
        ("inspected", {"serials": ()}, "serials_missing"),
        ("inspected", {"serials": (serial(0), serial(0))}, "serials_missing"),
    ],
)
def test_what_is_missing_or_impossible_is_refused_before_anything_is_written(  # noqa: PLR0917
    agent, view, noon, name, told, problem
):
    before = list(StepName)[: list(StepName).index(name)]
    for step in before:
        go(agent, view, step.value, noon)
    with pytest.raises(WrongUse) as refusal:
        go(agent, view, name, noon, **told)
    assert code_of(refusal) == problem
    assert ParcelStep.objects.count() == len(before)


def test_a_moment_in_the_future_is_refused(agent, view, noon):
    with pytest.raises(WrongUse):
        go(agent, view, "packed", noon, happened_at=noon + HOUR)
    with pytest.raises(NotFound):
        service.note_step(agent, view.public_id, "dance", StepTold(), {}, at=noon)


# --- Files ------------------------------------------------------------------------------------------------------------


def test_files_lie_encrypted_and_come_back_byte_for_byte(owner, view, noon):
    film = MP4 + bytes(range(256)) * 12_000  # over three frames
    files = {**media("front", "back"), "video": File(film, piece=70_001)}
    chain = go(owner, view, "packed", noon, files=files)
    kept = {file.role.value: file for file in chain.steps[0].files}
    assert (kept["video"].size, kept["video"].mime) == (len(film), "video/mp4")
    opened = service.open_file(owner, view.public_id, kept["video"].public_id, reason="买家说换过", at=noon)
    assert b"".join(opened.pieces) == film
    assert opened.name == "packed-video.mp4"
    photo = service.open_file(owner, view.public_id, kept["front"].public_id, reason="看编号", at=noon)
    assert b"".join(photo.pieces) == JPEG
    for row in ParcelFile.objects.all():
        path = Path(settings.CARDCASE.files) / row.sealed_sha256[:2] / row.sealed_sha256
        raw = path.read_bytes()
        assert JPEG[:40] not in raw
        assert MP4[:40] not in raw
    [story] = [one for one in custody.history(owner, [chain.steps[0].parcel]) if one.kind == "parcel.file_opened"][:1]
    assert story.facts["reason"] == "买家说换过"


def test_a_file_is_opened_by_people_with_the_right_only_and_with_a_reason(  # noqa: PLR0917
    owner, agent, auditor, stranger, view, noon
):
    file = go(agent, view, "packed", noon).steps[0].files[0].public_id
    for actor, refusal in ((agent, NotAllowed), (auditor, NotAllowed), (stranger, NotFound)):
        with pytest.raises(refusal):
            service.open_file(actor, view.public_id, file, reason="看", at=noon)
    with pytest.raises(WrongUse):
        service.open_file(owner, view.public_id, file, reason=" ", at=noon)


def test_a_frame_that_was_left_out_or_changed_is_noticed(owner, view, noon):
    from cardcase.cards.vault import SealBroken

    film = MP4 + bytes(3_000_000)
    chain = go(owner, view, "packed", noon, files={"video": File(film)})
    row = ParcelFile.objects.get()
    path = Path(settings.CARDCASE.files) / row.sealed_sha256[:2] / row.sealed_sha256
    whole = path.read_bytes()
    frame = 1024 * 1024 + 16
    for broken in (whole[:frame], whole[frame:], whole[:-1], whole[frame : 2 * frame] + whole[:frame]):
        path.chmod(0o600)
        path.write_bytes(broken)
        opened = service.open_file(owner, view.public_id, chain.steps[0].files[0].public_id, reason="x", at=noon)
        with pytest.raises(SealBroken):
            b"".join(opened.pieces)


@pytest.mark.parametrize(
    ("role", "data"),
    [("front", MP4), ("video", JPEG), ("front", b"%PDF-1.7"), ("front", b""), ("back", b"<svg>"), ("receipt", JPEG)],
)
def test_a_file_of_another_kind_is_refused_and_nothing_is_kept(agent, view, noon, role, data):
    with pytest.raises(WrongUse) as refusal:
        go(agent, view, "packed", noon, files={role: File(data)})
    assert code_of(refusal) == "bad_media"
    assert not ParcelStep.objects.exists()
    assert not list(Path(settings.CARDCASE.files).glob(".incoming*"))


def test_a_video_that_is_too_large_is_refused_while_it_comes(agent, view, noon):
    sent = []

    class Endless:
        def chunks(self):
            yield MP4
            while len(sent) < 400:
                sent.append(1)
                yield bytes(1024 * 1024)

    with pytest.raises(WrongUse) as refusal:
        go(agent, view, "packed", noon, files={"video": Endless()})
    assert code_of(refusal) == "media_too_large"
    assert len(sent) <= settings.CARDCASE.parcel_video_mb + 1


# --- No secret anywhere -----------------------------------------------------------------------------------------------


def test_no_serial_number_or_secret_stands_in_rows_record_or_logs(owner, view, noon, caplog):
    with caplog.at_level(logging.DEBUG):
        chain = through(owner, view, "inspected", noon)
    story = custody.history(owner, [chain.steps[0].parcel, chain.steps[-1].parcel, view.slots[0].card.public_id])
    rows = [*ParcelStep.objects.values(), *ParcelSerial.objects.values()]
    plain = "".join(serial(0).split())
    for secret in (plain, serial(0), code(0)):
        assert secret not in repr(story) + repr(rows) + repr(chain) + caplog.text
    assert chain.steps[0].serials[0].tail == plain[-4:]
