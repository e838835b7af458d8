"""Finding what was said, written down or named: words and filters in, marked pieces with the way to them out.

The index (room ``search``) knows which rows answer; here they are read through the actor, narrowed, ranked and shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cardcase.cards import masking
from cardcase.inbox.rules import tone
from cardcase.inbox.rules.segments import Segment, cut
from cardcase.kit.errors import WrongUse
from cardcase.search import queries as index
from cardcase.search.rules import LONGEST, Kind, Question, ask, fold, spans
from cardcase.search.rules.ranking import score
from cardcase.staff.rules import Actor

from .found_rows import Found, Narrowed, led, read_rows

WINDOW: Final = 60
"""How many of the newest answers are weighed against each other; what is older follows by time."""

MOST_THINGS: Final = 6
"""Cases, orders, buyers and goods that are shown above what was said."""

_AROUND: Final = 60
"""Characters of a long text that are shown before and behind the first place."""

_WEIGHT: Final = {Kind.NOTE: 0.1, Kind.REVIEW: 0.1, Kind.CASE: 0.3, Kind.ORDER: 0.2}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for. Empty filters want everything; ``until`` is the first moment no longer wanted.

    ``kind``: a name of ``search.rules.Kind`` in small letters. ``reason``: a family or a sub-reason. ``staff``: who has
    the case. ``buyer``: nick, the channel's id or ``buyer_<n>``. ``product``: id of the goods or a part of their title.
    ``is_newest``: by time alone instead of by how well it answers.
    """

    words: str = ""
    kind: str = ""
    reason: str = ""
    status: str = ""
    staff: str = ""
    buyer: str = ""
    product: str = ""
    since: datetime | None = None
    until: datetime | None = None
    is_newest: bool = False

    @property
    def narrowed(self) -> Narrowed:
        """The filters that are about cases, buyers and goods."""
        return Narrowed(self.reason, self.status, self.staff, self.buyer, self.product)


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer. ``pieces``: its text, or the part around the words, cut at the words that were looked for."""

    found: Found
    pieces: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found.

    ``has_code``: a whole card code was typed; then nothing is searched, and ``card`` is the public id of the card if
    the shop has it. ``things`` stand on the first page only. ``next``: cursor of the page after this.
    ``is_complete``: False while the index is being made.
    """

    things: Sequence[Hit] = ()
    said: Sequence[Hit] = ()
    next: str | None = None
    is_complete: bool = True
    has_code: bool = False
    card: str | None = None
    terms: Sequence[str] = field(default=())


def find(actor: Actor, asked: Asked, *, now: datetime, limit: int = 20, after: str = "") -> Answer:
    """Look for words. Raises NotAllowed, WrongUse for an unknown kind or cursor."""
    kind = _kind(asked.kind)
    has_code, card = code_in(actor, asked.words)
    if has_code:
        return Answer(has_code=True, card=card)
    question = ask(asked.words)
    if not question:
        return Answer(is_complete=index.is_complete(actor))
    if kind is None:
        things = [] if after else _things(actor, question, asked, now=now)
        said, following = _page(actor, question, asked, None, now=now, limit=limit, after=after)
    else:
        things = []
        said, following = _page(actor, question, asked, kind, now=now, limit=limit, after=after)
    return Answer(things, said, following, index.is_complete(actor), terms=question.terms)


def code_in(actor: Actor, words: str) -> tuple[bool, str | None]:
    """Tell whether a whole card code stands among words, and the public id of the card if the shop has it."""
    looked = masking.mask_text(actor, tone.without_case_numbers(words[:LONGEST]))
    return looked.had_code, looked.card_ids[0] if looked.card_ids else None


def stream(actor: Actor, question: Question, asked: Asked, kind: Kind | None, before: int | None) -> Iterator[Found]:
    """Go through all answers that pass the filters, newest first."""
    is_thing = kind is not None and kind.is_thing
    batches = index.find(actor, question, things=is_thing, since=asked.since, until=asked.until, before=before)
    narrowed = asked.narrowed
    for batch in batches:
        wanted = [(number, one) for number, one in batch if kind is None or one.kind is kind]
        yield from read_rows(actor, wanted, narrowed)


