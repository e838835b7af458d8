"""The whole reader on chats drawn in a browser: figures of a handful of screens must not rot. All of them: make bench."""

from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("PIL", reason="the extra 'screens' is not installed")
pytest.importorskip("rapidocr", reason="the extra 'screens' is not installed")

from cardcase.screens.rules.layout import log_of
from cardcase.screens.rules.stitching import stitch
from screens.judging import judge, scoring, shooting

pytestmark = pytest.mark.journey  # needs the browser


def _shot(seeds, most):
    """Draw in a thread of its own: the journeys' browser, open in the same run, lets no other into its thread."""

    def draw():
        with shooting.browser() as running:
            return [shooting.shoot(running, shooting.shape("dev", seed), most=most) for seed in seeds]

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(draw).result()


def test_two_dark_screens_and_two_white_ones_are_read_right_and_stitched():
    sessions = _shot((1, 2), most=2)
    counts = scoring.Counts()
    with judge.by_the_worker() as see:
        for session in sessions:
            together = stitch([log_of(see(shot.data), picture=place) for place, shot in enumerate(session.shots)])
            expected = scoring.wanted(session.talk, [shot.visible for shot in session.shots])
            counts.add(scoring.compare(expected, together.entries, with_times=True))
            assert together.gaps == ()
    assert counts.of["letters"] > 200
    assert counts.of["wrong"] <= 2, counts.notes
    assert (counts.of["missing"], counts.of["extra"]) == (0, 0), counts.notes
    assert counts.of["speaker right"] == counts.of["speakers"] > 20, counts.notes
    assert counts.of["times right"] == counts.of["times"], counts.notes


def test_the_scale_knows_a_wrong_letter_a_wrong_speaker_and_a_lost_message():
    [session] = _shot((1,), most=1)
    expected = scoring.wanted(session.talk, [session.shots[0].visible])
    counts = scoring.compare(expected, [], with_times=False)
    assert counts.of["missing"] == sum(not one.may_miss for one in expected) > 5
    assert counts.of["wrong"] == counts.of["letters"] > 50
    assert counts.of["order exact"] == 0
