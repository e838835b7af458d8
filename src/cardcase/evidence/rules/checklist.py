"""The checklist of a case: for each kind of evidence that matters, have / ask / missing / contradicts, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cardcase.kit.text import Text

from .exhibits import RECORDING
from .facts import CaseFacts, ExhibitSeen
from .findings import Findings, find, is_recording_of_this_case
from .held import Known
from .known import known
from .matrix import PARTY_TITLES, Kind, Matrix, Party, Weight
from .timing import Timing
from .wording import listed, when


class ItemState(StrEnum):
    """Where one kind of evidence stands."""

    HAVE = "have"
    ASK = "ask"
    MISSING = "missing"
    CONTRADICTS = "contradicts"


STRENGTH: Final = {ItemState.HAVE: 3, ItemState.ASK: 2, ItemState.MISSING: 1, ItemState.CONTRADICTS: 0}
"""Rank of a state: what contradicts stands below what is missing (disputes.md §10)."""

STATE_TITLES: Final = {
    ItemState.HAVE: Text("已有", "have"),
    ItemState.ASK: Text("要", "ask"),
    ItemState.MISSING: Text("缺", "missing"),
    ItemState.CONTRADICTS: Text("矛盾", "contradicts"),
}

_ASKABLE: Final = frozenset({"buyer", "issuer", "supplier", "carrier"})


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist; all texts are finished sentences.

    ``wording`` asks the buyer for it, ready to copy. ``exhibits`` are the public ids of what is on file for it.
    ``is_against_seller``: it is kept all the same (the duty to keep), and it lowers the seller's chances.
    """

    kind: str
    title: Text
    state: ItemState
    party: Party
    why: Text
    how: Text | None
    weight: Weight
    wording: Text | None = None
    exhibits: tuple[str, ...] = ()
    is_against_seller: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that stands in the way of a refusal: a code for programs and a sentence with the way out."""

    code: str
    text: Text


def checklist(facts: CaseFacts, matrix: Matrix) -> tuple[Item, ...]:
    """Draw up the checklist: what we have first, then what to ask for, what is missing, what contradicts."""
    findings = find(facts, matrix)
    made = known(facts, findings, matrix)
    items = [
        item
        for kind, weight in matrix.relevant(facts.sub_reason)
        if not (kind.physical_only and not _may_be_a_parcel(facts))
        and (item := _item(kind, weight, facts, findings, made.get(kind.id))) is not None
    ]
    order = {kind.id: kind.order for kind in matrix.kinds.values()}
    return tuple(sorted(items, key=lambda item: (-STRENGTH[item.state], not item.weight.is_decisive, order[item.kind])))


_ABOUT_PARCELS: Final = frozenset({"A3", "O1", "O6", "O7"})
"""Sub-reasons that speak of something sent: there parcels are asked about until the channel says that none was.