def _page(
    actor: Actor, question: Question, asked: Asked, kind: Kind | None, *, now: datetime, limit: int, after: str
) -> tuple[list[Hit], str | None]:
    """Return one page and the cursor behind it: ``w<offset>`` within the weighed window, ``n<number>`` behind it."""
    offset, before = _cursor(after)
    if asked.is_newest or before is not None:
        rows = _first(stream(actor, question, asked, kind, before), limit + 1)
        following = f"n{rows[limit - 1].number}" if len(rows) > limit else None
        return _hits(actor, rows[:limit], question), following
    rows = _first(stream(actor, question, asked, kind, None), WINDOW + 1)
    window, is_more = rows[:WINDOW], len(rows) > WINDOW
    ranked = sorted(window, key=lambda one: (-_score(one, question, now), -one.number))
    shown = _hits(actor, ranked[offset : offset + limit], question)
    if offset + limit < len(ranked):
        return shown, f"w{offset + limit}"
    return shown, f"n{window[-1].number}" if is_more else None


def _things(actor: Actor, question: Question, asked: Asked, *, now: datetime) -> list[Hit]:
    """Rank the newest things: the one whose name was typed whole comes first."""
    batches = index.find(actor, question, things=True, since=asked.since, until=asked.until)
    rows: list[Found] = []
    for batch in batches:
        rows += read_rows(actor, batch, asked.narrowed)
        if len(rows) >= WINDOW:
            break
    best = sorted(rows[:WINDOW], key=lambda one: (-_score(one, question, now), -one.number))[:MOST_THINGS]
    return _hits(actor, best, question)


def _hits(actor: Actor, rows: Sequence[Found], question: Question) -> list[Hit]:
    return [_hit(one, question) for one in led(actor, rows)]


def _first(rows: Iterator[Found], count: int) -> list[Found]:
    found = []
    for row in rows:
        found.append(row)
        if len(found) == count:
            break
    return found


def _score(one: Found, question: Question, now: datetime) -> float:
    age = (now - one.at).total_seconds() / 86_400 if one.at is not None else 1e4
    best = max(
        (score(folded, question.terms, age_days=age, weight=_WEIGHT.get(one.kind, 0.0)) for folded in _lines(one)),
        default=0.0,
    )
    return best - (0.4 if one.speaker == "system" else 0.0)


def _lines(one: Found) -> Sequence[str]:
    """Return the folded texts of an answer: of a thing each name for itself, so that a whole name counts as whole."""
    return [fold(line) for line in one.text.split("\n")] if one.kind.is_thing else [fold(one.text)]


def _hit(one: Found, question: Question) -> Hit:
    marked = spans(one.text, question.terms)
    start, end = 0, len(one.text)
    if not one.kind.is_thing and end > 3 * _AROUND:
        first = marked[0][0] if marked else 0
        start, end = max(0, first - _AROUND), min(end, first + 2 * _AROUND)
    pieces = cut(one.text[start:end], [(begin - start, stop - start) for begin, stop in marked])
    before, behind = ("…" if start else ""), ("…" if end < len(one.text) else "")
    return Hit(one, tuple(piece for piece in ((before, False), *pieces, (behind, False)) if piece[0]))


def _kind(told: str) -> Kind | None:
    if not told:
        return None
    try:
        return Kind[told.upper()]
    except KeyError:
        known = ", ".join(kind.name.lower() for kind in Kind)
        raise WrongUse(
            f"没有这一类；可选 {known}",
            f"There is no such kind; choose from {known}",
            code="unknown_choice",
            field="kind",
        ) from None


def _cursor(after: str) -> tuple[int, int | None]:
    """Read a cursor. Raises WrongUse."""
    if not after:
        return 0, None
    digits = after[1:]
    if after[0] in "wn" and digits.isascii() and digits.isdecimal() and len(digits) < 20:  # noqa: PLR2004 - 64 bits
        number = int(digits)
        if after[0] == "w" and number <= WINDOW:
            return number, None
        if after[0] == "n" and number < 1 << 63:
            return 0, number
    raise WrongUse("翻页标记有误", "The cursor is not one of ours", code="bad_cursor", field="after")


def document(answer: Answer) -> dict[str, Any]:
    """Write an answer as plain JSON. Times ISO 8601; ``pieces`` are [text, is marked]."""
    return {
        "things": [_document(hit) for hit in answer.things],
        "said": [_document(hit) for hit in answer.said],
        "next": answer.next,
        "is_complete": answer.is_complete,
        "has_code": answer.has_code,
        "card": answer.card,
    }


def _document(hit: Hit) -> Mapping[str, Any]:
    one = hit.found
    return {
        "kind": one.kind.name.lower(),
        "id": one.public_id,
        "at": one.at.isoformat() if one.at is not None else None,
        "who": one.who,
        "speaker": one.speaker or None,
        "pieces": [list(piece) for piece in hit.pieces],
        "case": one.case or None,
        "order_no": one.order_no or None,
        "buyer": one.buyer or None,
        "url": one.url or None,
    }
