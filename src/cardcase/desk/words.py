"""Words that Today and the case page share: reasons with their colours, amounts, titles."""

from cardcase.cases.models import Case
from cardcase.cases.rules import STATUS_TITLES, Status
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import IfMissed
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell.language import CHINESE, ENGLISH, say
from cardcase.shell.parts import Pill, Tone
from cardcase.triage.rules import Language, reasons

UNSTATED = ("", "unstated", "none")

_LANGUAGES = {
    Language.HANS: Text("简体中文", "Simplified Chinese"),
    Language.HANT: Text("繁体中文", "Traditional Chinese"),
    Language.ENGLISH: Text("英文", "English"),
    Language.OTHER: Text("别的语言", "another language"),
}

_STATUS_TONES = {
    Status.NEW: Tone.WARN,
    Status.NEEDS_RESPONSE: Tone.WARN,
    Status.AGREED: Tone.WARN,
    Status.SETTLED: Tone.GOOD,
    Status.WON: Tone.GOOD,
    Status.WITHDRAWN: Tone.GOOD,
    Status.LOST: Tone.BAD,
}


def language_of_buyer(case: Case) -> str:
    """Return the language to write to a buyer in: Chinese, unless he writes English.

    The desk may be read in English by staff who serve Chinese buyers; what is sent must still be Chinese.
    """
    return ENGLISH if case.language == Language.ENGLISH else CHINESE


def language_text(code: str, *, is_sure: bool) -> str:
    """Name what the buyer writes, by the code of triage; empty where no word of his tells."""
    language = Language(code) if code else Language.OTHER
    if language is Language.OTHER and not is_sure:
        return ""
    if language is Language.HANS and not is_sure:
        return say(Text("中文", "Chinese"))
    told = _LANGUAGES[language]
    return say(told if is_sure else Text(f"像是{told.zh}", f"{told.en}, it seems"))


def reason_pill(family: str, sub_reason: str, *, is_long: bool = False) -> Pill:
    """Name a reason: the sub-reason alone in lists, 「真实性质疑 › 卡密无效」 on the case."""
    if family in UNSTATED:
        return Pill(say(reasons.family_title(family or "unstated")), Tone.UNKNOWN)
    tone = Tone(family) if family in set(Tone) else Tone.UNKNOWN
    if not sub_reason:
        return Pill(say(reasons.family_title(family)), tone)
    title = say(reasons.title(sub_reason))
    return Pill(f"{say(reasons.family_title(family))} › {title}" if is_long else title, tone)


def status_pill(status: str, *, is_missed: bool = False) -> Pill:
    """Name where a case stands. ``is_missed``: it was lost because nobody answered in time, not by a ruling."""
    if is_missed and status == Status.LOST:
        return Pill(say(Text("超时退款", "Timed out")), Tone.BAD)
    return Pill(say(STATUS_TITLES[Status(status)]), _STATUS_TONES.get(Status(status), Tone.PLAIN))


def step_text(step: Text) -> str:
    """Say a next step as an order: Today and the case page already have 「下一步」 beside it."""
    chinese = step.zh.removeprefix("下一步：")
    english = step.en.removeprefix("Next: ")
    return say(Text(chinese, english[:1].upper() + english[1:]))


def due_text(clock: ClockView, due: str, amount: str) -> Text:
    """Say until when, and what happens without an act: a person reads it as one sentence."""
    lost = clock.if_missed_text
    if clock.if_missed is IfMissed.OWN_GOAL:
        return Text(
            f"{due} 前回复买家；这是我们自己的目标，平台不会因此退款",
            f"Answer by {due}: our own goal, nothing is refunded",
        )
    if clock.if_missed is IfMissed.WAIT_IS_OVER:
        return Text(f"等买家到 {due}，到时自动回到待办", f"Waiting for the buyer until {due}; then it comes back")
    if clock.if_missed is IfMissed.BACK_TO_WORK:
        return Text(f"先放着，{due} 回到待办", f"Put off; it comes back at {due}")
    return Text(
        f"{due} 前不处理：{lost.zh}{amount}", f"If nothing is done by {due}: {lost.en[:1].lower()}{lost.en[1:]}{amount}"
    )


def amount_text(fen: int | None) -> str:
    """Write an amount, or say that it is not known."""
    return yuan(fen) if fen is not None else say(Text("金额未知", "amount unknown"))


def goods_text(case: Case) -> str:
    """Name the goods of a case, from its listing; the order number's end when there is none."""
    listing = case.order.listing
    return goods_name(listing.title if listing is not None else "", case.order.order_no)


def goods_name(title: str | None, order_no: str) -> str:
    """Name goods by the title of their listing, or by the end of the order's number."""
    return title[:40] if title else say(Text(f"订单 …{order_no[-6:]}", f"order …{order_no[-6:]}"))


def buyer_text(case: Case) -> str:
    """Name the buyer by nick."""
    return buyer_name(case.buyer.nick if case.buyer else "")


def buyer_name(nick: str | None) -> str:
    """Name a buyer by nick, or as one whose nick nobody knows."""
    return nick or say(Text("买家", "buyer"))
