"""The parcel of a physical card as one chain (N15): its steps, what each lacks, what does not fit. Pure."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from cardcase.kit.text import Text

WEIGHT_TOLERANCE_G: Final = 15
"""Grams by which two weights of one parcel may differ. Our own number: a counter shows steps of 10 g, a cheap scale is
off by up to 5 g. A plastic card weighs about 5 g (ISO/IEC 7810 ID-1), so a weight that fits proves no single card."""

CLOCK_SLACK: Final = timedelta(minutes=10)
"""By how much a step may seem to come before the one ahead of it: phones' clocks. Judgement, as in ``evidence``."""


class Way(StrEnum):
    """Which way a parcel goes."""

    OUT = "out"  # to the buyer
    BACK = "back"  # returned


class StepName(StrEnum):
    """What happens to a parcel, in this order."""

    PACKED = "packed"
    SHIPPED = "shipped"
    SIGNED = "signed"  # by the carrier's word
    UNBOXED = "unboxed"  # what the buyer sent of it
    ANNOUNCED = "announced"  # the buyer tells the waybill of the return
    RECEIVED = "received"
    INSPECTED = "inspected"


_S = StepName
ORDER: Final = tuple(StepName)

BEGINS: Final = MappingProxyType({Way.OUT: _S.PACKED, Way.BACK: _S.ANNOUNCED})
"""What a chain begins with, by the way of its first parcel. Only a further chain begins with a return."""

WAY: Final = MappingProxyType(
    {name: Way.BACK if name in (_S.ANNOUNCED, _S.RECEIVED, _S.INSPECTED) else Way.OUT for name in ORDER}
)

NEEDS: Final[Mapping[StepName, StepName | None]] = MappingProxyType(
    {
        _S.PACKED: None,
        _S.SHIPPED: _S.PACKED,
        _S.SIGNED: _S.SHIPPED,
        _S.UNBOXED: _S.SHIPPED,  # the buyer's video may come before we have looked the signature up
        _S.ANNOUNCED: _S.SHIPPED,  # a parcel that was refused at the door comes back unsigned
        _S.RECEIVED: _S.ANNOUNCED,
        _S.INSPECTED: _S.RECEIVED,
    }
)
"""Which step must be on record before a step of a chain that begins with packing. What was passed over stays open."""

TITLES: Final = MappingProxyType(
    {
        _S.PACKED: Text("打包", "Packed"),
        _S.SHIPPED: Text("寄出", "Shipped"),
        _S.SIGNED: Text("签收", "Signed for"),
        _S.UNBOXED: Text("买家开箱", "Unboxed by the buyer"),
        _S.ANNOUNCED: Text("买家寄回", "Return on its way"),
        _S.RECEIVED: Text("收到退件", "Return received"),
        _S.INSPECTED: Text("查验退件", "Return inspected"),
    }
)


class Role(StrEnum):
    """What a file shows."""

    FRONT = "front"
    BACK = "back"
    VIDEO = "video"
    RECEIPT = "receipt"
    PHOTO = "photo"


ROLE_TITLES: Final = MappingProxyType(
    {
        Role.FRONT: Text("卡正面照片", "photo of the front"),
        Role.BACK: Text("卡背面照片（看得到封条）", "photo of the back with its seal"),
        Role.VIDEO: Text("录像", "video"),
        Role.RECEIPT: Text("快递单据照片", "photo of the carrier's slip"),
        Role.PHOTO: Text("照片", "photo"),
    }
)

ROLES: Final[Mapping[StepName, tuple[Role, ...]]] = MappingProxyType(
    {
        _S.PACKED: (Role.FRONT, Role.BACK, Role.VIDEO),
        _S.SHIPPED: (Role.RECEIPT,),
        _S.SIGNED: (Role.RECEIPT,),
        _S.UNBOXED: (Role.VIDEO, Role.PHOTO),
        _S.ANNOUNCED: (Role.RECEIPT,),
        _S.RECEIVED: (Role.RECEIPT,),
        _S.INSPECTED: (Role.FRONT, Role.BACK, Role.VIDEO),
    }
)
"""Which files a step may have, one of each."""

