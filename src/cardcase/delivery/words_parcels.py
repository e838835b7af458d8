"""Reading what was typed of a step of a parcel, on the page and on the command line."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cardcase.delivery.rules.parcels import StepTold
from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

FLAGS: Final = ("is_uncut", "is_waybill_visible", "is_tape_intact", "is_scratch_intact")
_ANSWERS: Final = {"yes": True, "no": False, "": None}


def told_of(words: Mapping[str, str]) -> StepTold:
    """Return what the words of a form tell. Moments without a zone are Shanghai's. Raises WrongUse; repeats nothing."""

    def word(name: str) -> str:
        return words.get(name, "").strip()

    flags = {name: word(name) for name in FLAGS}
    if any(value not in _ANSWERS for value in flags.values()):
        raise WrongUse("只能答 yes 或 no", "Answer yes or no", code="bad_step")
    weight = word("weight_g")
    if weight and not (weight.isascii() and weight.isdecimal()):
        raise WrongUse(
            "重量要是整数，单位克",
            "The weight is a whole number of grams",
            next=Text("比如 52。", "Such as 52."),
            code="bad_weight",
        )
    return StepTold(
        happened_at=_moment(word("happened_at")),
        carrier=word("carrier"),
        waybill_no=word("waybill_no"),
        weight_g=int(weight) if weight else None,
        who=word("who"),
        note=word("note"),
        reason=word("reason"),
        serials=tuple(line for line in words.get("serials", "").splitlines() if line.strip()),
        is_empty=word("is_empty") == "yes",
        is_uncut=_ANSWERS[flags["is_uncut"]],
        is_waybill_visible=_ANSWERS[flags["is_waybill_visible"]],
        is_tape_intact=_ANSWERS[flags["is_tape_intact"]],
        is_scratch_intact=_ANSWERS[flags["is_scratch_intact"]],
    )


def number_of(words: Mapping[str, str]) -> int | None:
    """Return which parcel is meant, counted from 1; None when it is not told. Raises WrongUse."""
    typed = words.get("number", "").strip()
    if typed and not (typed.isascii() and typed.isdecimal() and len(typed) < 4):  # noqa: PLR2004 - no such number
        raise WrongUse("包裹的序号要是整数", "The number of a parcel is a whole number", code="bad_step")
    return int(typed) if typed else None


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(
            "时间看不懂",
            "The moment cannot be read",
            next=Text("写成 2026-11-24T20:12 这样。", "Write it like 2026-11-24T20:12."),
            code="not_a_moment",
        ) from None
    return told if told.tzinfo else told.replace(tzinfo=clock.SHANGHAI)
