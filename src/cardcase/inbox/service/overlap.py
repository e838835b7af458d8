"""The same chat told in another form: its messages land in the conversation that is known, none twice.

Asked once a batch: who of the buyers spoken to has a conversation already? Nothing more happens when nobody has.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from cardcase.cards import masking
from cardcase.connectors.ports import MessageNotice
from cardcase.custody import service as custody
from cardcase.inbox.models import Conversation, Message
from cardcase.inbox.rules import overlap as rules
from cardcase.kit import ids
from cardcase.orders.models import Buyer
from cardcase.orders.rules import reading
from cardcase.staff.rules import Actor

Key = tuple[str, str]
_NICK_ONLY: Final = "nick:"
_STARS: Final = ("*", "＊")
_MOST: Final = 5000
"""Known messages of one batch's buyers that are compared at most, the latest of them."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How ingest names what a notice speaks of: its conversation, its message, its buyer."""

    conversation: Callable[[MessageNotice], Key]
    message: Callable[[MessageNotice], str]
    buyer: Callable[[MessageNotice], Key | None]
    longest: int


@dataclass(slots=True)
class Overlap:
    """What of a batch is known already under another name.

    ``joined``: conversations by the name that the batch gives them. ``twins``: known messages by the place of the
    notice that repeats them. ``by_nick``: keys of conversations whose buyer's own id nobody has told yet.
    """

    joined: dict[Key, Conversation] = field(default_factory=dict)
    twins: dict[int, Message] = field(default_factory=dict)
    by_nick: set[int] = field(default_factory=set)

    def tells_the_buyer(self, row: Conversation, notice: MessageNotice) -> bool:
        """Tell whether a notice names by id the buyer of a conversation that was known by nick only."""
        is_told = row.pk in self.by_nick and bool(notice.buyer_external_id.strip())
        if is_told:
            self.by_nick.discard(row.pk)
        return is_told

    def records(self, at: datetime) -> Iterator[custody.Record]:
        """Say in the record which conversations were found to be another form of a known one."""
        for (channel, _), row in self.joined.items():
            repeated = sum(twin.conversation_id == row.pk for twin in self.twins.values())
            yield custody.Record("conversation.joined", row.public_id, at, {"channel": channel, "repeated": repeated})


def find(
    actor: Actor,
    notices: Sequence[MessageNotice],
    known: Mapping[Key, Conversation],
    buyers: Mapping[Key, int],
    naming: Naming,
    *,
    made: AbstractSet[int],
) -> Overlap:
    """Find out what of a batch is known in another form, and remember the new names of conversations.

    ``known`` are the conversations that exist under the names of the batch, ``buyers`` the row ids of its buyers,
    ``made`` those of them that had no row before.
    """
    found = Overlap(by_nick={row.pk for row in known.values() if row.buyer and _is_by_nick(row.buyer)})
    people = _People(actor, notices, buyers, naming)
    candidates = people.conversations(known.values(), made)
    if not candidates:
        return found
    book = _Book(actor, notices, naming, candidates, {row.pk for row in known.values()})
    for key, places in _by_conversation(notices, naming).items():
        mine = known.get(key)
        near = [
            row for row in candidates.values() if row.channel == key[0] and people.may_be_of(row, notices[places[0]])
        ]
        if mine is not None and all(row.pk != mine.pk for row in near):
            near.append(mine)
        if near:
            book.compare(key, places, mine, near, found)
    fresh = [
        Conversation(
            shop_id=actor.shop_id, public_id=ids.public_id("conv"), channel=key[0], external_id=key[1], same_as=row
        )
        for key, row in found.joined.items()
    ]
    Conversation.objects.bulk_create(fresh)
    found.by_nick |= {row.pk for row in found.joined.values() if row.buyer and _is_by_nick(row.buyer)}
    return found


