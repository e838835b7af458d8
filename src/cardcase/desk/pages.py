"""What Today and the case page show. ``desk/queries.py`` fills these; the templates in ``jinja2/desk`` draw them.

Every ``str`` is a finished sentence or word in the reader's language; money, times and counts are already written out.
Nothing here holds a card code, only a tail (「‥K4RT」).

Templates and their values
    desk/today.html            TodayPage    GET /
    desk/case.html             CasePage     GET /cases/<number>/
    desk/_checks.html          ReplyChecks as ``page``: answer to POST DraftBox.check_url (htmx, while typing)

Where the case page posts (``page.url`` ends with "/"; every form sends ``csrfmiddlewaretoken`` and ``revision``)
    reason/     sub_reason            confirm (same code) or change the reason          T2
    hold/       reason                lift the hold                                     owner
    ask/        kinds (many), to      ask somebody for evidence                         T3
    evidence/   kind, title, files (many), note   add exhibits
    reply/      text                  save the draft
    reply/check/  text                answers desk/_checks.html
    sent/       text                  the person has sent it on the channel
    note/       text                  write something down
    need/       code                  what asked for a person has been looked at
    same/       same (yes, no)        whether the case is one matter with the one it resembles     T29
    review/     text, cause, measure, recovered   why a case was lost or a deadline missed, and what is done about it
    pause_goal/ reason, note          our own goal stands still (never the platform's clocks)
    resume_goal/ –                    and runs on
    card/       card                  which of the order's cards it is about
    cause/      cause                 what the record shows, apart from the claim
    move/       event, typed, …       any other transition; its inputs come with the ActionForm that the queries build
    answered/   how, source           how a request to the buyer ended                  T4
    answer/     playbook, question, answer, note, message   how the buyer answered a guided question
    submit/     once, typed           the sealed pack is handed in                      T16
    reapplied/  sub_reason, amount, due_at, source   the buyer applied again            T20
    reopen/     claim, sub_reason, due_at, source    the same matter again, or another  T24
    snooze/     until, reason         put off; resume/ takes it up again                T26
    dispute/    kind, state, …        what the platform says of its dispute
    transfer/   amount, source        money that went to the buyer beside the platform
    approval/   kind, way, amount     ask for approval; approve/ answer, typed
Only the urls inside ActionForm and the named ``…_url`` fields are used by the templates, so other paths work as well.
After a refusal render the same page again with the status of the Problem, ``conflict`` or ``notices`` set and the
person's words kept (``draft.text``, ``Input.value``). After success redirect (303) to ``page.url``, with a message.
"""

from dataclasses import dataclass
from enum import StrEnum

from cardcase.shell.parts import (
    ActionForm,
    Choice,
    Countdown,
    EmptyState,
    Fact,
    Link,
    Notice,
    Pager,
    Pill,
    Tone,
)

from .pages_reply import DraftBox

# --- Today -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sum:
    """One figure at the head of Today: 「2 · 今天到期」. ``url`` filters the list below to it, empty when it cannot."""

    number: str
    label: str
    tone: Tone = Tone.PLAIN
    url: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case in a list.

    ``title``: 「云朵邮差 · 苹果充值卡 200」. ``reason``: 「卡密无效」 with the family's tone. ``next_step``: the one
    thing to do next, as an order to the reader: 「确认原因」; while somebody else must act: 「等买家回复」.
    ``amount``: what the buyer claims, 「¥193.00」. ``number``: 「AS-2026-000123」. ``is_held``: messages still wait
    although the reason is confirmed. ``put_off``: 「搁置到 11月25日 10:00」, empty unless work is put off.
    """

    url: str
    number: str
    title: str
    reason: Pill
    next_step: str
    amount: str
    countdown: Countdown
    is_held: bool = False
    put_off: str = ""


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """A run of cases under a heading: 先做这些, 接下来. ``hint`` says why these are here."""

    title: str
    rows: tuple[CaseRow, ...]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TodayPage:
    """今日: what must be done, soonest first.

    ``day``: 「11月24日 周二」. ``sums``: up to four. ``incidents``: missed deadlines not yet reviewed, above
    everything. ``groups``: at most two or three; empty groups are left out. ``watch``: 留意, batches with failures,
    low stock, holds past their margin. ``empty``: set instead of groups when there is no open case (a new seller gets
    the first steps).
    """

    day: str
    sums: tuple[Sum, ...] = ()
    incidents: tuple[Notice, ...] = ()
    groups: tuple[CaseGroup, ...] = ()
    watch: tuple[Notice, ...] = ()
    empty: EmptyState | None = None
    pager: Pager | None = None


# --- Case ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of a message's text. ``is_quoted``: the reason rests on these words; they are marked."""

    text: str
    is_quoted: bool = False


class LineKind(StrEnum):
    """Who speaks in a line of the conversation."""

    DAY = "day"  # a date between messages
    BUYER = "buyer"
    SELLER = "seller"
    SYSTEM = "system"  # platform texts and automatic delivery; kept apart from people's words
    PLATFORM = "platform"  # the platform's customer service
    EVENT = "event"  # a turn of the case itself: 「买家申请退款 · 仅退款 ¥193.00」


