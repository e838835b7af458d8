"""The boxes of the case page on which one decides: the reason, the evidence, the remedies, the reply."""

from collections.abc import Iterator

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.cases.rules import Event, Status
from cardcase.desk import pages, words
from cardcase.desk.pages_reply import DraftBox, ReplyChecks
from cardcase.evidence.rules import STATE_TITLES, Item, ItemState
from cardcase.inbox import queries as inbox
from cardcase.inbox import writer
from cardcase.inbox.reading import Reading, read_reply
from cardcase.inbox.rules import tone
from cardcase.inbox.rules.drafts import Draft, Form
from cardcase.inbox.rules.segments import cut
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.remedies.rules import Blocker, Option
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import Check, Fact, Link
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import reasons

from . import forms
from .drafting import AS_IT_IS, MOST_TURNS, Wish
from .view import Background, CaseView

LIMIT = 200
"""Characters that the marketplace takes in one message."""

UNSURE = 60
"""Per cent below which a number would look surer than it is."""

SHORT = 24
"""Characters that stand beside a title on a phone within two lines."""

HARM_FROM = 100
"""分 from which money that may be wrongly withheld is worth a sentence."""

WHOLE_FROM = 1000
"""分 from which a range is rounded to whole yuan: the cents of an estimate say nothing."""


def reason(actor: Actor, view: CaseView, behind: Background) -> pages.ReasonBox:
    """Write what the buyer claims, the words it rests on, and who confirmed it."""
    case = view.case
    confirmed = ""
    if case.reason_confirmed_at is not None:
        who = case.reason_confirmed_by.get_username() if case.reason_confirmed_by else ""
        when = timing.moment_text(case.reason_confirmed_at, now=view.now)
        confirmed = say(Text(f"{who} {when} 已确认", f"confirmed by {who} {when}"))
    second = found = ""
    if case.second_reason and not confirmed:
        title = reasons.title(case.second_reason)
        second = say(Text(f"也可能是：{title.zh}", f"It may also be: {title.en}"))
    if case.found_cause:
        found = say(reasons.title(case.found_cause))
    spoken = dict.fromkeys(
        (quote["text"], f"m-{quote['message']}") for quote in case.quotes if quote["message"].startswith("msg_")
    )
    return pages.ReasonBox(
        pill=words.reason_pill(case.claimed_reason, case.sub_reason, is_long=True),
        confidence=_confidence(case),
        quotes=tuple(pages.QuoteLink(text, anchor) for text, anchor in spoken),
        second=second,
        form=case.refund.reason_raw if case.refund is not None else "",
        found=found,
        before=tuple(_claimed_before(view, behind)),
        language=words.language_text(case.language, is_sure=case.is_language_sure),
        confirmed=confirmed,
        confirm=forms.confirm_reason(actor, case) if not confirmed else None,
        change=forms.change_reason(actor, case),
        cause=forms.cause(actor, case),
    )


def _claimed_before(view: CaseView, behind: Background) -> Iterator[str]:
    """Say what was claimed before the present claim, latest first."""
    for claim in reversed(behind.claims):
        pill = words.reason_pill(claim.claimed_reason, claim.sub_reason).text
        amount, until = words.amount_text(claim.claimed_fen), timing.moment_text(claim.until, now=view.now)
        yield say(Text(f"{until} 之前说的：{pill}，{amount}", f"Claimed until {until}: {pill}, {amount}"))


def _confidence(case: Case) -> str:
    if case.confidence is None or case.reason_confirmed_at is not None or case.claimed_reason in words.UNSTATED:
        return ""
    percent = round(case.confidence * 100)
    if percent < UNSURE:
        return say(Text("把握不大", "not sure"))
    return say(Text(f"把握 {percent}%", f"{percent}% sure"))


_PARTIES = {
    "buyer": Text("向买家要", "ask the buyer"),
    "issuer": Text("找发卡方查", "ask the issuer"),
    "supplier": Text("找货源方要", "ask the supplier"),
    "platform": Text("平台记录", "the platform's record"),
    "seller": Text("自己准备", "ours to provide"),
    "carrier": Text("找快递查", "ask the carrier"),
}


