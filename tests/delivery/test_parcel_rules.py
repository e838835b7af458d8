"""The rules of a parcel's chain, as tables; and any order of steps whatever."""

import contextlib
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.delivery.rules import parcels
from cardcase.delivery.rules.parcels import (
    NEEDS,
    ORDER,
    WEIGHT_TOLERANCE_G,
    Clash,
    Match,
    Outcome,
    Role,
    StepFacts,
    StepName,
    StepTold,
    contradictions,
    lacks,
    next_steps,
    outcome,
)
from cardcase.delivery.rules.parcels_media import LARGEST_PHOTO, BadMedia, check_media, media_of

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
P, S, G, U, A, R, I = StepName  # noqa: E741 - the seven steps


def step(name, hour=0, **told):
    return StepFacts(name=name, happened_at=NOON + hour * HOUR, **told)


@pytest.mark.parametrize(
    ("done", "following"),
    [
        ([], [P]),
        ([P], [S]),
        ([P, S], [G, U, A]),
        ([P, S, U], [G, A]),
        ([P, S, G, U], [A]),
        ([P, S, A], [R, G, U]),  # refused at the door: what comes back goes first
        ([P, S, G, U, A, R], [I]),
        (list(ORDER), []),
    ],
)
def test_what_can_be_noted_next(done, following):
    assert next_steps(done) == following


@given(st.lists(st.integers(min_value=0, max_value=6), max_size=20))
def test_whatever_way_is_taken_each_step_stands_on_what_it_needs(choices):
    done = []
    for choice in choices:
        free = next_steps(done)
        if not free:
            assert set(done) == set(ORDER)
            return
        done.append(free[choice % len(free)])
    for place, name in enumerate(done):
        assert NEEDS[name] is None or NEEDS[name] in done[:place]
    assert len(done) == len(set(done))


@given(st.permutations(list(ORDER)), st.lists(st.integers(-5, 5), min_size=7, max_size=7))
def test_times_out_of_order_are_found_however_the_steps_are_listed(names, hours):
    steps = [step(name, hour) for name, hour in zip(ORDER, hours, strict=True)]
    shuffled = [next(one for one in steps if one.name is name) for name in names]
    wanted = {two.name for one, two in itertools.pairwise(steps) if two.happened_at < one.happened_at}
    assert {one.step for one in contradictions(shuffled) if one.clash is Clash.TIMES} == wanted


@pytest.mark.parametrize(
    ("first", "second", "differs"),
    [(50, 50, False), (50, 65, False), (65, 50, False), (50, 66, True), (50, None, False), (None, 9, False)],
)
@pytest.mark.parametrize("pair", [(P, S), (R, I)])
def test_weights_may_differ_by_the_tolerance(pair, first, second, differs):
    found = contradictions([step(pair[0], 0, weight_g=first), step(pair[1], 1, weight_g=second)])
    assert [one.clash for one in found] == ([Clash.WEIGHT] if differs else [])
    assert WEIGHT_TOLERANCE_G == 15


@pytest.mark.parametrize(
    ("steps", "clashes"),
    [
        ([step(P), step(S, 1), step(G, 2)], []),
        ([step(P), step(S, -1)], [(Clash.TIMES, S)]),
        ([step(S, 0, waybill_no="A" * 10), step(U, 1, waybill_no="B" * 10)], [(Clash.WAYBILL, U)]),
        ([step(S, 0, waybill_no="A" * 10), step(U, 1)], []),
        ([step(A, 0, waybill_no="A" * 10), step(R, 1, waybill_no="B" * 10)], [(Clash.WAYBILL, R)]),
        ([step(U, flags={"is_tape_intact": False})], [(Clash.TAPE, U)]),
        ([step(I, flags={"is_tape_intact": False})], []),  # the buyer has opened it: no wonder
        ([step(I, matches=(Match.SAME, Match.OTHER))], [(Clash.SERIAL, I)]),
        ([step(P, is_linked=False)], [(Clash.LINK, P)]),
    ],
)
def test_what_does_not_fit(steps, clashes):
    assert [(one.clash, one.step) for one in contradictions(steps)] == clashes