V6 is none of them: most limits that were not told are those of a code, and nobody unpacks that on film.
"""


def _may_be_a_parcel(facts: CaseFacts) -> bool:
    physical = facts.order.is_physical
    return physical if physical is not None else facts.sub_reason in _ABOUT_PARCELS


def decline_gaps(
    items: Sequence[Item], facts: CaseFacts, matrix: Matrix, *, findings: Findings | None = None
) -> tuple[Gap, ...]:
    """List what a refusal still lacks: evidence missing, evidence contradicting, or a reason never refused."""
    needs = matrix.decline_needs(facts.sub_reason)
    if needs.never is not None:
        return (Gap("never_declined", needs.never),)
    gaps = [
        Gap(
            "evidence_contradicts",
            Text(
                f"证据“{item.title.zh}”自相矛盾：{item.why.zh}。先核实或说明原因后搁置它。",
                f"The evidence {item.title.en!r} contradicts: {item.why.en}. Clear it up or set it aside, saying why.",
            ),
        )
        for item in items
        if item.state is ItemState.CONTRADICTS
    ]
    groups = list(needs.groups)
    timing = (findings or find(facts, matrix)).timing
    if timing is Timing.REDEEMED_AFTER_REVEAL and needs.also_if_redeemed:
        groups.append(needs.also_if_redeemed)
    held = {item.kind for item in items if item.state is ItemState.HAVE and not item.is_against_seller}
    listed_kinds = {item.kind for item in items}
    for group in groups:
        wanted = [kind for kind in group if kind in listed_kinds] or list(group)
        if not held.intersection(group):
            titles = listed((matrix.kinds[kind].title for kind in wanted), zh="”或“", en=" or ")
            gaps.append(
                Gap(
                    "evidence_missing",
                    Text(
                        f"还缺“{titles.zh}”。{matrix.kinds[wanted[0]].how_zh}",
                        f"Still lacking: {titles.en}. {matrix.kinds[wanted[0]].how_en}",
                    ),
                )
            )
    return tuple(dict.fromkeys(gaps))


def counts(exhibit: ExhibitSeen, kind: Kind, facts: CaseFacts) -> bool:
    """Tell whether an exhibit counts: it is tied to this case by a recorded fact and tells what its kind must tell.

    Presence is not strength; that recorded facts do not contradict is checked apart (``contradictions``).
    """
    if kind.id == RECORDING and any(request.nonce for request in facts.requests):
        return is_recording_of_this_case(exhibit, facts)
    is_tied = not kind.ties or any(exhibit.facts.get(key) not in (None, "") for key in kind.ties)
    return is_tied and (not kind.tells or any(exhibit.facts.get(key) is not None for key in kind.tells))


def _item(kind: Kind, weight: Weight, facts: CaseFacts, findings: Findings, made: Known | None) -> Item | None:
    exhibits = tuple(exhibit for exhibit in facts.exhibits if exhibit.kind == kind.id)
    against = [one for one in findings.contradictions if one.kind == kind.id]
    counted = [exhibit for exhibit in exhibits if counts(exhibit, kind, facts)]
    is_against = False
    if against:
        state, why = ItemState.CONTRADICTS, listed(one.text for one in against)
    elif counted:
        state, why = ItemState.HAVE, _exhibit_why(counted)
        is_against = any(exhibit.is_against_seller for exhibit in counted)
    elif made is not None and made.is_held:
        state, why, is_against = ItemState.HAVE, made.why, made.is_against_seller
    else:
        if made is not None and made.is_idle and not exhibits and not weight.is_decisive:
            return None
        state, why = _absent(kind, weight, facts, exhibits, made)
    if is_against:
        why = Text(f"{why.zh}（对店铺不利，照样保留）", f"{why.en} (against the shop; kept all the same)")
    return Item(
        kind=kind.id,
        title=kind.title,
        state=state,
        party="buyer" if weight in (Weight.ASK_DECISIVE, Weight.ASK_SUPPORTS) else kind.party,
        why=why,
        how=None if state is ItemState.HAVE else kind.how,
        weight=weight,
        wording=kind.wording(_nonce(facts)) if state is ItemState.ASK else None,
        exhibits=tuple(exhibit.public_id for exhibit in exhibits),
        is_against_seller=is_against,
    )


def _nonce(facts: CaseFacts) -> str:
    return next((request.nonce for request in facts.requests if request.state == "open" and request.nonce), "")


def _exhibit_why(counted: list[ExhibitSeen]) -> Text:
    latest = max(counted, key=lambda exhibit: (exhibit.captured_at is not None, exhibit.captured_at))
    party = PARTY_TITLES.get(latest.party, PARTY_TITLES["seller"])
    said = Text("", "")
    if latest.captured_at is not None:
        moment = when(latest.captured_at)
        said = Text(f"{moment.zh} 存档，", f"kept {moment.en}, ")
    shown = Text("与本单事实相符", "agrees with the facts of this case")
    return Text(
        f"{said.zh}来自{party.zh}，{shown.zh}" + (f"，共 {len(counted)} 份" if len(counted) > 1 else ""),
        f"{said.en}from {party.en}, {shown.en}" + (f", {len(counted)} in all" if len(counted) > 1 else ""),
    )


def _absent(
    kind: Kind, weight: Weight, facts: CaseFacts, exhibits: tuple[ExhibitSeen, ...], made: Known | None
) -> tuple[ItemState, Text]:
    asked = [request for request in facts.requests if kind.id in request.kinds]
    is_askable = kind.party in _ASKABLE or weight in (Weight.ASK_DECISIVE, Weight.ASK_SUPPORTS)
    if made is not None and not made.can_be_asked:
        is_askable = False
    state = ItemState.ASK if is_askable else ItemState.MISSING
    if exhibits:
        return state, Text(
            f"收到 {len(exhibits)} 份，但还没登记能对上本单的事实（{_wanted(kind).zh}），暂不算数",
            f"{len(exhibits)} received, but no fact ties it to this case yet ({_wanted(kind).en}), so it does "
            "not count",
        )
    if any(request.state == "open" for request in asked):
        request = next(request for request in asked if request.state == "open")
        party = PARTY_TITLES[request.to] if request.to in PARTY_TITLES else PARTY_TITLES["buyer"]
        due = when(request.due_at)
        word = Text(f"，口令 {request.nonce}", f", word {request.nonce}") if request.nonce else Text("", "")
        return ItemState.ASK, Text(
            f"已向{party.zh}要，{due.zh} 前{word.zh}", f"asked of {party.en}, due {due.en}{word.en}"
        )
    if asked:
        refused = any(request.state == "refused" for request in asked)
        return ItemState.MISSING, (
            Text("要过，对方不肯给", "asked for, and refused")
            if refused
            else Text("要过，到期没有收到", "asked for, and not received in time")
        )
    if made is not None:
        return state, made.why
    if state is ItemState.ASK:
        party = PARTY_TITLES["buyer" if kind.party not in _ASKABLE else kind.party]
        return state, Text(
            f"还没有；向{party.zh}要，能看出{kind.shows.zh}", f"not there yet; {party.en} can give it: {kind.shows.en}"
        )
    return state, Text(f"没有记录；它能说明{kind.shows.zh}", f"nothing on record; it would tell {kind.shows.en}")


_FACT_NAMES: Final = {
    "order_no": Text("订单号", "order number"),
    "tail4": Text("卡尾号", "card tail"),
    "nonce": Text("口令", "given word"),
    "ticket_no": Text("工单号", "ticket number"),
    "waybill_no": Text("运单号", "waybill number"),
    "refund_no": Text("退款单号", "refund number"),
    "account": Text("账号", "account"),
    "account_region": Text("账号地区", "account region"),
    "batch": Text("批次", "batch"),
    "is_usable": Text("能否使用", "usable or not"),
    "is_redeemed": Text("是否已兑换", "redeemed or not"),
    "redeemed_at": Text("兑换时间", "redemption time"),
    "redeemed_on": Text("兑换日期", "redemption day"),
    "balance_fen": Text("余额", "balance"),
}


def _wanted(kind: Kind) -> Text:
    return listed((_FACT_NAMES.get(key, Text(key, key)) for key in (*kind.ties, *kind.tells)), zh="、", en=", ")
