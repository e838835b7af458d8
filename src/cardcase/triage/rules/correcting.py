"""What a shop's own corrections add to the learned reader: a few small numbers, for n-grams that the reader knows.

It names its base: numbers that were fitted on top of one model mean nothing on another. Nothing can be read out of it
that a buyer wrote, for it holds no n-grams, only places of those in the shipped file. Fitted in room ``training``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .model import Model, Numbers, Pool, Reading, SignalCut
from .packed import pack, unpack
from .weighing import LABELS

MAGIC: Final = b"CARDCASE-CORRECTION-1\n"
_MOST_BYTES: Final = 4 * 1024 * 1024
_WIDTH: Final = len(LABELS)


@dataclass(frozen=True, slots=True)
class Correction:
    """Numbers to add to those of the model ``base`` (its fingerprint) for the labels of a reason; signals stay.

    ``rows`` are places of n-grams in the model, ascending; ``weights`` has a line for each, int8 times ``scales``.
    """

    base: str
    rows: NDArray[np.int32]
    weights: NDArray[np.int8]
    scales: Numbers
    bias: Numbers

    def added(self, rows: NDArray[np.intp]) -> Numbers:
        """Return what it adds for n-grams of the model, a line for each; nothing for those that it does not know."""
        if not len(self.rows):
            return np.zeros((len(rows), _WIDTH), dtype=np.float32)
        places = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        found = self.weights[places].astype(np.float32) * self.scales
        found[self.rows[places] != rows] = 0.0
        return found


@dataclass(frozen=True, slots=True)
class Corrected:
    """The shipped reader with a shop's correction on top. It reads as ``Model`` does."""

    model: Model
    correction: Correction
    version: str

    @property
    def places(self) -> Mapping[str, int]:
        """The column of each label."""
        return self.model.places

    @property
    def signals(self) -> Mapping[str, SignalCut]:
        """From where on a signal is given."""
        return self.model.signals

    @property
    def pool(self) -> Pool:
        """How it is joined with the rules."""
        return self.model.pool

    def read(self, folded: str) -> Reading:
        """Read a folded text. Total: any text gives numbers."""
        plain = self.model.read(folded)
        numbers = plain.numbers.copy()
        numbers[:_WIDTH] += self.correction.bias
        if len(plain.rows):
            shares = self.correction.added(plain.rows) * self.model.rarity.take(plain.rows)[:, None]
            numbers[:_WIDTH] += np.add.reduce(shares) / plain.length
        return replace(plain, numbers=numbers)

    def span(self, reading: Reading, label: str) -> tuple[int, int] | None:
        """Return the stretch of the folded text that speaks most for a label; None where nothing does."""
        column = self.model.places[label]

        def more(rows: NDArray[np.intp]) -> Numbers:
            shares: Numbers = self.correction.added(rows)[:, column] * self.model.rarity.take(rows)
            return shares

        return self.model.span(reading, label, more if column < _WIDTH else None)


Reader = Model | Corrected
"""Whoever reads: the shipped reader, or it with a shop's correction."""


def encode(correction: Correction) -> bytes:
    """Write a correction: a JSON head, then the arrays, compressed. The same correction, the same bytes."""
    head = {"base": correction.base, "rows": len(correction.rows), "labels": list(LABELS)}
    arrays = (
        correction.scales.astype("<f4").tobytes()
        + correction.bias.astype("<f4").tobytes()
        + correction.rows.astype("<i4").tobytes()
        + correction.weights.astype(np.int8).tobytes()
    )
    return pack(MAGIC, head, arrays)


def decode(data: bytes) -> Correction:
    """Read what ``encode`` wrote. Raises ValueError for every other byte, and for other labels than ours."""
    head, raw = unpack(MAGIC, data, most=_MOST_BYTES, what="correction")
    try:
        base, count, labels = str(head["base"]), int(head["rows"]), head["labels"]
    except (KeyError, TypeError) as error:
        raise ValueError("a correction without its head") from error
    floats = 2 * _WIDTH
    if labels != list(LABELS) or count < 0 or len(raw) != 4 * (floats + count) + count * _WIDTH:
        raise ValueError("a correction of another size or for other labels")
    numbers = np.frombuffer(raw, dtype="<f4", count=floats).astype(np.float32)
    rows = np.frombuffer(raw, dtype="<i4", count=count, offset=4 * floats).astype(np.int32)
    weights = np.frombuffer(raw, dtype=np.int8, offset=4 * (floats + count)).reshape(count, _WIDTH)
    return Correction(base, rows, weights, numbers[:_WIDTH], numbers[_WIDTH:])