def refine(row: Message, notice: MessageNotice, message_id: str, *, is_here: bool) -> bool:
    """Give a known message what its other form tells more exactly; returns whether there was anything.

    Its time to the second, and the channel's own id where it had a made one (``is_here``: in the same conversation).
    """
    before = row.said_at, row.external_id
    if row.said_at is not None and notice.said_at is not None and not (row.said_at.second or row.said_at.microsecond):
        row.said_at = notice.said_at
    if is_here and not rules.has_own_id(row.external_id) and rules.has_own_id(message_id):
        row.external_id = message_id
    return before != (row.said_at, row.external_id)


def _is_by_nick(buyer: Buyer) -> bool:
    return bool(buyer.external_id.startswith(_NICK_ONLY))


def _by_conversation(notices: Sequence[MessageNotice], naming: Naming) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = defaultdict(list)
    for place, notice in enumerate(notices):
        found[naming.conversation(notice)].append(place)
    return found


class _People:
    """The buyers of a batch: by nick, where one names a single person, and by row."""

    def __init__(
        self, actor: Actor, notices: Sequence[MessageNotice], buyers: Mapping[Key, int], naming: Naming
    ) -> None:
        self._actor, self._buyers, self._naming = actor, buyers, naming
        nicks = {nick for told in {notice.buyer_nick for notice in notices} if (nick := _nick(told))}
        nameless = {
            pk
            for notice in notices
            if notice.buyer_external_id and not notice.buyer_nick
            if (pk := buyers.get(naming.buyer(notice) or ("", ""))) is not None
        }
        rows = Buyer.objects.visible_to(actor).filter(pk__in=sorted(nameless)) if nameless else ()
        self._nick_of = {row.pk: _nick(row.nick) for row in rows}
        self._nicks = nicks | {nick for nick in self._nick_of.values() if nick}

    def conversations(self, mine: Iterable[Conversation], made: AbstractSet[int]) -> dict[int, Conversation]:
        """Return the conversations with these people, those at hand among them.

        Who is ``made`` just now has none; where all are new, two small questions are all that is asked.
        """
        at_hand = {row.pk: row for row in mine}
        called = Buyer.objects.visible_to(self._actor).filter(nick__in=sorted(self._nicks)) if self._nicks else None
        people = set(self._nick_of) | (set(called.values_list("pk", flat=True)) if called is not None else set())
        people -= made
        if not people:
            return at_hand
        rows = Conversation.objects.visible_to(self._actor).filter(buyer_id__in=sorted(people), same_as__isnull=True)
        found = {row.pk: row for row in rows.select_related("buyer", "order").order_by("pk")}
        return found | at_hand

    def may_be_of(self, row: Conversation, notice: MessageNotice) -> bool:
        """Tell whether a conversation is with the buyer whom a notice names."""
        if row.buyer is None:
            return False
        pk = self._buyers.get(self._naming.buyer(notice) or ("", ""))
        nick = _nick(notice.buyer_nick) or self._nick_of.get(pk or 0, "")
        return row.buyer_id == pk or (bool(nick) and row.buyer.nick == nick)


def _nick(nick: str) -> str:
    """Return a nick as buyers keep it; one with stars stands for many people."""
    plain: str = reading.clean(nick.strip(), 120)
    return "" if any(star in plain for star in _STARS) else plain