@dataclass(frozen=True, slots=True)
class TalkLine:
    """One line of the conversation. ``anchor``: id for links from the quotes (``m-msg_0190…``); ``time``: 「09:48」."""

    kind: LineKind
    segments: tuple[Segment, ...]
    who: str = ""
    time: str = ""
    anchor: str = ""
    tone: Tone = Tone.PLAIN
    note: str = ""  # 「卡密已遮盖」, 「图片：见证据 E10」
    is_next: bool = False  # the same person goes on in the same minute: the name is not said again


@dataclass(frozen=True, slots=True)
class Hold:
    """Outgoing messages wait until the reason is confirmed (M7).

    ``lift``: for the owner only, with a recorded reason.
    """

    text: str  # 「已暂停自动消息，确认原因后再回复。」
    is_alarm: bool = False  # the deadline's margin is reached while still held
    lift: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class ClockBox:
    """The platform's clock. Shown above everything on the case page.

    ``countdown``: time left. ``if_missed``: 「11月25日 10:00 前不处理，平台自动退款 ¥193.00。」
    ``source``: 「来源：平台接口 timeout_time · 确定」 or 「来源：店铺默认 24 小时 · 未证实」. ``others``: further armed
    clocks, nearest first, one sentence each. ``fix``: types in the deadline of the App, while ours is not certain.
    When there is no clock: countdown.text 「没有时限在走」, and how it ended once it is over.
    """

    countdown: Countdown
    if_missed: str
    source: str
    is_certain: bool = True
    others: tuple[str, ...] = ()
    fix: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class QuoteLink:
    """The buyer's words that led to the reason; ``anchor`` is the TalkLine they stand in (may be empty)."""

    text: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ReasonBox:
    """原因: what the buyer claims.

    ``pill``: 「真实性质疑 › 卡密无效」. ``confidence``: 「把握 93%」, 「把握不大」 or empty. ``second``: a second
    reason that also fits, as a sentence. ``form``: what the buyer chose on the marketplace's form. ``found``:
    what the record shows, kept apart from the claim. ``confirmed``: 「王店 11月24日 12:03 已确认」, empty until then.
    ``before``: what was claimed earlier, one sentence each. ``language``: what the buyer writes, empty if unknown.
    ``confirm``: button only (hidden sub_reason); ``change``: select of all reasons grouped by family, folded; ``cause``
    writes down what was found. None when the actor may not.
    """

    pill: Pill
    confidence: str = ""
    quotes: tuple[QuoteLink, ...] = ()
    second: str = ""
    form: str = ""
    found: str = ""
    before: tuple[str, ...] = ()
    language: str = ""
    confirmed: str = ""
    confirm: ActionForm | None = None
    change: ActionForm | None = None
    cause: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class HeardAnswer:
    """What the buyer answered to a question: the buyer's word, never a finding.

    ``head``: 「王店 · 12:03 · 买家说的，未核实」. ``means``: what to make of it. ``note``: the words noted with it.
    ``source``: the message it rests on. ``before``: earlier answers to the same question, latest first, a sentence
    each. ``wants``: what would show it, a sentence; ``asks`` asks for that, ``confirm`` takes the other reason that it
    speaks for. Nothing of it happens by itself.
    """

    said: str
    head: str
    means: str = ""
    note: str = ""
    source: Link | None = None
    before: tuple[str, ...] = ()
    wants: str = ""
    confirm: ActionForm | None = None
    asks: tuple[ActionForm, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One guided question. ``text`` is in the buyer's language, ready to copy; ``meaning`` in another reader's.

    ``form`` records an answer with one tap: a button for each of ``answers``; its inputs (a note, the message it rests
    on) lie folded. None when the actor may not. ``heard``: what was answered, also that no answer came.
    """

    text: str
    why: str
    meaning: str = ""
    answers: tuple[Choice, ...] = ()
    form: ActionForm | None = None
    heard: HeardAnswer | None = None
    is_open: bool = False  # lies open: no reason was stated, and this is the one thing to do


@dataclass(frozen=True, slots=True)
class QuestionsBox:
    """问买家: what to ask, and what was answered. ``aim``: the fact that decides. ``summary``: 「还有 2 个要问」.

    ``earlier``: what was answered under another reason, a sentence each.
    """

    aim: str
    summary: str
    ask: tuple[QuestionRow, ...] = ()
    told: tuple[QuestionRow, ...] = ()
    earlier: tuple[str, ...] = ()


class EvidenceState(StrEnum):
    """Where one piece of evidence stands."""

    HAVE = "have"
    ASK = "ask"
    MISSING = "missing"
    CONTRADICTS = "contradicts"


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One line of the checklist.

    ``title``: 「买家整屏录屏」. ``why``: what it would show, or what was found. ``party``: 「向买家要」. ``weight``:
    「决定性」 or empty. ``state_text``: 「已有」「要」「缺」「矛盾」. ``wording``: a text ready to copy to the buyer
    (生成话术); ``how``: how to get it (怎么查); both empty when they do not apply. ``ask``: button that records
    having asked (T3). ``exhibits``: links to what is already kept.
    """

    title: str
    state: EvidenceState
    state_text: str
    why: str = ""
    party: str = ""
    weight: str = ""
    wording: str = ""
    how: str = ""
    ask: ActionForm | None = None
    exhibits: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceBox:
    """证据.

    ``summary``: 「有 3 · 要 2 · 缺 1」. ``tip``: which single fact would change the advice. ``upload``: add form.
    ``call``: note what was said by voice.
    """

    summary: str
    rows: tuple[EvidenceRow, ...] = ()
    tip: str = ""
    upload: ActionForm | None = None
    call: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """One remedy.

    ``cost``: 「¥176–193」. ``needs``: what it needs first. When blocked: ``short`` is the first reason in half a
    sentence, ``blocked`` one sentence per reason, each saying how to clear it. ``act``: the form that starts it, None
    when it cannot be done now or by this actor (then ``waits`` or ``blocked`` says why). ``more``: a second way to the
    same, folded. ``link``: where on the page it is done instead.
    """

    title: str
    cost: str = ""
    needs: str = ""
    waits: str = ""
    short: str = ""
    link: Link | None = None
    more: ActionForm | None = None
    is_recommended: bool = False
    is_floor: bool = False
    blocked: tuple[str, ...] = ()
    act: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class RemedyBox:
    """处理方案.

    ``floor``: what the buyer is entitled to, said first. ``current``: the remedy in course, as a sentence.
    ``history``: how earlier offers ended, one sentence each.
    """

    floor: str
    rows: tuple[RemedyRow, ...] = ()
    current: str = ""
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One further move of the case.

    ``why_not``: finished sentence when it cannot be done now (then ``form`` is None).
    """

    title: str
    text: str = ""
    form: ActionForm | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class NeedRow:
    """Something that asks for a person's eye. ``act``: clears it away, or answers it; None when something else does."""

    text: str
    act: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class NoteRow:
    """Something staff wrote down. ``head``: 「王店 · 11月24日 12:03」."""

    head: str
    text: str


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One entry of the record: 「11月24日 12:03」, 「原因已确认」, 「王店」. ``detail`` smaller; ``seq`` 「#1042」."""

    time: str
    what: str
    who: str = ""
    detail: str = ""
    seq: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class ConflictNotice:
    """Somebody else was first; nothing was changed.

    ``changes``: what is different now. ``kept``: label/value pairs of what the reader had typed, shown to be copied
    back.
    """

    text: str
    changes: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing to do now, said as an order, with the place on the page where it is done (「#reason」)."""

    text: str
    anchor: str = ""
    button: str = ""


@dataclass(frozen=True, slots=True)
class ScreensBox:
    """聊天截图 of the case: the form that takes pictures, and what waits for a person: 「截图待核对」."""

    form: ActionForm | None
    waiting: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class CasePage:
    """售后单.

    ``title``: 「苹果充值卡 200 元」. ``buyer``: nick. ``amount``: claimed. ``stage``: 「平台退款申请」. ``status``:
    「待处理」. ``waiting``: 「等我们」. ``facts``: order and card, a handful. ``needs_human``: what Cardcase could
    not decide, beyond what ``next_step`` and ``hold`` already say. ``moves``: what happened elsewhere and can be
    noted. ``notices``: refusals of the act just tried and missed deadlines. ``pack``: where the packs of
    the case are. ``siblings``: other cases of the same order or buyer. ``snooze``: puts the case off, ``pause_goal``
    our own goal. ``disputes``: what the platform says of its own procedures.
    """

    url: str
    number: str
    revision: int
    title: str
    buyer: str
    amount: str
    stage: str
    status: Pill
    waiting: str
    is_open: bool
    clock: ClockBox
    reason: ReasonBox
    evidence: EvidenceBox
    remedies: RemedyBox
    questions: QuestionsBox | None = None  # None when there is nothing to ask and nothing was answered
    next_step: NextStep | None = None
    talk: tuple[TalkLine, ...] = ()
    talk_summary: str = ""  # 「3 条 · 王店已读」 or 「3 条未读」
    talk_more: Link | None = None  # earlier messages, when the page shows only the latest
    screens: ScreensBox | None = None
    draft: DraftBox | None = None  # None when the case is over
    turns: tuple[MoveRow, ...] = ()  # what the state of the case asks for now: carry out, record an answer, a ruling
    hold: Hold | None = None
    facts: tuple[Fact, ...] = ()
    needs_human: tuple[NeedRow, ...] = ()
    notices: tuple[Notice, ...] = ()
    conflict: ConflictNotice | None = None
    moves: tuple[MoveRow, ...] = ()
    notes: tuple[NoteRow, ...] = ()
    note_form: ActionForm | None = None
    snooze: ActionForm | None = None
    pause_goal: ActionForm | None = None
    disputes: tuple[Fact, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    pack: tuple[Link, ...] = ()
    siblings: tuple[Link, ...] = ()
    outcome: str = ""  # how it ended, a sentence; empty while open
