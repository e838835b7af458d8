"""The texts that ship with the product, so that a shop's correction is held against more than the shop (0023).

``replay`` is a fixed sample of what the reader learned from; ``reference`` is the part of the corpus that is kept apart
for judging. Both are the corpus's own invented texts; nobody's message is among them.
"""

import json
import zlib
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from cardcase.triage.rules import Family, Speaker, Utterance
from cardcase.triage.rules.hearing import hear_conversation

from .adapting import Lesson
from .corpus import Example

FILE: Final = "reference.bin"
_OF_A_REASON: Final = 16
_OF_NONE: Final = 200
"""Replayed texts of each reason, and of those that state none: in life nearly all (understanding.md)."""
_MOST_BYTES: Final = 4 * 1024 * 1024


def sample(examples: Sequence[Example]) -> list[Example]:
    """Choose the texts to replay: a fixed number of each label, by the hash of the text, so that order is nothing."""
    by_label: dict[str, list[Example]] = {}
    for one in sorted(examples, key=lambda one: sha256(one.buyer.encode()).digest()):
        by_label.setdefault(one.reasons[0], []).append(one)
    nothing = (Family.UNSTATED.value, Family.NONE.value)
    return [
        one for label in sorted(by_label) for one in by_label[label][: _OF_NONE if label in nothing else _OF_A_REASON]
    ]


def encode(replay: Sequence[Example], reference: Sequence[Example]) -> bytes:
    """Write both, compressed. The same texts, the same bytes."""
    told = {"replay": [_row(one) for one in replay], "reference": [_row(one) for one in reference]}
    return zlib.compress(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(), 9)


def decode(data: bytes) -> tuple[list[Lesson], list[Lesson]]:
    """Read what ``encode`` wrote, heard by the rules as they are now: what to replay, and the reference."""
    told = json.loads(zlib.decompressobj().decompress(data, _MOST_BYTES))
    return _heard(told["replay"]), _heard(told["reference"])


def _row(one: Example) -> list[Any]:
    return [one.reasons[0], [[speaker.value, text] for speaker, text in one.turns]]


def _heard(rows: Sequence[Any]) -> list[Lesson]:
    return [
        Lesson(
            hear_conversation([Utterance(str(n), text, Speaker(who)) for n, (who, text) in enumerate(turns)]),
            said,
            str(place),
        )
        for place, (said, turns) in enumerate(rows)
    ]