def evidence(actor: Actor, view: CaseView) -> pages.EvidenceBox:
    """Write the checklist: what is there, what to ask for and how, what is missing, what contradicts."""
    counts = [
        (state, sum(item.state is state for item in view.items))
        for state in (ItemState.HAVE, ItemState.ASK, ItemState.MISSING, ItemState.CONTRADICTS)
    ]
    return pages.EvidenceBox(
        summary=" · ".join(f"{say(STATE_TITLES[state])} {number}" for state, number in counts if number),
        rows=tuple(_evidence_row(view, item) for item in view.items),
        tip=say(view.judged.tip) if view.judged.tip and view.case.is_open else "",
        upload=forms.upload(actor, view),
        call=forms.call(actor, view),
    )


def _evidence_row(view: CaseView, item: Item) -> pages.EvidenceRow:
    is_wanted = item.state is not ItemState.HAVE and view.case.is_open
    return pages.EvidenceRow(
        title=say(item.title),
        state=pages.EvidenceState(item.state.value),
        state_text=say(STATE_TITLES[item.state]),
        why=say(item.why),
        party=say(_PARTIES.get(item.party, Text("", ""))) if is_wanted else "",
        weight=say(Text("决定性", "decisive")) if item.weight.is_decisive else "",
        wording=item.wording.say(words.language_of_buyer(view.case)) if item.wording and is_wanted else "",
        how=say(item.how) if item.how and is_wanted else "",
        ask=forms.ask(view, item) if is_wanted else None,
        exhibits=tuple(
            Link(say(Text("看原件", "See it")), reverse("exhibit", args=[view.case.number, exhibit]))
            for exhibit in item.exhibits
        ),
    )


def remedies(actor: Actor, view: CaseView) -> pages.RemedyBox:
    """Write the remedies: the advised one first, then what can be done, then what cannot and why."""
    running, offer = view.judged.remedy, view.judged.offer
    titles = {option.kind: option.title for option in view.options}
    told = ""
    if running is not None:
        title = titles.get(running.kind, Text(running.kind, running.kind))
        amount = f" {yuan(running.amount_fen)}" if running.amount_fen is not None else ""
        told = say(Text(f"已定：{title.zh}{amount}", f"Agreed: {title.en}{amount}"))
    elif offer is not None:
        title = titles.get(offer.kind, Text(offer.kind, offer.kind))
        until = timing.moment_text(offer.expires_at, now=view.now)
        told = say(Text(f"已提出：{title.zh}，{until} 前有效", f"Offered: {title.en}, until {until}"))
    shown = sorted(view.options, key=lambda option: (not option.is_recommended, not option.allowed))
    return pages.RemedyBox(
        floor=say(view.floor),
        rows=tuple(_remedy_row(actor, view, option) for option in shown) if _is_choosing(view) else (),
        current=told,
        history=tuple(_offers(view, titles)),
    )


_OFFER_STATES = {
    "accepted": Text("买家接受", "accepted"),
    "denied": Text("买家不接受", "denied"),
    "countered": Text("买家另提条件", "countered"),
    "expired": Text("过期", "expired"),
    "withdrawn": Text("没有提出，或已撤回", "withdrawn"),
}


def _offers(view: CaseView, titles: dict[str, Text]) -> Iterator[str]:
    """Say how earlier offers ended."""
    for offer in view.judged.offers:
        if offer.state not in _OFFER_STATES:
            continue
        title, ended = titles.get(offer.kind, Text(offer.kind, offer.kind)), _OFFER_STATES[offer.state]
        amount = f" {yuan(offer.amount_fen)}" if offer.amount_fen is not None else ""
        counter = f" {yuan(offer.counter_fen)}" if offer.counter_fen is not None else ""
        when = timing.moment_text(offer.proposed_at, now=view.now)
        yield say(
            Text(
                f"{when} 提过 {title.zh}{amount}：{ended.zh}{counter}",
                f"{when} {title.en}{amount}: {ended.en}{counter}",
            )
        )


def _is_choosing(view: CaseView) -> bool:
    """Tell whether there is anything to choose: not after the end, and not while a remedy is carried out."""
    return view.case.is_open and view.case.status not in (Status.AGREED, Status.EXECUTING)


