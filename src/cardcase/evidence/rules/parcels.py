"""What the record of a physical card's parcel shows (N15): E14 packing, E15 unboxing, E16 the carrier, E17 the return.

The chain itself is kept and judged in ``delivery``; here it becomes evidence. Words are about the record alone.
"""

from collections.abc import Mapping
from typing import Final

from cardcase.kit.text import Text

from .facts import CaseFacts, ParcelSeen
from .held import Known
from .wording import listed, when

INTACT: Final = "intact"
"""The finding of an inspection that speaks for the buyer: what came back is what was sent, untouched."""
_SETTLED: Final = frozenset({"intact", "used", "switched", "empty"})


def of_parcel(facts: CaseFacts) -> Mapping[str, Known]:
    """Return what our own record of the parcel holds, by kind; nothing when there is no parcel."""
    parcel = facts.parcel
    if parcel is None:
        return {}
    made = {"E14": _packing(parcel), "E15": _unboxing(parcel), "E16": _carrier(parcel), "E17": _inspection(parcel)}
    return {kind: one for kind, one in made.items() if one is not None}


def _packing(parcel: ParcelSeen) -> Known | None:
    if parcel.packed_at is None:
        return Known(is_held=False, why=Text("还没有登记打包", "packing is not on record"))
    moment = when(parcel.packed_at)
    if not parcel.has_packing_video:
        return Known(
            is_held=False,
            why=Text(f"{moment.zh} 登记了打包，没有录像", f"packed {moment.en}, without a video"),
        )
    compared = (
        Text("序列号与卡库一致", "serial as in the stock")
        if parcel.is_serial_same
        else Text("卡库里没有卡号，序列号以打包时为准", "no number in the stock to compare with")
    )
    return Known(
        is_held=True,
        why=Text(f"{moment.zh} 打包，有录像，{compared.zh}", f"packed {moment.en}, with video, {compared.en}"),
    )


def _carrier(parcel: ParcelSeen) -> Known | None:
    if parcel.shipped_at is None:
        return Known(is_held=False, why=Text("还没有寄出", "not shipped yet"), can_be_asked=False)
    sent = when(parcel.shipped_at)
    weight = f"，{parcel.weight_g} 克" if parcel.weight_g is not None else ""
    grams = f", {parcel.weight_g} g" if parcel.weight_g is not None else ""
    head = Text(
        f"{parcel.carrier} {parcel.waybill_no}，{sent.zh} 寄出{weight}",
        f"{parcel.carrier} {parcel.waybill_no}, shipped {sent.en}{grams}",
    )
    if parcel.signed_at is None:
        return Known(is_held=False, why=Text(f"{head.zh}，没有签收记录", f"{head.en}, no signature on record"))
    signed, who = when(parcel.signed_at), parcel.signed_by
    return Known(
        is_held=True,
        why=Text(
            f"{head.zh}，{signed.zh} 签收" + (f"（{who}）" if who else ""),
            f"{head.en}, signed for {signed.en}" + (f" ({who})" if who else ""),
        ),
    )


def _unboxing(parcel: ParcelSeen) -> Known | None:
    if parcel.unboxed_at is None:
        return None
    told = when(parcel.unboxed_at)
    if not (parcel.has_unboxing_video and parcel.is_uncut):
        return Known(
            is_held=False,
            why=Text(
                f"{told.zh} 买家发来开箱画面，不是不间断的录像",
                f"the buyer sent pictures of the unboxing {told.en}, no uncut video",
            ),
        )
    flags = [
        said
        for value, said in (
            (parcel.is_waybill_visible, Text("看得到面单", "label readable")),
            (parcel.is_tape_intact, Text("封条完好", "seal whole")),
        )
        if value
    ]
    if parcel.is_tape_intact is False:
        flags.append(Text("封条已破", "seal broken"))
    shown = listed(flags, zh="，", en=", ") if flags else Text("没有登记看到什么", "what it shows is not noted")
    return Known(
        is_held=True,
        why=Text(f"{told.zh} 买家发来不间断的开箱录像，{shown.zh}", f"uncut unboxing video of {told.en}, {shown.en}"),
        is_against_seller=parcel.is_tape_intact is False,
    )


def _inspection(parcel: ParcelSeen) -> Known | None:
    if parcel.inspected_at is None:
        if parcel.received_at is not None:
            return Known(is_held=False, why=Text("退件收到了，还没有查验", "the return is here and not inspected yet"))
        return Known(is_held=False, why=Text("没有收到退件", "no return was received"), is_idle=True)
    moment, found = when(parcel.inspected_at), parcel.outcome_text
    if parcel.outcome not in _SETTLED:
        return Known(is_held=False, why=Text(f"{moment.zh} 查验：{found.zh}", f"inspected {moment.en}: {found.en}"))
    film = Text("有录像", "with video") if parcel.has_inspection_video else Text("没有录像", "without video")
    return Known(
        is_held=True,
        why=Text(f"{moment.zh} 查验退件：{found.zh}，{film.zh}", f"inspected {moment.en}: {found.en}, {film.en}"),
        is_against_seller=parcel.outcome == INTACT,
    )