def test_a_phone_that_is_ten_minutes_off_contradicts_nothing():
    packed = step(P)
    late = replace(step(S), happened_at=NOON - timedelta(minutes=10))
    assert contradictions([packed, late]) == ()
    assert contradictions([packed, replace(late, happened_at=NOON - timedelta(minutes=11))])


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        (step(P), 4),
        (step(P, roles=frozenset({Role.FRONT, Role.BACK, Role.VIDEO}), weight_g=5, matches=(Match.SAME,)), 0),
        (step(P, roles=frozenset(Role), weight_g=5, matches=(Match.NONE_ON_FILE,)), 1),
        (step(S), 2),
        (step(S, roles=frozenset({Role.RECEIPT}), weight_g=5), 0),
        (step(G), 1),
        (step(G, who="本人"), 0),
        (step(U), 1),
        (step(U, roles=frozenset({Role.PHOTO})), 0),
        (step(A), 0),
        (step(R), 0),
        (step(I, outcome=Outcome.UNCLEAR), 5),
        (step(I, outcome=Outcome.EMPTY, weight_g=20), 0),
    ],
)
def test_what_a_step_lacks(facts, missing):
    assert len(lacks(facts)) == missing


@pytest.mark.parametrize(
    ("matches", "sent", "scratch", "empty", "wanted"),
    [
        ([Match.SAME], 1, True, False, Outcome.INTACT),
        ([Match.SAME], 1, False, False, Outcome.USED),
        ([Match.SAME], 1, None, False, Outcome.UNCLEAR),
        ([Match.OTHER], 1, True, False, Outcome.SWITCHED),
        ([Match.OTHER], 1, False, False, Outcome.SWITCHED),
        ([Match.SAME, Match.OTHER], 2, True, False, Outcome.SWITCHED),
        ([Match.SAME], 2, True, False, Outcome.PARTLY),
        ([Match.SAME], 2, False, False, Outcome.USED),
        ([], 1, None, True, Outcome.EMPTY),
    ],
)
def test_what_an_inspection_found(matches, sent, scratch, empty, wanted):
    assert outcome(matches=matches, sent=sent, is_scratch_intact=scratch, is_empty=empty) is wanted


def test_no_word_about_a_return_accuses_anybody():
    said = "".join(text.zh + text.en for text in parcels.OUTCOMES.values())
    assert not any(word in said.lower() for word in ("调包", "骗", "假", "买家", "fraud", "swindle", "buyer"))


def test_what_has_no_place_in_a_step_is_named_and_serials_are_never_printed():
    told = StepTold(serials=("99012200330000",), carrier="顺丰", is_uncut=False)
    assert told.strange_to(P) == ["carrier", "is_uncut"]
    assert told.strange_to(S) == ["is_uncut", "serials"]
    assert "9901" not in repr(told)


MP4 = b"\x00\x00\x00\x20ftyp"


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (MP4 + b"heic", "image/heic"),
        (MP4 + b"isom", "video/mp4"),
        (MP4 + b"mp42", "video/mp4"),
        (MP4 + b"qt  ", "video/quicktime"),
    ],
)
def test_a_file_is_what_its_bytes_say(head, mime):
    assert media_of(head + bytes(20)) == mime


@pytest.mark.parametrize("head", [b"", b"%PDF-1.7", b"<svg ", b"PK\x03\x04", MP4 + b"avif", b"GIF89a", b"\xff\xd8"])
def test_anything_else_is_refused(head):
    with pytest.raises(BadMedia):
        media_of(head)


@given(st.binary(max_size=64))
def test_no_bytes_break_it(head):
    with contextlib.suppress(BadMedia):
        assert media_of(head)


def test_size_and_kind_are_held_against_the_role():
    assert check_media(Role.VIDEO, MP4 + b"isom", 99, largest_video=99) == "video/mp4"
    for role, head, size in (
        (Role.VIDEO, MP4 + b"isom", 100),
        (Role.FRONT, MP4 + b"isom", 1),
        (Role.VIDEO, b"\xff\xd8\xff", 1),
        (Role.FRONT, b"\xff\xd8\xff", LARGEST_PHOTO + 1),
    ):
        with pytest.raises(BadMedia):
            check_media(role, head, size, largest_video=99)