_COMMON: Final = frozenset({"happened_at", "note", "reason"})
FIELDS: Final[Mapping[StepName, frozenset[str]]] = MappingProxyType(
    {
        _S.PACKED: frozenset({"serials", "weight_g", "who", *_COMMON}),
        _S.SHIPPED: frozenset({"carrier", "waybill_no", "weight_g", *_COMMON}),
        _S.SIGNED: frozenset({"who", *_COMMON}),
        _S.UNBOXED: frozenset({"waybill_no", "is_uncut", "is_waybill_visible", "is_tape_intact", *_COMMON}),
        _S.ANNOUNCED: frozenset({"carrier", "waybill_no", *_COMMON}),
        _S.RECEIVED: frozenset({"waybill_no", "weight_g", *_COMMON}),
        _S.INSPECTED: frozenset(
            {"serials", "weight_g", "who", "is_empty", "is_tape_intact", "is_scratch_intact", *_COMMON}
        ),
    }
)
"""What can be told of each step beside its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTold:
    """What somebody tells of a step. ``serials`` as read from the cards, one each; they are never printed.

    ``weight_g``: grams of the closed parcel. ``who``: who packed, signed or inspected. Flags: None is not told.
    ``reason``: why a step that is on record is told anew.
    """

    happened_at: datetime | None = None
    carrier: str = ""
    waybill_no: str = ""
    weight_g: int | None = None
    who: str = ""
    note: str = ""
    reason: str = ""
    serials: tuple[str, ...] = field(default=(), repr=False)
    is_uncut: bool | None = None
    is_waybill_visible: bool | None = None
    is_tape_intact: bool | None = None
    is_scratch_intact: bool | None = None
    is_empty: bool = False

    def strange_to(self, name: StepName) -> list[str]:
        """Return the names of what is told and has no place in a step."""
        told = {one for one in self.__slots__ if getattr(self, one) not in ("", None, (), False)}
        told |= {one for one in self.__slots__ if getattr(self, one) is False and one != "is_empty"}
        return sorted(told - FIELDS[name])


class Match(StrEnum):
    """How a serial that was read compares with the number that is on file."""

    SAME = "same"
    OTHER = "other"  # not one of the cards that were meant
    NONE_ON_FILE = "none_on_file"  # the stock knows no number: what is read now counts from here on


class Outcome(StrEnum):
    """What the inspection of a return found. Words about the card, never about the buyer."""

    INTACT = "intact"
    USED = "used"
    SWITCHED = "switched"
    EMPTY = "empty"
    PARTLY = "partly"  # fewer cards than were sent
    UNCLEAR = "unclear"


OUTCOMES: Final = MappingProxyType(
    {
        Outcome.INTACT: Text("同一张卡，没有刮开", "The same card, unscratched"),
        Outcome.USED: Text("同一张卡，已刮开", "The same card, scratched"),
        Outcome.SWITCHED: Text("序列号与寄出时的记录不符", "The serial is not the one on record when it was sent"),
        Outcome.EMPTY: Text("包裹里没有卡", "No card in the parcel"),
        Outcome.PARTLY: Text("退回的张数少于寄出的", "Fewer cards came back than were sent"),
        Outcome.UNCLEAR: Text("还看不出是否刮开", "Whether it was scratched is not told"),
    }
)


def outcome(*, matches: Sequence[Match], sent: int, is_scratch_intact: bool | None, is_empty: bool) -> Outcome:
    """Say what an inspection found, from what was read of the cards that came back; ``sent``: how many had gone out.

    A serial that differs counts before a scratch: of another card it says nothing whether that one was scratched.
    """
    if is_empty:
        return Outcome.EMPTY
    if Match.OTHER in matches:
        return Outcome.SWITCHED
    if is_scratch_intact is False:
        return Outcome.USED
    if len(matches) < sent:
        return Outcome.PARTLY
    return Outcome.INTACT if is_scratch_intact else Outcome.UNCLEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """One step as it is on record, for judging the chain. ``roles``: the files it has. ``is_linked``: its hash fits."""

    name: StepName
    happened_at: datetime
    carrier: str = ""
    waybill_no: str = ""
    weight_g: int | None = None
    who: str = ""
    flags: Mapping[str, bool] = field(default_factory=dict)
    matches: tuple[Match, ...] = ()
    roles: frozenset[Role] = frozenset()
    outcome: Outcome | None = None
    is_linked: bool = True


class Clash(StrEnum):
    """Ways in which the steps of one chain contradict each other."""

    SERIAL = "serial"
    WEIGHT = "weight"
    TAPE = "tape"
    WAYBILL = "waybill"
    TIMES = "times"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that does not fit: of which kind, at which step, in a sentence."""

    clash: Clash
    step: StepName
    text: Text


