"""What both learned readers share: a vocabulary, texts as rows of numbers, columns fitted one by one, int8."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cardcase.kit.errors import Unavailable
from cardcase.kit.text import Text
from cardcase.triage.rules.grams import Vocabulary, grams
from cardcase.triage.rules.model import Model, Numbers, Pool, SignalCut

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COST: Final = 1.0
SEED: Final = 20261130


class NoTrainer(Unavailable):
    """The library that fits is not installed: only training needs it."""

    code = "no_trainer"


def vocabulary(texts: Sequence[str], *, least: int) -> tuple[dict[str, int], Numbers]:
    """Return the n-grams that stand in at least so many texts, in order, and how rare each is."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(set(grams(text)))
    kept = sorted(gram for gram, count in seen.items() if count >= least)
    rarity = [np.log((1 + len(texts)) / (1 + seen[gram])) + 1 for gram in kept]
    return {gram: row for row, gram in enumerate(kept)}, np.array(rarity, dtype=np.float32)


def matrix(texts: Sequence[str], known: Mapping[str, int], rarity: Numbers) -> Any:
    """Return the texts as rows of unit length, sparse."""
    from scipy.sparse import csr_matrix

    rows, columns, values = [], [], []
    for number, text in enumerate(texts):
        found = sorted({known[gram] for gram in grams(text) if gram in known})
        length = float(np.sqrt((rarity[found] ** 2).sum())) or 1.0
        rows += [number] * len(found)
        columns += found
        values += (rarity[found] / length).tolist()
    return csr_matrix((values, (rows, columns)), shape=(len(texts), len(known)))


def column(table: Any, is_one: "NDArray[Any]", *, weight: "NDArray[Any] | None" = None) -> tuple["NDArray[Any]", float]:
    """Fit one label against the rest; return its weights and bias. Raises NoTrainer."""
    try:
        from sklearn.svm import LinearSVC
    except ImportError as error:
        raise NoTrainer(
            "训练要用 scikit-learn，这里没有装",
            "Training needs scikit-learn, which is not installed here",
            next=Text("运行 pip install 'cardcase[train]'。", "Run pip install 'cardcase[train]'."),
        ) from error
    machine = LinearSVC(C=_COST, random_state=SEED)
    machine.fit(table, is_one, sample_weight=weight)
    return machine.coef_[0], float(machine.intercept_[0])


def rounded(
    known: dict[str, int],
    rarity: Numbers,
    columns: Mapping[str, tuple["NDArray[Any]", float]],
    *,
    signals: Mapping[str, SignalCut],
    pool: Pool,
    version: str,
) -> Model:
    """Make a model of fitted columns, by label, with weights of one byte."""
    weights = np.stack([weight for weight, _ in columns.values()], axis=1)
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127
    return Model(
        grams=Vocabulary(list(known)),
        rarity=rarity,
        weights=np.round(weights / scales).astype(np.int8),
        scales=scales.astype(np.float32),
        bias=np.array([bias for _, bias in columns.values()], dtype=np.float32),
        labels=tuple(columns),
        signals=signals,
        pool=pool,
        version=version,
    )