class _Book:
    """The known messages of the candidates, and the lines of the batch beside them."""

    def __init__(
        self,
        actor: Actor,
        notices: Sequence[MessageNotice],
        naming: Naming,
        candidates: Mapping[int, Conversation],
        at_hand: set[int],
    ) -> None:
        self._actor, self._notices, self._naming = actor, notices, naming
        self._rows: dict[int, list[Message]] = defaultdict(list)
        for row in self._known(candidates):
            self._rows[row.conversation_id].append(row)
        for rows in self._rows.values():
            rows.sort(key=lambda row: row.pk)
            if all(row.said_at is not None for row in rows):
                rows.sort(key=lambda row: (row.said_at, row.pk))
        self._own: dict[int, set[str]] = defaultdict(set)
        if self._rows and at_hand:
            names = sorted({naming.message(notice) for notice in notices})
            said = Message.objects.visible_to(actor).filter(conversation_id__in=sorted(at_hand), external_id__in=names)
            for pk, name in said.values_list("conversation_id", "external_id"):
                self._own[pk].add(name)

    def _known(self, candidates: Mapping[int, Conversation]) -> list[Message]:
        rows = Message.objects.visible_to(self._actor).filter(conversation_id__in=sorted(candidates))
        if all(rules.has_own_id(self._naming.message(notice)) for notice in self._notices):
            rows = rows.filter(external_id__startswith=rules.DERIVED)  # own ids never name each other's message
        moments = [notice.said_at for notice in self._notices if notice.said_at is not None]
        if len(moments) == len(self._notices):
            minute = timedelta(minutes=1)
            first, last = min(moments), max(moments)
            until = rules.LATER if any(rules.is_floor(self._naming.message(one)) for one in self._notices) else minute
            floors = Q(external_id__startswith=rules.FLOOR, said_at__gte=first - rules.LATER, said_at__lte=last + until)
            rows = rows.filter(
                Q(said_at__isnull=True) | floors | Q(said_at__gte=first - minute, said_at__lte=last + until)
            )
        return list(rows.defer("original_sealed").order_by("-pk")[:_MOST])

    def compare(
        self,
        key: Key,
        places: Sequence[int],
        mine: Conversation | None,
        near: Sequence[Conversation],
        found: Overlap,
    ) -> None:
        """Write down which notices of one conversation repeat known messages, and where an unknown one belongs."""
        own = self._own.get(mine.pk, set()) if mine is not None else set()
        first: dict[str, int] = {}
        for place in places:
            first.setdefault(self._naming.message(self._notices[place]), place)
        left = [place for name, place in first.items() if name not in own]
        if not left or not any(self._rows.get(row.pk) for row in near):
            return
        lines = dict(zip(left, self._lines(left), strict=True))
        where = mine
        while near and left:
            told = [lines[place] for place in left]
            rows = {row.pk: self._unused(row, own, mine, found) for row in near}
            scores = {row.pk: rules.matches([_line(known) for known in rows[row.pk]], told) for row in near}
            best = max(near, key=lambda row: (_people(scores[row.pk], told), row is where, -row.pk))
            pairs = scores[best.pk]
            if not _people(pairs, told):
                break
            if where is None:
                where = found.joined[key] = best
            found.twins |= {left[place]: rows[best.pk][other] for place, other in pairs.items()}
            left = [place for place in left if place not in found.twins]
            near = [row for row in near if row.pk != best.pk]
        for place in places:  # a line that stands twice in the file is one message
            if (twin := found.twins.get(first[self._naming.message(self._notices[place])])) is not None:
                found.twins[place] = twin

    def _unused(self, row: Conversation, own: set[str], mine: Conversation | None, found: Overlap) -> list[Message]:
        """Return the known messages of a conversation that nothing in the batch has been matched with."""
        used = {twin.pk for twin in found.twins.values()}
        is_mine = mine is not None and row.pk == mine.pk
        return [
            known
            for known in self._rows.get(row.pk, ())
            if known.pk not in used and not (is_mine and known.external_id in own)
        ]

    def _lines(self, places: Sequence[int]) -> list[rules.Line]:
        """Return notices as lines: masked, because what is known was masked at the door."""
        texts = [reading.clean(self._notices[place].text, self._naming.longest) for place in places]
        masked = masking.mask_texts(self._actor, texts)
        lines = []
        for place, text in zip(places, masked, strict=True):
            notice = self._notices[place]
            lines.append(
                rules.Line(
                    notice.speaker.value,
                    rules.words_of(notice.kind.value, text.text),
                    notice.said_at,
                    has_own_id=rules.has_own_id(self._naming.message(notice)),
                    is_floor=rules.is_floor(self._naming.message(notice)),
                )
            )
        return lines


def _line(row: Message) -> rules.Line:
    return rules.Line(
        row.speaker,
        rules.words_of(row.kind, row.text),
        row.said_at,
        has_own_id=rules.has_own_id(row.external_id),
        is_floor=rules.is_floor(row.external_id),
    )


def _people(pairs: Mapping[int, int], told: Sequence[rules.Line]) -> int:
    """Count the lines of people among those that are known again."""
    return sum(told[place].is_of_people for place in pairs)
