"""What somebody tells of a step of a parcel, brought into its kept form before anything is written: words and files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from cardcase.cards import masking
from cardcase.cards import queries as card_queries
from cardcase.delivery.models import ParcelStep
from cardcase.delivery.rules import parcels as chain_rules
from cardcase.delivery.rules.parcels import Role, StepName, StepTold
from cardcase.kit.errors import NotFound, Refused, WrongUse
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

HEAVIEST_G: Final = 30_000
"""Grams of the heaviest parcel that is believed: carriers take up to 30 kg. Our own choice."""
_WAYBILL: Final = re.compile(r"[0-9A-Z]{8,30}")
"""Letters and digits; 闲管家 wants ten or more (platform-rules §1.1), smaller carriers have eight."""


class Upload(Protocol):
    """A file that comes in pieces, as Django hands it over."""

    def chunks(self) -> Iterator[bytes]:
        """Return its bytes in pieces."""


def step_name(step: str) -> StepName:
    """Return the step of this name. Raises NotFound."""
    try:
        return StepName(step)
    except ValueError:
        raise NotFound(
            "没有这一步",
            "There is no such step",
            next=Text(f"可用的有：{'、'.join(StepName)}。", f"There are: {', '.join(StepName)}."),
        ) from None


def files_of(name: StepName, files: Mapping[str, Upload]) -> dict[Role, Upload]:
    """Return the files of a step by role. Raises WrongUse (bad_media) for one that it does not take."""
    allowed = {role.value: role for role in chain_rules.ROLES[name]}
    strange = sorted(set(files) - set(allowed))
    if strange:
        raise WrongUse(
            f"这一步不收这种文件；可以有：{'、'.join(allowed)}",
            f"This step takes no such file; it may have: {', '.join(allowed)}",
            code="bad_media",
        )
    return {allowed[role]: upload for role, upload in files.items()}


def cleaned(actor: Actor, name: StepName, told: StepTold, at: datetime) -> StepTold:
    """Return what was told in its kept form: codes masked in words, the waybill without spaces. Raises WrongUse."""
    if told.strange_to(name):
        raise WrongUse(
            "这一步没有这几项：" + "、".join(told.strange_to(name)),
            "This step has no such fields: " + ", ".join(told.strange_to(name)),
            code="bad_step",
        )
    moment = told.happened_at
    if moment is not None and (moment.tzinfo is None or moment > at + chain_rules.CLOCK_SLACK):
        raise WrongUse("时间在将来，或没有时区", "The moment lies in the future or has no zone", code="not_a_moment")
    if told.weight_g is not None and not 0 < told.weight_g <= HEAVIEST_G:
        raise WrongUse(
            f"重量要在 1 到 {HEAVIEST_G} 克之间",
            f"The weight lies between 1 and {HEAVIEST_G} grams",
            next=Text("单位是克。", "The unit is grams."),
            code="bad_weight",
        )
    waybill = re.sub(r"[\s\-]+", "", told.waybill_no).upper()
    if not waybill and name in (StepName.SHIPPED, StepName.ANNOUNCED):
        raise _bad_waybill()
    if waybill and (not _WAYBILL.fullmatch(waybill) or card_queries.card_of_code(actor, CardCode(waybill)) is not None):
        raise _bad_waybill()  # what was typed is not repeated: a card code may have slipped in
    if name is StepName.SHIPPED and not told.carrier.strip():
        raise WrongUse("要写明快递公司", "Name the carrier", code="bad_step")
    words = (told.carrier, told.who, told.note, told.reason)
    carrier, who, note, reason = (one.text for one in masking.mask_texts(actor, [word.strip() for word in words]))
    return StepTold(
        happened_at=moment,
        carrier=carrier[:40],
        waybill_no=waybill,
        weight_g=told.weight_g,
        who=who[:80],
        note="；".join(part for part in (note, reason) if part)[:300],
        reason=reason[:300],
        serials=told.serials,
        is_uncut=told.is_uncut,
        is_waybill_visible=told.is_waybill_visible,
        is_tape_intact=told.is_tape_intact,
        is_scratch_intact=told.is_scratch_intact,
        is_empty=told.is_empty,
    )


def _bad_waybill() -> WrongUse:
    return WrongUse(
        "运单号要填，8 到 30 位字母和数字",
        "The waybill number is needed: 8 to 30 letters and digits",
        next=Text("照快递单上的写。", "Write it as it stands on the slip."),
        code="bad_waybill",
    )


def check_turn(
    before: Sequence[ParcelStep], name: StepName, told: StepTold, begins_with: StepName
) -> ParcelStep | None:
    """Return the row that is told anew, None for a step that is new. Raises Refused when it is not its turn."""
    done = {row.name for row in before}
    if name.value in done:
        last = before[-1]
        title = chain_rules.TITLES[name]
        if last.name != name.value:
            raise Refused(
                f"“{title.zh}”之后已经有别的步骤，不能改了",
                f"Other steps follow “{title.en}”: it can no longer be told anew",
                next=Text("在备注里写明，或在售后单里说明。", "Say it in a note of the next step, or in a case."),
                code="step_on_record",
            )
        if not told.reason:
            raise Refused(
                f"“{title.zh}”已经登记过；要更正请写明原因",
                f"“{title.en}” is on record; to tell it anew, say why",
                next=Text("写一句为什么。", "Say why in one sentence."),
                code="step_on_record",
            )
        return last
    need = chain_rules.need_of(name, begins_with)
    if need is None and name is not begins_with:
        need = begins_with  # a further return holds nothing that is packed
    if need is not None and need.value not in done:
        first = chain_rules.TITLES[need]
        raise Refused(
            f"先登记“{first.zh}”",
            f"Note “{first.en}” first",
            next=Text("按顺序登记，每一步接着上一步。", "Each step is linked to the one before."),
            code="step_out_of_turn",
            needs=need.value,
        )
    return None