def next_steps(done: Sequence[StepName], begins_with: StepName = StepName.PACKED) -> list[StepName]:
    """Return the steps of a chain that can be noted now, the one that comes next first.

    What was passed over (a signature, the buyer's video) can still be noted, and a return may begin once it was sent.
    ``begins_with``: announced for a chain that is a further return only.
    """
    have = set(done)
    free = [
        name
        for name in ORDER
        if name not in have and (name is begins_with if (need := need_of(name, begins_with)) is None else need in have)
    ]
    if Way.BACK in {WAY[name] for name in have}:
        free.sort(key=lambda name: WAY[name] is not Way.BACK)
    return free


def need_of(name: StepName, begins_with: StepName) -> StepName | None:
    """Return which step must be on record before a step in a chain that begins so; None for what needs none."""
    return None if name is begins_with else NEEDS[name]


@dataclass(frozen=True, slots=True)
class Round:
    """One chain of some goods, for judging what may come after it: its beginning, what is done, what was found."""

    begins_with: StepName
    done: frozenset[StepName]
    outcome: Outcome | None = None


class Again(StrEnum):
    """What a further chain of the same goods is."""

    LOST = "lost"  # the parcel never arrived: other cards go out
    CAME_BACK = "came_back"  # the very same cards go out once more
    RETURN = "return"  # more comes back


AGAIN: Final = MappingProxyType(
    {
        Again.LOST: Text("快递丢件，另寄一张", "Lost by the carrier: send another card"),
        Again.CAME_BACK: Text("退回来的卡再寄一次", "Send the returned cards once more"),
        Again.RETURN: Text("买家又寄回一个包裹", "The buyer sends another parcel back"),
    }
)


def again(rounds: Sequence[Round]) -> Again | None:
    """Say which further chain the chains so far allow, oldest first; None: go on in the last one.

    A parcel that was signed for, or has set out on its way back, was not lost. Where a return brought the cards back
    the same ones can go out again; where it did not, more may still come.
    """
    last = rounds[-1]
    if _S.INSPECTED in last.done:
        return Again.CAME_BACK if last.outcome in (Outcome.INTACT, Outcome.USED) else Again.RETURN
    if _S.SHIPPED in last.done and not last.done & {_S.SIGNED, _S.ANNOUNCED}:
        return Again.LOST
    return None


def lacks(step: StepFacts) -> tuple[Text, ...]:
    """Say what a step on record still lacks as evidence. Nothing of it stops the next step."""
    return tuple(_lacks(step))


def _lacks(step: StepFacts) -> Iterator[Text]:
    name = step.name
    wanted = {_S.PACKED: ROLES[_S.PACKED], _S.SHIPPED: (Role.RECEIPT,), _S.INSPECTED: ROLES[_S.INSPECTED]}
    if step.outcome is not Outcome.EMPTY:
        yield from (ROLE_TITLES[role] for role in wanted.get(name, ()) if role not in step.roles)
    if name is _S.UNBOXED and not step.roles:
        yield Text("买家的开箱录像或照片", "the buyer's video or photo")
    if name in (_S.PACKED, _S.SHIPPED, _S.INSPECTED) and step.weight_g is None:
        yield Text("重量", "the weight")
    if name is _S.SIGNED and not step.who:
        yield Text("谁签收的", "who signed")
    if name is _S.INSPECTED and step.outcome is Outcome.UNCLEAR:
        yield Text("是否刮开", "whether it was scratched")
    if Match.NONE_ON_FILE in step.matches and name is _S.PACKED:
        yield Text("卡库里的卡号，无从比对", "the number in the stock to compare with")


