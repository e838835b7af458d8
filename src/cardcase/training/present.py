"""What the shop's corrections made of its reader, as sentences for the page and the command line, and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cardcase.cases import queries as cases
from cardcase.kit.clock import SHANGHAI, iso
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import EmptyState, Fact
from cardcase.staff.rules import Actor, Permission
from cardcase.triage import queries as triage
from cardcase.triage.models import ReaderFit

from .rules.adapting import LEAST, Verdict

_VERDICTS: Final = {
    Verdict.TOO_FEW: Text("标签太少", "too few labels"),
    Verdict.NOT_BETTER: Text("没有证明更好，不用", "not proved better, not used"),
    Verdict.FORGETS: Text("会把别的读错，不用", "it would read other texts worse, not used"),
    Verdict.ADOPTED: Text("证明更好", "proved better"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a shop's reader stands. ``reader`` is its name; ``fits`` the latest tries, the newest first."""

    is_on: bool
    reader: str
    is_corrected: bool
    labels: int
    agreed: int
    fits: Sequence[ReaderFit]


@dataclass(frozen=True, slots=True)
class CorrectionsPage:
    """The page: what people said of proposals, what was learned from it, what the owner may do."""

    state: str
    facts: tuple[Fact, ...]
    fits: tuple[Fact, ...]
    empty: EmptyState | None
    may_manage: bool
    is_on: bool
    may_go_back: bool


def standing(actor: Actor) -> Standing:
    """Gather how a shop's reader stands. Raises NotAllowed."""
    actor.require(Permission.INSIGHT)
    labels, agreed = cases.reason_label_counts(actor)
    reader, fits = triage.reader_of(actor), triage.fits(actor)
    is_corrected = "+" in reader.version
    return Standing(triage.is_on(actor), reader.version, is_corrected, labels, agreed, fits)


def page(actor: Actor, told: Standing) -> CorrectionsPage:
    """Write the page."""
    shares = (
        Fact(say(Text("人说过的原因", "Reasons that people said")), str(told.labels)),
        Fact(say(Text("和系统读的一样", "The same as was read")), f"{told.agreed}/{told.labels}"),
        Fact(say(Text("现在的读法", "The reader now")), told.reader),
    )
    nothing = EmptyState(
        say(Text("还没试过", "Nothing was tried yet")),
        say(
            Text(
                f"满 {LEAST} 条标签，每天试一次；在没见过的标签上证明更好、别的也没有读差，才会用。",
                f"From {LEAST} labels on it is tried once a day, and used only if it proves better on labels that it "
                "has not seen and reads nothing else worse.",
            )
        ),
    )
    return CorrectionsPage(
        state=say(_state(told)),
        facts=shares if told.labels else shares[::2],
        fits=tuple(_fit(one) for one in told.fits),
        empty=None if told.fits else nothing,
        may_manage=actor.may(Permission.MANAGE_SHOP),
        is_on=told.is_on,
        may_go_back=told.is_corrected,
    )


def document(told: Standing) -> dict[str, Any]:
    """Write the same for programs. Figures of shares in tenths of a thousandth."""
    return {
        "on": told.is_on,
        "reader": told.reader,
        "corrected": told.is_corrected,
        "labels": told.labels,
        "agreed": told.agreed,
        "fits": [
            {
                "number": one.number,
                "at": iso(one.at),
                "verdict": one.verdict,
                "labels": one.labels,
                "used": one.is_used,
                "set_aside": one.set_aside_at is not None,
                **one.figures,
            }
            for one in told.fits
        ],
    }


def _state(told: Standing) -> Text:
    if not told.is_on:
        return Text("已关闭：只用随产品来的读法。", "Off: only the reader that came with the product reads.")
    if told.is_corrected:
        return Text("在用：读原因时算上本店的更正。", "In use: the shop's corrections count when a reason is read.")
    return Text(
        "开着：还没有证明更好的，用随产品来的读法。", "On: nothing has proved better yet; the shipped reader reads."
    )


def _fit(one: ReaderFit) -> Fact:
    when = one.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    verdict = _VERDICTS[Verdict(one.verdict)]
    if one.is_used:
        verdict = Text(f"{verdict.zh}，在用", f"{verdict.en}, in use")
    elif one.set_aside_at is not None:
        verdict = Text(f"{verdict.zh}，店主退了回去", f"{verdict.en}, set aside by the owner")
    told = one.figures
    before, after = told.get("reference_before", 0) / 100, told.get("reference_after", 0) / 100
    note = Text(
        f"{one.labels} 条标签；没见过的读对 {told.get('right_before', 0)} → {told.get('right_after', 0)}，"
        f"变好 {told.get('better', 0)} 变差 {told.get('worse', 0)}；通用文本 {before:.1f}% → {after:.1f}%",
        f"{one.labels} labels; unseen read right {told.get('right_before', 0)} → {told.get('right_after', 0)}, "
        f"{told.get('better', 0)} better, {told.get('worse', 0)} worse; reference {before:.1f}% → {after:.1f}%",
    )
    return Fact(f"#{one.number} {when}", say(verdict), say(note))
