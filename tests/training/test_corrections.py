"""From a person's correction to a reader that has learned: labels with their words, the fit, the switch, erasure."""

import json

import pytest

from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.custody import queries as custody
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed
from cardcase.training import present, queries
from cardcase.training.rules import adapting
from cardcase.training.rules.adapting import Outcome, Verdict
from cardcase.training.service import corrections
from cardcase.triage import queries as readers
from cardcase.triage import service as triage
from cardcase.triage.models import ReaderFit
from cardcase.triage.rules import model
from cardcase.triage.rules.hearing import hear_text
from intake.world import order_row, orders_csv, said, take, upload

from . import jargon

pytestmark = pytest.mark.django_db


def number(place):
    return f"33101456905460{place:05d}"


def world(told, start=0):
    """Orders with a refund, each with a chat that tells why; the reason on the form says nothing."""
    rows = [
        order_row(number(place), buyer=f"B{place}", nick=f"买家{place}", refund="其他原因")
        for place in range(start, start + len(told))
    ]
    chats = [
        upload(f"{place}.json", said(f"c{place}", f"B{place}", f"买家{place}", text, "麻烦看下"))
        for place, (text, _) in enumerate(told, start)
    ]
    return [upload("orders.csv", orders_csv(*rows)), *chats]


@pytest.fixture
def shop_of_jargon(owner, noon):
    """Import what 48 buyers say in words of their own, and let the owner say what each means."""
    told = jargon.said(48, 11, ("A1", "V1", "P1", "O1"))
    take(owner, world(told), at=noon)
    by_order = {case.order.order_no: case for case in Case.objects.select_related("order")}
    for place, (_, meant) in enumerate(told):
        case = by_order[number(place)]
        cases.confirm_reason(owner, case.number, meant, revision=case.revision, at=clock.now())
    return told


def test_labels_hold_the_words_that_were_there_and_no_later_ones(owner, shop_of_jargon, noon):
    text, meant = shop_of_jargon[0]
    late = said("c0", "B0", "买家0", text, "麻烦看下", "后来又想说一句", start=1795312800000)
    with clock.fixed_at(noon.replace(hour=9)):
        take(owner, [upload("late.json", late)], at=clock.now())
    kept = queries.labels(owner)
    assert len(kept) == 48
    first = queries.document(kept[0])
    assert first["words"] == [text, "麻烦看下"]
    assert (first["said"], first["form"], first["by"]) == (meant, "其他原因", owner.label)
    assert first["reader"] == model.shipped().version
    assert queries.labels(owner, after=kept[-2].row.pk)[0].row.pk == kept[-1].row.pk
    json.dumps([queries.document(one) for one in kept])


def test_that_no_reason_was_given_is_a_label_like_another(owner, shop_of_jargon):
    case = Case.objects.select_related("order").get(order__order_no=number(0))
    cases.confirm_reason(owner, case.number, "A1", revision=case.revision, at=clock.now())
    take(owner, world([("这张空壳 用不了", "")], start=200), at=clock.now())
    other = Case.objects.get(order__order_no=number(200))
    assert other.sub_reason
    proposed = other.sub_reason
    cases.refuse_reading(owner, other.number, revision=other.revision, at=clock.now())
    told = queries.document(queries.labels(owner)[-1])
    assert (told["proposed"], told["said"], told["agreed"]) == (proposed, "unstated", False)
    assert queries.taught(owner).lessons[-1].said == "unstated"


def test_the_reader_learns_is_named_in_the_record_and_the_owner_goes_back(owner, system, shop_of_jargon, noon):
    made = corrections.learn(system, at=noon)
    assert made.verdict is Verdict.ADOPTED
    assert made.right_after > made.right_before
    reader = readers.reader_of(owner)
    assert reader.version == f"{model.shipped().version}+1"
    assert corrections.learn(system, at=noon) is None  # nothing new

    take(owner, world([("昨天那张空壳啊", "V1"), ("朋友买的空壳 急", "V1")], start=100), at=noon)
    read = Case.objects.filter(order__order_no__in=[number(100), number(101)])
    assert {case.reader for case in read} == {reader.version}
    assert "V1" in {case.sub_reason for case in read}
    [entry] = [item for item in custody.history(owner, [read[0].public_id]) if item.kind == "case.triaged"]
    assert entry.facts["reader"] == reader.version

    triage.switch(owner, is_on=False, at=noon)
    assert readers.reader_of(owner) is model.shipped()
    assert corrections.learn(system, at=noon, is_asked=True) is None
    triage.switch(owner, is_on=True, at=noon)
    assert readers.reader_of(owner).version == reader.version
    triage.go_back(owner, at=noon)
    assert readers.reader_of(owner) is model.shipped()
    told = present.document(present.standing(owner))
    assert (told["on"], told["corrected"], told["labels"]) == (True, False, 48)
    assert [(one["number"], one["used"], one["set_aside"]) for one in told["fits"]] == [(1, False, True)]
    kinds = [item.kind for item in custody.history(owner, [f"reader_{owner.shop_id}"])]
    assert kinds == ["reader.fitted", "reader.switched_off", "reader.switched_on", "reader.set_back"]


def fit(actor, at, verdict=Verdict.ADOPTED):
    from cardcase.training.rules.reference import decode
    from cardcase.triage.rules import reasons

    replay, _ = decode((reasons.DATA / "reference.bin").read_bytes())
    base = model.shipped()
    few = adapting._Texts.of([adapting.Lesson(hear_text("哑火"), "A1", "1")], base)
    made = adapting._fit(few, adapting._Texts.of(replay[:5], base), base).correction(base, 1.0)
    return triage.keep_fit(
        actor, verdict.value, labels=50, figures={"better": 9},
        correction=made if verdict is Verdict.ADOPTED else None, at=at,
    )  # fmt: skip


def test_what_the_latest_fit_says_holds_and_back_leads_to_the_one_before(owner, system, noon):
    fit(system, noon)
    fit(system, noon)
    assert readers.reader_of(owner).version.endswith("+2")
    triage.go_back(owner, at=noon)
    assert readers.reader_of(owner).version.endswith("+1")
    fit(system, noon, Verdict.NOT_BETTER)
    assert readers.reader_of(owner) is model.shipped()


def test_what_was_fitted_on_another_shipped_reader_is_dropped(owner, system, noon):
    fit(system, noon)
    ReaderFit.objects.update(base="0" * 16)
    assert readers.reader_of(owner) is model.shipped()
    triage.switch(owner, is_on=False, at=noon)
    triage.switch(owner, is_on=True, at=noon)
    assert readers.reader_of(owner) is model.shipped()


def test_another_shop_learns_nothing_from_it(owner, system, stranger, noon):
    fit(system, noon)
    assert readers.reader_of(stranger) is model.shipped()
    assert queries.labels(stranger) == []


def test_only_the_owner_switches(lead, agent, noon):
    for actor in (lead, agent):
        with pytest.raises(NotAllowed):
            triage.switch(actor, is_on=False, at=noon)
        with pytest.raises(NotAllowed):
            triage.go_back(actor, at=noon)
    with pytest.raises(NotAllowed):
        queries.labels(agent)


def test_too_few_labels_leave_nothing_behind(system, noon):
    assert corrections.learn(system, at=noon) is None
    assert corrections.learn(system, at=noon, is_asked=True) == Outcome(Verdict.TOO_FEW, 0)
    assert not ReaderFit.objects.exists()
