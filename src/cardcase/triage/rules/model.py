"""The learned reader: a linear model over character n-grams, small, fast, and able to show which words spoke.

It knows what rules cannot list: the many ways to say a thing without its usual word. Trained by ``cardcase train`` on
the corpus of the repository; ``data/model.toml`` pins the bytes. Every number of an answer is a sum over n-grams, so
that the words behind it can be shown (understanding.md, Choices).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cardcase.kit import catalogue

from .grams import LONGEST, Vocabulary, edged
from .packed import pack, unpack
from .reasons import DATA

FILE: Final = "model.bin"
MAGIC: Final = b"CARDCASE-MODEL-1\n"
_MOST_BYTES: Final = 32 * 1024 * 1024
Numbers = NDArray[np.float32]


class ModelRecord(catalogue.Record):
    """The model that belongs to this release, by its hash."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    corpus_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    texts: int = Field(gt=0)
    conversations: int = Field(ge=0)
    trained_on: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """How the model's numbers and the rules' are joined, and how sharply the sum is read; chosen on unseen writers.

    ``rules`` weighs the rules between families, ``within`` inside one, ``supposed`` what is only supposed.
    """

    temperature: float
    rules: float
    within: float
    supposed: float

    def to_json(self) -> dict[str, float]:
        """Return it for the file."""
        return {
            "temperature": self.temperature,
            "rules": self.rules,
            "within": self.within,
            "supposed": self.supposed,
        }


@dataclass(frozen=True, slots=True)
class SignalCut:
    """From which number on a signal is given, and how much a rule that sees it adds."""

    cut: float
    rules: float


@dataclass(frozen=True, slots=True)
class Model:
    """Everything of a trained model. ``weights`` has a row for each n-gram and a column for each label."""

    grams: Vocabulary
    rarity: Numbers
    weights: NDArray[np.int8]
    scales: Numbers
    bias: Numbers
    labels: tuple[str, ...]
    signals: Mapping[str, SignalCut]
    pool: Pool
    version: str
    places: Mapping[str, int] = field(init=False)
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        """Work out the column of each label, and by what the numbers are known: no two models share a fingerprint."""
        object.__setattr__(self, "places", {label: place for place, label in enumerate(self.labels)})
        told = hashlib.sha256(self.bias.tobytes() + self.scales.tobytes() + self.weights.tobytes())
        object.__setattr__(self, "fingerprint", told.hexdigest()[:16])

    def read(self, folded: str) -> "Reading":
        """Read a folded text. Total: any text gives numbers."""
        text = edged(folded)
        places, found = self.grams.find(text)
        if not len(found):
            return Reading(self.bias, text)
        rows = np.array(list(set(found.tolist())), dtype=np.intp)  # however often it stands there
        rarity = self.rarity.take(rows)
        length = sqrt(rarity @ rarity)
        # Bytes are made numbers here and not once for all: a table of them would not stay near the processor.
        spoken = rarity @ self.weights.take(rows, axis=0).astype(np.float32)
        return Reading(spoken * self.scales / length + self.bias, text, rows, length, places, found)

    def span(
        self, reading: "Reading", label: str, more: Callable[[NDArray[np.intp]], Numbers] | None = None
    ) -> tuple[int, int] | None:
        """Return the stretch of the folded text that speaks most for a label; None where nothing does.

        ``more`` tells what somebody adds to the share of each n-gram.
        """
        rows = reading.found
        if not len(rows):
            return None
        column = self.places[label]
        shares = self.weights[rows, column] * self.rarity.take(rows) * self.scales[column]
        if more is not None:
            shares += more(rows)
        count = len(reading.text)
        starts, sizes = np.divmod(reading.places, LONGEST)
        sizes += 1
        shares /= sizes  # spread over its characters
        steps = np.bincount(starts, shares, count + 1) - np.bincount(starts + sizes, shares, count + 1)
        return _heaviest(np.cumsum(steps)[1:-2].tolist())


_NONE: Final = np.empty(0, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model makes of one text: a number for each label.

    ``text`` is what it read, its edges marked; ``rows`` are the n-grams in it that the model knows, and ``length`` is
    what the sum over them was divided by. ``places`` and ``found`` name them where they stand (``Vocabulary.find``).
    """

    numbers: Numbers
    text: str
    rows: NDArray[np.intp] = field(default_factory=lambda: _NONE)
    length: float = 1.0
    places: NDArray[np.intp] = field(default_factory=lambda: _NONE)
    found: NDArray[np.intp] = field(default_factory=lambda: _NONE)


def _heaviest(shares: Sequence[float]) -> tuple[int, int] | None:
    """Return the stretch with the largest sum, each character costing a little, so that it stays short."""
    if not shares:
        return None
    cost = 0.35 * max(shares)
    best, best_span, total, start = 0.0, None, 0.0, 0
    for place, share in enumerate(shares):
        if total <= 0:
            total, start = 0.0, place
        total += share - cost
        if total > best:
            best, best_span = total, (start, place + 1)
    return best_span


# ---- the file ------------------------------------------------------------------------------------------------------


def encode(model: Model) -> bytes:
    """Write a model: a JSON head, the n-grams by row, then the arrays, compressed. The same model, the same bytes."""
    head = {
        "version": model.version,
        "labels": list(model.labels),
        "signals": {name: [one.cut, one.rules] for name, one in sorted(model.signals.items())},
        "pool": model.pool.to_json(),
        "grams": list(model.grams),
    }
    arrays = (
        model.rarity.astype("<f4").tobytes()
        + model.scales.astype("<f4").tobytes()
        + model.bias.astype("<f4").tobytes()
        + model.weights.astype(np.int8).tobytes()
    )
    return pack(MAGIC, head, arrays)


def decode(data: bytes) -> Model:
    """Read what ``encode`` wrote. Raises ValueError for every other byte."""
    head, raw = unpack(MAGIC, data, most=_MOST_BYTES, what="model")
    try:
        order, labels = head["grams"], tuple(head["labels"])
        signals = {name: SignalCut(float(cut), float(rules)) for name, (cut, rules) in head["signals"].items()}
        pool = Pool(**head["pool"])
        version = str(head["version"])
        known = Vocabulary(order)
    except (KeyError, TypeError) as error:
        raise ValueError("a model without its head") from error
    count, width = len(known), len(labels)
    floats = count + 2 * width
    if len(raw) != 4 * floats + count * width:
        raise ValueError("a model of another size than it says")
    numbers = np.frombuffer(raw, dtype="<f4", count=floats).astype(np.float32)
    weights = np.frombuffer(raw, dtype=np.int8, offset=4 * floats).reshape(count, width)
    return Model(
        grams=known,
        rarity=numbers[:count],
        weights=weights,
        scales=numbers[count : count + width],
        bias=numbers[count + width :],
        labels=labels,
        signals=signals,
        pool=pool,
        version=version,
    )


@cache
def shipped(folder: Path = DATA) -> Model:
    """Return the model of this release. Raises BrokenCatalogue when its bytes are not those that are pinned."""
    [record] = catalogue.load(folder / "model.toml", ModelRecord, table="model").records.values()
    data = (folder / FILE).read_bytes()
    if hashlib.sha256(data).hexdigest() != record.sha256:
        raise catalogue.BrokenCatalogue(
            "判断模型与登记的指纹不符：重新安装，或运行 cardcase train",
            "The model of triage is not the one that is pinned: install again, or run cardcase train",
        )
    return decode(data)
