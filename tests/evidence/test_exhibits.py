from datetime import UTC, datetime, timedelta

import pytest

from cardcase.evidence.rules import BadFact, BadFile, NoTimeToAsk, check_facts, file_kind, make_nonce, request_due
from cardcase.evidence.rules.exhibits import MAX_FILE_BYTES

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def test_facts_are_kept_in_one_form():
    assert check_facts(
        {
            "tail4": "‥k4rt",
            "redeemed_at": "2026-11-20T20:12:00+08:00",
            "balance_fen": 0,
            "is_usable": False,
            "region": "",
        }
    ) == {"tail4": "K4RT", "redeemed_at": "2026-11-20T12:12:00.000000Z", "balance_fen": 0, "is_usable": False}


@pytest.mark.parametrize(
    "facts",
    [
        {"colour": "red"},
        {"tail4": "K4R"},
        {"balance_fen": -1},
        {"balance_fen": 1.5},
        {"balance_fen": True},
        {"is_usable": "yes"},
        {"redeemed_at": "2026-11-20T20:12:00"},
        {"redeemed_at": "yesterday"},
        {"region": "x" * 121},
        {"clock_source": "wall"},
        {"order_no": "x; drop"},
        {"is_redeemed": False, "redeemed_at": "2026-11-20T20:12:00+08:00"},
    ],
)
def test_an_unreadable_fact_is_refused(facts):
    with pytest.raises(BadFact):
        check_facts(facts)


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\x89PNG\r\n\x1a\n0000", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"RIFF0000WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7 rest", "application/pdf"),
    ],
)
def test_a_file_is_known_by_its_first_bytes(head, mime):
    assert file_kind(head) == mime


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", b"MZ", b"%PDF-" + b"0" * MAX_FILE_BYTES])
def test_other_or_huge_files_are_refused(data):
    with pytest.raises(BadFile):
        file_kind(data)


def test_the_word_of_a_recording_cannot_be_misread():
    for _ in range(200):
        word = make_nonce()
        assert len(word) == 4
        assert not set(word) & set("01258BILOSZ")


def test_an_answer_is_due_before_the_platforms_margin():
    wanted, least = timedelta(hours=12), timedelta(minutes=30)
    assert request_due(NOON, platform_margin_at=None, wanted=wanted, least=least) == NOON + wanted
    margin = NOON + timedelta(hours=3)
    assert request_due(NOON, platform_margin_at=margin, wanted=wanted, least=least) < margin
    with pytest.raises(NoTimeToAsk):
        request_due(NOON, platform_margin_at=NOON + timedelta(minutes=20), wanted=wanted, least=least)