def _remedy_row(actor: Actor, view: CaseView, option: Option) -> pages.RemedyRow:
    needs = [option.explains, option.needs, _harm(option)] if option.allowed else []
    ways = [form for form in (forms.remedy(actor, view, option), forms.concede(view, option)) if form is not None]
    is_asking = option.allowed and option.route == "ask"
    return pages.RemedyRow(
        title=say(option.title),
        cost=_cost(option),
        needs="".join(say(text) for text in needs if text),
        waits=_waits(view, option) if option.allowed and not ways and not is_asking else "",
        is_recommended=option.is_recommended,
        is_floor=option.is_floor,
        short=_short(option.blocked_by),
        blocked=tuple(say(blocker.text) for blocker in option.blocked_by),
        act=ways[0] if ways else None,
        more=ways[1] if len(ways) > 1 else None,
        link=Link(say(Text("看清单，去要证据", "See what to ask for")), "#evidence") if is_asking else None,
    )


def _short(blocked_by: tuple[Blocker, ...]) -> str:
    """Return the first reason up to where it begins to say what to do: enough for a phone at first sight."""
    if not blocked_by:
        return ""
    text = blocked_by[0].text
    return say(Text(_first(text.zh, "：。；", "，", 4), _first(text.en, ":.;", ",", 16)))


def _first(text: str, ends: str, pauses: str, least: int) -> str:
    """Return a sentence up to its first stop, and up to its first pause when it is still long."""
    for stops in (ends, pauses):
        cut = min((place for stop in stops if (place := text.find(stop, least)) > 0), default=len(text))
        text = text[:cut]
        if len(text) <= SHORT:
            break
    return text


_EVENTS = {"offer": Event.OFFERED, "accept": Event.CONCEDED, "decline": Event.DECLINED, "escalate": Event.ESCALATED}


def _waits(view: CaseView, option: Option) -> str:
    """Say why an allowed remedy has no button now: the case has to stand elsewhere first, or another person decides."""
    if view.case.reason_confirmed_at is None:
        return say(Text("确认原因之后就能选。", "Can be chosen once the reason is confirmed."))
    event = _EVENTS.get(option.route)
    move = view.move(event) if event is not None else None
    if move is not None and move.why_not is not None:
        return say(move.why_not)
    if option.route == "offer" and not forms.has_time_to_answer(view):
        return say(Text("时限快到了，来不及等买家答复。", "The deadline is too close for the buyer to answer."))
    if view.judged.offer is not None:
        return say(Text("先记下买家对上一个方案的答复。", "Record the buyer's answer to the open offer first."))
    return ""


def _cost(option: Option) -> str:
    low, high = option.cost_low_fen, option.cost_high_fen
    if low is None or high is None:
        return ""
    if low == high:
        shown = yuan(low)
    elif high >= WHOLE_FROM:
        shown = f"¥{low // 100:,}–{-(-high // 100):,}"
    else:
        shown = f"{yuan(low)}–{yuan(high).removeprefix('¥')}"
    return say(Text(f"约花 {shown}", f"costs about {shown}"))


def _harm(option: Option) -> Text | None:
    """Say what a remedy may wrongly keep from a buyer who is owed; nothing below one yuan."""
    if option.harm_fen is None or option.harm_fen < HARM_FROM:
        return None
    harm = yuan(option.harm_fen)
    return Text(f"按现有证据，可能错扣买家约 {harm}。", f"On what is known, may wrongly withhold about {harm}.")


def _may_ask_model(actor: Actor) -> bool:
    """Tell whether a model is set up and the owner has agreed that buyers' words go there."""
    to = writer.destination()
    return to is not None and inbox.has_agreed(actor, to)


