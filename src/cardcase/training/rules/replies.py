"""Sellers' replies as the corpus has them, how the learned part of their check is fitted, and how good the check is.

The form and the borders are those of ``corpus/held-out-tone/README.md``. A faulty clause is learned beside its whole
reply, and what stands around it as fine, since most of a faulty reply is polite.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cardcase.inbox.rules import learned, tone
from cardcase.inbox.rules.meant import as_read
from cardcase.triage.rules.folding import fold
from cardcase.triage.rules.model import Model, Pool, SignalCut

from . import linear
from .corpus import WRITER, bad, fields, unescaped

if TYPE_CHECKING:
    from numpy.typing import NDArray

FINE: Final = "fine"
SHAPES: Final = {"code": tone.CheckCode.NO_CODE, "privacy": tone.CheckCode.NO_PRIVATE}
"""Faults that have a shape: rules alone see them."""
MOST_FALSE: Final = 0.005
"""Share of fine replies of unseen writers that may be flagged when the cut is chosen: half of what the issue allows."""
_RULES: Final = 0.5
"""How far a list that is not sure lowers the bar: about to where the learned part is undecided. Not chosen here:
the lists were mended on these very texts and look better here than they are. Before that, 24 fine replies of 1,343 were
hit by such a list, and the learned part leant to a fault in one of them."""
_LEAST_TEXTS: Final = 2
"""Texts that an n-gram must stand in to be learned."""
_CLAUSE: Final = re.compile(r"[^，,。！？!?;；\n]+")
_SHORTEST: Final = 4
_CHAT: Final = "c"
"""Writers whose lines were taken from conversations: short, without a comma, all of them fine."""
_TWINS: Final = "t"
"""Writers of faulty lines beside fine ones that look like them: there is much to learn from, but how often a fine reply
is flagged in life they do not tell."""
_LIGHT: Final = 0.1
"""What such a line weighs. At the full weight the fit learns that a comma is rude; at none, that a greeting is."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply with what is wrong in it: labels, and the words that are meant."""

    text: str
    labels: frozenset[str]
    spans: tuple[str, ...]
    writer: str
    where: str

    @property
    def is_fine(self) -> bool:
        """Tell whether nothing is wrong."""
        return self.labels == {FINE}


def read(paths: Iterable[Path]) -> list[Reply]:
    """Read files of replies. Raises BadCorpus naming file and line."""
    return [reply for path in paths for reply in _read_file(path)]


def _read_file(path: Path) -> Iterator[Reply]:
    told = WRITER.match(path.name)
    writer = told.group() if told else path.name
    for number, raw in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        line, where = raw.rstrip("\r"), f"{path.name}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        first, marked, text = fields(line, 3, where)
        labels, words = frozenset(first.split(",")), unescaped(text)
        spans = () if marked == "-" else tuple(map(unescaped, marked.split("|")))
        if labels - {FINE, *SHAPES, *learned.KINDS} or (FINE in labels and len(labels) > 1):
            raise bad(where, f"标签 {first}", f"the labels {first}")
        if (labels == {FINE}) is not (not spans) or not all(span in words for span in spans):
            raise bad(where, "划出的词不在原文里", "the words marked are not in the text")
        yield Reply(words, labels, spans, writer, where)


# ---- fitting -------------------------------------------------------------------------------------------------------


def fit(replies: Sequence[Reply], *, version: str, progress: Callable[[str], None] = lambda _: None) -> Model:
    """Fit the learned part to all replies, its cuts chosen on writers that were not seen. Raises NoTrainer."""
    cut = _cut([pair for pair in unseen(replies, progress) if not pair[0].writer.startswith(_TWINS)])
    progress("回复：用全部语料拟合 / replies: fitting to all")
    return _fit(replies, cut, version)


def unseen(replies: Sequence[Reply], progress: Callable[[str], None] = lambda _: None) -> list[tuple[Reply, float]]:
    """Return each reply, lines of chats aside, with what a model says for a fault that has not seen its writer."""
    found = []
    for writer in sorted({one.writer for one in replies if not _is_chat(one)}):
        progress(f"回复：不看 {writer} / replies: without {writer}")
        model = _fit([one for one in replies if one.writer != writer], SignalCut(0.0, 0.0), "fold")
        found += [(one, learned.strongest(model, _read(one.text))[1]) for one in replies if one.writer == writer]
    return found