def contradictions(steps: Sequence[StepFacts]) -> tuple[Contradiction, ...]:
    """List everything in the steps of one chain that does not fit, in the order of the steps."""
    by_name = {step.name: step for step in steps}
    of_names = (*_weights(by_name), *_tape(by_name), *_waybills(by_name), *_times(by_name))
    found = [*_serials(steps), *of_names, *_links(steps)]
    return tuple(sorted(found, key=lambda one: ORDER.index(one.step)))


def _serials(steps: Sequence[StepFacts]) -> Iterator[Contradiction]:
    for step in steps:
        if Match.OTHER in step.matches:
            yield Contradiction(Clash.SERIAL, step.name, OUTCOMES[Outcome.SWITCHED])


def _weights(steps: Mapping[StepName, StepFacts]) -> Iterator[Contradiction]:
    for first, second in ((_S.PACKED, _S.SHIPPED), (_S.RECEIVED, _S.INSPECTED)):
        one, two = steps.get(first), steps.get(second)
        if one is None or two is None or one.weight_g is None or two.weight_g is None:
            continue
        if abs(one.weight_g - two.weight_g) > WEIGHT_TOLERANCE_G:
            text = Text(
                f"重量不一致：{TITLES[first].zh}时 {one.weight_g} 克，{TITLES[second].zh}时 {two.weight_g} 克"
                f"（允许差 {WEIGHT_TOLERANCE_G} 克）",
                f"Weights differ: {one.weight_g} g when {TITLES[first].en.lower()}, {two.weight_g} g when "
                f"{TITLES[second].en.lower()} (up to {WEIGHT_TOLERANCE_G} g is allowed)",
            )
            yield Contradiction(Clash.WEIGHT, second, text)


def _tape(steps: Mapping[StepName, StepFacts]) -> Iterator[Contradiction]:
    step = steps.get(_S.UNBOXED)
    if step is not None and step.flags.get("is_tape_intact") is False:
        yield Contradiction(
            Clash.TAPE,
            step.name,
            Text("开箱画面里封条已破，寄出时的照片里是好的", "The seal is broken in the unboxing; whole when sent"),
        )


def _waybills(steps: Mapping[StepName, StepFacts]) -> Iterator[Contradiction]:
    for first, second in ((_S.SHIPPED, _S.UNBOXED), (_S.ANNOUNCED, _S.RECEIVED)):
        one, two = steps.get(first), steps.get(second)
        if one is None or two is None or not one.waybill_no or not two.waybill_no:
            continue
        if one.waybill_no != two.waybill_no:
            text = Text(
                f"运单号不一致：{TITLES[first].zh}是 {one.waybill_no}，{TITLES[second].zh}是 {two.waybill_no}",
                f"Waybills differ: {one.waybill_no} when {TITLES[first].en.lower()}, {two.waybill_no} when "
                f"{TITLES[second].en.lower()}",
            )
            yield Contradiction(Clash.WAYBILL, second, text)


def _times(steps: Mapping[StepName, StepFacts]) -> Iterator[Contradiction]:
    told = [steps[name] for name in ORDER if name in steps]
    for one, two in itertools.pairwise(told):
        if two.happened_at < one.happened_at - CLOCK_SLACK:
            text = Text(
                f"{TITLES[two.name].zh}的时间早于{TITLES[one.name].zh}",
                f"{TITLES[two.name].en} comes before {TITLES[one.name].en.lower()}",
            )
            yield Contradiction(Clash.TIMES, two.name, text)


def _links(steps: Sequence[StepFacts]) -> Iterator[Contradiction]:
    for step in steps:
        if not step.is_linked:
            yield Contradiction(
                Clash.LINK,
                step.name,
                Text("这一步与前一步的衔接对不上，记录可能被改过", "This step does not fit the one before: altered?"),
            )


def link(previous: str, told: Mapping[str, Any], files: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return what the hash of a step is made of: the hash of the step before, what was told, and (role, SHA-256)."""
    return {"previous": previous, "told": dict(told), "files": [list(pair) for pair in sorted(files)]}