def draft(actor: Actor, view: CaseView, behind: Background, typed: dict[str, str], wish: Wish) -> DraftBox | None:
    """Write the reply: the person's own words win over what was saved, and that over what is suggested.

    A suggestion that was asked for (another wording, another form) is shown in the place of what was saved.
    """
    case = view.case
    if view.draft is None or not actor.may(Permission.WORK):
        return None
    saved = next((reply for reply in reversed(behind.replies) if reply.state == "draft"), None)
    mine = typed.get("text", "")
    kept = saved if wish == AS_IT_IS else None
    is_ours = not mine and kept is None
    text = mine or (kept.text if kept else view.draft.text)
    detail = reply_checks(read_reply(actor, text))
    blocked = ""
    if case.is_held:
        blocked = say(
            Text("先看完买家的话、确认原因，再发送。", "Read the buyer's words and confirm the reason first.")
        )
    return DraftBox(
        text=text,
        limit=LIMIT,
        length_text=f"{len(text)} / {LIMIT}",
        checks=detail.checks,
        detail=detail,
        suggest_url=forms.url(case, "suggest") if _may_ask_model(actor) else "",
        save_url=forms.url(case, "reply"),
        sent_url=forms.url(case, "sent"),
        sent_blocked=blocked,
        check_url=forms.url(case, "check"),
        note=_draft_note(view.draft, is_over_saved=saved is not None) if is_ours else "",
        meaning=view.draft_meaning if is_ours else "",
        filled=tuple(
            Fact(say(one.title), one.value, note=say(one.source) if one.source else "") for one in view.draft.filled
        )
        if is_ours
        else (),
        missing=tuple(
            say(Text("{title}：{how}", "{title}: {how}").format(title=say(one.title), how=say(one.how)))
            for one in view.draft.missing
        )
        if is_ours
        else (),
        others=_other_wordings(case, wish),
        sent_texts=tuple(
            f"{timing.moment_text(reply.sent_at, now=view.now)} {reply.sent_by}：{reply.text}"
            for reply in behind.replies
            if reply.state == "sent" and reply.sent_at
        ),
    )


def hold(actor: Actor, view: CaseView) -> pages.Hold | None:
    """Say that messages wait for the reason; an alarm once the margin of the platform's clock is reached."""
    case, clock = view.case, view.clock
    if not case.is_held or not case.is_open:
        return None
    is_alarm = clock is not None and view.now >= clock.margin_at
    calm = Text(
        "自动消息已暂停：看完买家的话、确认原因再回复。平台的时限照走。",
        "Outgoing messages wait until the reason is confirmed; the platform's clock runs on.",
    )
    late = Text(
        "时限快到了，消息还停着：请马上确认原因。", "Time is nearly up and messages still wait: confirm the reason now."
    )
    return pages.Hold(say(late if is_alarm else calm), is_alarm, forms.lift_hold(actor, case))


def reply_checks(reading: Reading) -> ReplyChecks:
    """Draw what is said about the words of a reply: which places, why, and a better way."""
    spans = [(one.start, one.end) for one in reading.findings]
    return ReplyChecks(
        checks=tuple(
            Check(check.ok, say(check.told), is_hint=check.is_hint)
            for check in sorted(reading.checks, key=lambda check: (check.ok, not check.stops))
        ),
        marked=tuple(cut(reading.text, spans)) if spans and reading.text.strip() else (),
        whys=tuple(
            Fact(one.words[:SHORT] or say(tone.PASSED_TITLES[one.code]), say(one.why), note=say(one.better))
            for one in reading.findings
        )
        if reading.text.strip()
        else (),
        better=reading.better,
    )


def _draft_note(draft: Draft, *, is_over_saved: bool) -> str:
    said = [Text("建议的说法，改成你自己的话再发。", "A suggestion: make it your own words.")]
    if draft.is_repeat:
        said.append(Text("前面说过差不多的话，最好换个说法。", "Much of this was said before: put it otherwise."))
    if is_over_saved:
        said.append(Text("你保存的草稿还在，没有被改动。", "Your saved draft is still there, unchanged."))
    return " ".join(say(one) for one in said)


def _other_wordings(case: Case, wish: Wish) -> tuple[Link, ...]:
    """Lead to the same reply in another wording, and in the other form."""
    page = reverse("case", args=[case.number])
    other = Form.CHAT if wish.form is Form.SHORT else Form.SHORT
    title = Text("聊天短句", "short lines for the chat") if other is Form.CHAT else Text("整段", "one paragraph")
    turn = (wish.turn + 1) % MOST_TURNS
    return (
        Link(say(Text("换个说法", "another wording")), f"{page}?turn={turn}&form={wish.form.value}#draft"),
        Link(say(title), f"{page}?turn={wish.turn}&form={other.value}#draft"),
    )