def _fit(replies: Sequence[Reply], cut: SignalCut, version: str) -> Model:
    told = [pair for reply in replies for pair in _examples(reply)]
    weight = np.array([_LIGHT if _is_chat(reply) else 1.0 for reply in replies for _ in _examples(reply)])
    texts = [_read(text) for text, _ in told]
    known, rarity = linear.vocabulary(texts, least=_LEAST_TEXTS)
    table = linear.matrix(texts, known, rarity)
    columns = {kind: linear.column(table, _has(told, {kind}), weight=weight) for kind in learned.KINDS}
    columns[learned.FAULT] = linear.column(table, _has(told, {*learned.KINDS, *SHAPES}), weight=weight)
    pool = Pool(1.0, 0.0, 0.0, 0.0)  # of the reader of messages; nothing is pooled here
    return linear.rounded(known, rarity, columns, signals={learned.FAULT: cut}, pool=pool, version=version)


def _is_chat(reply: Reply) -> bool:
    return reply.writer.startswith(_CHAT)


def _has(told: Sequence[tuple[str, frozenset[str]]], labels: AbstractSet[str]) -> "NDArray[Any]":
    return np.array([not labels.isdisjoint(mine) for _, mine in told])


def _examples(reply: Reply) -> Iterator[tuple[str, frozenset[str]]]:
    """Give a reply whole, each faulty stretch of it alone, and each clause beside them as fine."""
    yield reply.text, reply.labels
    if reply.is_fine:
        return
    for span in reply.spans:
        if span != reply.text and len(span) >= _SHORTEST:
            yield span, reply.labels
    for match in _CLAUSE.finditer(reply.text):
        clause = match.group()
        if len(clause) > _SHORTEST and not any(_overlap(clause, span) for span in reply.spans):
            yield clause, frozenset({FINE})


def _overlap(clause: str, span: str) -> bool:
    return clause in span or span in clause or any(clause[at : at + 3] in span for at in range(len(clause) - 2))


def _read(text: str) -> str:
    return as_read(fold(text, longest=len(text)).text)


def _cut(numbers: Sequence[tuple[Reply, float]]) -> SignalCut:
    """Choose the lowest cut at which hardly a fine reply is flagged, what is certain counted in."""
    ruled = [tone.listed(one.text) for one, _ in numbers]
    certain = np.array([tone.certain(one.text) for one, _ in numbers])
    fine = np.array([one.is_fine for one, _ in numbers])
    values = np.array([number for _, number in numbers])
    sums = values + _RULES * np.array(ruled, dtype=float)
    most = int(MOST_FALSE * fine.sum())
    cut = next(
        value
        for value in sorted({round(float(one), 4) + 1e-3 for one in sums[fine]})
        if ((sums >= value) | certain)[fine].sum() <= most or value > sums[fine].max()
    )
    return SignalCut(round(cut, 4), _RULES)


# ---- judging -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of checking replies: counts. ``named``: found, and one of the places is of the check it belongs to."""

    fine: int
    false: int
    faulty: int
    found: int
    named: int
    by_kind: dict[str, tuple[int, int]]


def judge(replies: Sequence[Reply]) -> Figures:
    """Check every reply as the product would and count. The length is no fault here."""
    checks = {kind: tone.check_of(kind) for kind in learned.KINDS} | SHAPES
    found = [{one.code for one in tone.findings(reply.text) if one.code != tone.CheckCode.LENGTH} for reply in replies]
    pairs = list(zip(replies, found, strict=True))
    faulty = [(reply, codes) for reply, codes in pairs if not reply.is_fine]
    return Figures(
        fine=len(pairs) - len(faulty),
        false=sum(bool(codes) for reply, codes in pairs if reply.is_fine),
        faulty=len(faulty),
        found=sum(bool(codes) for _, codes in faulty),
        named=sum(not codes.isdisjoint(checks[label].value for label in reply.labels) for reply, codes in faulty),
        by_kind={
            kind: (
                sum(bool(codes) for reply, codes in faulty if kind in reply.labels),
                sum(kind in reply.labels for reply, _ in faulty),
            )
            for kind in checks
        },
    )
