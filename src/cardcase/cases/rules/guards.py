"""Conditions of the transitions, as named pure functions over one bag of facts whose defaults refuse.

Upper rooms fill ``GuardFacts`` with what they know; whatever they leave out counts against the move.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cardcase.kit.text import Text

from .states import VERDICTS, Status

CARD_CHECK_MINUTES: Final = 15
"""How old the last look at a card may be when money moves (domain.md T9)."""

REFUSE_TEXT_MAX: Final = 200
"""Characters that the platform's refuse form takes (reference/data-shapes.md §6.6, public code)."""

OFFER_ENDS: Final = frozenset({"denied", "countered", "expired", "withdrawn"})
"""How an offer can end without being accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFacts:
    """What is known at the moment of a move. Every default refuses: a fact that nobody supplied is not a fact.

    Times are aware; amounts are judged by the room that knows them and arrive here as yes or no.
    The fields marked "filled here" are set by this room from the case, its clocks and the actor.
    """

    # who says so
    source_event_id: str = ""  # message or platform notice that shows it; "typed" when a person read it in the App
    told_by_platform: bool = False  # read from the platform's own data

    # filled here
    is_person: bool = False
    may_decide: bool = False
    is_hold_lifted: bool = False
    is_card_linked_or_flagged: bool = False
    is_clock_read: bool = False  # the case's deadlines were looked up; without it no time comparison succeeds
    platform_due_at: datetime | None = None  # None once read: no platform clock runs
    platform_margin_at: datetime | None = None
    next_margin_at: datetime | None = None  # of whatever clock comes first, the platform's or another
    has_deadline_passed: bool = False

    # T1, T2
    is_claim_new: bool = False
    is_reason_set: bool = False
    is_rule_certain: bool = False

    # T3, T4
    asked_kinds: tuple[str, ...] = ()
    request_due_at: datetime | None = None
    is_request_over: bool = False

    # T5, T7, T8
    are_preconditions_met: bool = False
    is_claim_acceptable: bool = False  # the platform's dispute can be accepted (accept_claim)
    is_only_open_offer: bool = False
    is_within_platform_bounds: bool = False
    is_within_agent_limit: bool = False
    offer_expires_at: datetime | None = None
    offer_end: str = ""

    # T9, T10, T11
    is_card_check_needed: bool = True
    card_checked_minutes_ago: int | None = None
    is_void_settled: bool = False  # the old code was voided, or voiding was tried, or there is nothing to void
    is_only_money_remedy: bool = False
    is_free_of_platform_dispute: bool = False
    idempotency_key: str = ""
    is_payment_verified: bool = False
    is_failure_recorded: bool = False
    is_confirmed: bool = False  # a person typed the confirmation of an irreversible act

    # T12
    is_delivered: bool = False
    is_evidence_complete: bool = False
    is_contradiction_free: bool = False
    is_floor_kept: bool = False
    is_refuse_reason_listed: bool = False
    refuse_text: str = ""
    is_refuse_text_clean: bool = False

    # T13 – T19
    is_window_open: bool = False
    evidence_due_at: datetime | None = None  # until when the platform waits for more, when it says so
    verdict: Status | None = None
    ruling_raw: str = ""
    appeal_until: datetime | None = None  # until when the ruling can be appealed, when the platform says so
    is_pack_sealed: bool = False
    is_pack_redacted: bool = False
    is_submission_open: bool = False  # this pack was not handed in before, and the platform still takes one
    has_new_evidence: bool = False

    # T20, T24
    answer_due_at: datetime | None = None  # until when the platform waits for the seller again, as a person read it

    # T23 – T26
    are_windows_over: bool = False
    is_ledger_reconciled: bool = False
    is_free_of_ambiguous_remedy: bool = False
    is_reviewed: bool = False  # filled here: nothing was lost or missed, or a person has written why
    is_same_claim: bool = False
    is_own_complaint: bool = False  # filled here: it was not merged into another case
    is_mirror_newer: bool = False
    hold_until: datetime | None = None
    is_hold_ending: bool = False

    # T29
    is_other_case_known: bool = False  # filled here: the case that this one is the same as
    is_untouched: bool = False  # only machines have worked on it

    # T30
    is_reason_in_doubt: bool = False  # read by a machine, no longer certain, and confirmed by nobody


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition by name: its test, what to say when it fails, and whether it is about the act or about the case.

    ``is_of_act``: the answer comes only with the act itself (a typed confirmation, the words of a refusal), so a
    list of possible moves does not judge it.
    """

    name: str
    holds: Callable[[GuardFacts], bool]
    why_not: Text
    is_of_act: bool


GUARDS: Final[dict[str, Guard]] = {}
"""Every guard by name, in the order of the table."""

Test = Callable[[GuardFacts], bool]


def _guard(zh: str, en: str, *, of_act: bool = False) -> Callable[[Test], Test]:
    def register(test: Test) -> Test:
        GUARDS[test.__name__] = Guard(test.__name__, test, Text(zh, en), of_act)
        return test

    return register


@_guard("这条投诉已经有售后单了", "This claim has its case already")
def claim_is_new(facts: GuardFacts) -> bool:
    """T1: the same order and the same refund open one case only."""
    return facts.is_claim_new


@_guard("还没有确定原因", "No reason is set yet", of_act=True)
def reason_is_set(facts: GuardFacts) -> bool:
    """T2: a reason was named."""
    return facts.is_reason_set


@_guard("系统对原因没有把握，要人来确认", "The reason is not certain: a person has to confirm it")
def reason_is_certain_or_a_person_says_so(facts: GuardFacts) -> bool:
    """T2: the system may only decide when its rule is certain."""
    return facts.is_person or facts.is_rule_certain


@_guard("还没有关联卡，也没有标记为未关联", "No card is linked and none is flagged as missing")
def card_is_linked_or_flagged(facts: GuardFacts) -> bool:
    """T2: the card is known, or it is written down that it is not."""
    return facts.is_card_linked_or_flagged


@_guard(
    "消息还在暂停：请先看完买家消息并确认原因", "Messages are on hold: read the buyer's words and confirm the reason"
)
def hold_is_lifted(facts: GuardFacts) -> bool:
    """T3, T5, T12 speak to the buyer, so the hold (M7) must be off."""
    return facts.is_hold_lifted


@_guard("没有写明要什么证据", "Nothing is asked for", of_act=True)
def something_is_asked(facts: GuardFacts) -> bool:
    """T3: at least one kind of evidence is named."""
    return bool(facts.asked_kinds)


@_guard(
    "给买家的期限晚于平台时限的安全线；索要证据不会让平台停表",
    "The buyer's term ends after the safety margin; asking never stops the platform's clock",
    of_act=True,
)
def request_ends_before_the_margin(facts: GuardFacts) -> bool:
    """T3: the answer must be due before the margin of the platform's clock, if one runs."""
    if not facts.is_clock_read or facts.request_due_at is None:
        return False
    return facts.platform_margin_at is None or facts.request_due_at <= facts.platform_margin_at


@_guard("索要的证据还没有答复，也没有到期", "The request is neither answered nor over", of_act=True)
def request_is_over(facts: GuardFacts) -> bool:
    """T4: answered, expired, or the margin is reached."""
    return facts.is_request_over


@_guard("这个方案的前提还不满足", "The preconditions of this remedy are not met")
def preconditions_are_met(facts: GuardFacts) -> bool:
    """T5: the remedy's preconditions of domain.md §7.5."""
    return facts.are_preconditions_met


@_guard("这个方案的前提还不满足", "The preconditions of this remedy are not met")
def concession_is_possible(facts: GuardFacts) -> bool:
    """T8: a remedy's preconditions hold, or the platform's dispute can be accepted."""
    return facts.are_preconditions_met or facts.is_claim_acceptable


@_guard("已有一个还没有答复的提议", "Another offer is still open")
def no_other_offer_is_open(facts: GuardFacts) -> bool:
    """T5: one open offer at a time."""
    return facts.is_only_open_offer


@_guard("金额超出平台允许的范围", "The amount is outside the platform's bounds", of_act=True)
def amount_is_within_platform_bounds(facts: GuardFacts) -> bool:
    """T5: between the platform's minimum and maximum."""
    return facts.is_within_platform_bounds


@_guard("提议的有效期必须早于平台时限", "The offer must end before the platform's deadline", of_act=True)
def offer_ends_before_the_platform(facts: GuardFacts) -> bool:
    """T5: an offer that outlives the platform's clock protects nobody."""
    if not facts.is_clock_read or facts.offer_expires_at is None:
        return False
    return facts.platform_due_at is None or facts.offer_expires_at < facts.platform_due_at


@_guard("超出客服的金额权限，要店主或主管来定", "Above the agent's limit: the owner or a lead decides")
def amount_is_within_the_limit(facts: GuardFacts) -> bool:
    """T5, T8: an agent's limit binds everybody who may not decide."""
    return facts.may_decide or facts.is_within_agent_limit


@_guard("没有消息或平台记录可以证明", "No message or platform notice shows it", of_act=True)
def source_is_recorded(facts: GuardFacts) -> bool:
    """What buyers and platforms do is recorded with its source."""
    return facts.told_by_platform or bool(facts.source_event_id)


@_guard("没有说明提议怎样结束", "It is not said how the offer ended", of_act=True)
def end_of_offer_is_named(facts: GuardFacts) -> bool:
    """T7: denied, countered, expired or withdrawn; the history keeps which."""
    return facts.offer_end in OFFER_ENDS


@_guard("这一步不能撤回：请先逐字确认", "This cannot be undone: type the confirmation first", of_act=True)
def confirmation_was_typed(facts: GuardFacts) -> bool:
    """T8, T9, T12, T13, T16 cannot be taken back, so a person types a confirmation; what the platform tells is done."""
    return facts.is_confirmed or facts.told_by_platform


@_guard("卡的状态不是 15 分钟内查的，请先再查一次", "The card was not checked within 15 minutes: check it again")
def card_was_just_checked(facts: GuardFacts) -> bool:
    """T9: money moves only on a fresh look at the card, when there is a card."""
    if not facts.is_card_check_needed:
        return True
    return facts.card_checked_minutes_ago is not None and 0 <= facts.card_checked_minutes_ago <= CARD_CHECK_MINUTES


@_guard("旧卡密还没有作废（或没有尝试作废）", "Voiding the old code has not been tried")
def void_is_settled(facts: GuardFacts) -> bool:
    """T9: void before refund, or card and money are both lost (N4)."""
    return facts.is_void_settled


@_guard("这一单已经执行过别的方案，或有一个结果不明", "Another remedy was executed, or one is unclear")
def no_other_remedy_was_paid(facts: GuardFacts) -> bool:
    """T9: the double-remedy guard (N5, invariant I1)."""
    return facts.is_only_money_remedy


@_guard("平台正在处理这一单，现在不能动钱", "The platform is deciding: no money may move now")
def platform_is_not_deciding(facts: GuardFacts) -> bool:
    """T9: never pay while the platform reviews."""
    return facts.is_free_of_platform_dispute


@_guard("缺少防重复的编号", "The key against doing it twice is missing", of_act=True)
def key_is_given(facts: GuardFacts) -> bool:
    """T9: the same act twice is the same act."""
    return bool(facts.idempotency_key)


@_guard("还没有核实钱款或补发", "The payment or the replacement is not verified", of_act=True)
def payment_is_verified(facts: GuardFacts) -> bool:
    """T10: the platform says paid, or the new reveal is on record."""
    return facts.is_payment_verified


@_guard("没有记录失败的原因", "The failure is not recorded", of_act=True)
def failure_is_recorded(facts: GuardFacts) -> bool:
    """T11: a failed or unclear payment is written down before anything else."""
    return facts.is_failure_recorded


@_guard("卡还没有交付，不能拒绝", "The card was not delivered: this cannot be refused")
def card_was_delivered(facts: GuardFacts) -> bool:
    """T12: forbidden when not delivered."""
    return facts.is_delivered


@_guard("证据还不齐", "The evidence is not complete")
def evidence_is_complete(facts: GuardFacts) -> bool:
    """T12: what the matrix calls decisive for this reason is there."""
    return facts.is_evidence_complete


@_guard("证据之间有矛盾", "The evidence contradicts itself")
def evidence_is_free_of_contradiction(facts: GuardFacts) -> bool:
    """T12: contradiction is worse than absence."""
    return facts.is_contradiction_free


@_guard("低于买家应得的底线", "Below the buyer's entitlement floor")
def floor_is_kept(facts: GuardFacts) -> bool:
    """T12: the entitlement floor comes before cost."""
    return facts.is_floor_kept


@_guard("拒绝理由不在平台给出的选项里", "The reason is not one of the platform's", of_act=True)
def refuse_reason_is_listed(facts: GuardFacts) -> bool:
    """T12: the platform names the reasons it accepts."""
    return facts.is_refuse_reason_listed


@_guard("拒绝说明要在 1 到 200 字之间", "The explanation must have 1 to 200 characters", of_act=True)
def refuse_text_fits(facts: GuardFacts) -> bool:
    """T12: what the platform's form takes."""
    return 0 < len(facts.refuse_text.strip()) <= REFUSE_TEXT_MAX


@_guard("拒绝说明没有通过用词检查", "The explanation did not pass the word check", of_act=True)
def refuse_text_is_clean(facts: GuardFacts) -> bool:
    """T12: no off-platform words, no codes, no quarrel."""
    return facts.is_refuse_text_clean


@_guard("窗口已经关了，或不知道是否还开着", "The window is over, or not known to be open")
def window_is_open(facts: GuardFacts) -> bool:
    """T13, T18: escalation and appeal have their windows."""
    return facts.is_window_open


@_guard("证据包还没有封存", "The pack is not sealed")
def pack_is_sealed(facts: GuardFacts) -> bool:
    """T16: only a sealed pack is submitted."""
    return facts.is_pack_sealed


@_guard("证据包还没有通过卡密检查", "The pack did not pass the code check")
def pack_is_redacted(facts: GuardFacts) -> bool:
    """T16: codes never enter a pack."""
    return facts.is_pack_redacted


@_guard("没有写明裁决结果", "The verdict is not named", of_act=True)
def verdict_is_named(facts: GuardFacts) -> bool:
    """T17: won, partially won or lost."""
    return facts.verdict in VERDICTS


@_guard("没有抄录平台的裁决原话", "The platform's own words are missing", of_act=True)
def ruling_is_quoted(facts: GuardFacts) -> bool:
    """T17: the adjudication reason is kept verbatim."""
    return bool(facts.ruling_raw.strip())


@_guard("这个证据包已经交过，或平台只收一次", "This pack was handed in already, or the platform takes one only")
def submission_is_open(facts: GuardFacts) -> bool:
    """T16: the same pack is handed in once; where the platform takes one pack, none after it."""
    return facts.is_submission_open


@_guard("没有新的证据", "There is no new evidence")
def evidence_is_new(facts: GuardFacts) -> bool:
    """T18: an appeal needs something new."""
    return facts.has_new_evidence


@_guard("卖家的时限还没有过", "The seller's deadline has not passed")
def seller_deadline_has_passed(facts: GuardFacts) -> bool:
    """T22: only silence past the deadline counts as timed out."""
    return facts.has_deadline_passed


@_guard("还有窗口没有结束", "Some window is still open")
def windows_are_over(facts: GuardFacts) -> bool:
    """T23: nobody can come back any more."""
    return facts.are_windows_over


@_guard("账还没有对清", "The books are not reconciled")
def books_are_reconciled(facts: GuardFacts) -> bool:
    """T23: what was decided is what was paid."""
    return facts.is_ledger_reconciled


@_guard("还有一个结果不明的处理方案", "A remedy is still unclear")
def no_remedy_is_ambiguous(facts: GuardFacts) -> bool:
    """T23, T29: invariant I7, whichever way a case ends."""
    return facts.is_free_of_ambiguous_remedy


@_guard("输了或错过了时限，还没写复盘", "Something was lost or missed and the review is not written")
def review_is_written(facts: GuardFacts) -> bool:
    """T23: what was lost or missed is not put away without saying why."""
    return facts.is_reviewed


@_guard("这是另一件投诉，应另开一单", "This is another claim: it gets its own case", of_act=True)
def claim_is_the_same(facts: GuardFacts) -> bool:
    """T24: the same line and the same claim re-open; another claim is a new case."""
    return facts.is_same_claim


@_guard("这一单已并入另一单：在那一单里处理", "This case goes on in another: work on that one")
def case_was_not_merged(facts: GuardFacts) -> bool:
    """T24: a complaint goes on in one case only."""
    return facts.is_own_complaint


@_guard("平台数据不是新的", "The mirror is not newer")
def mirror_is_newer(facts: GuardFacts) -> bool:
    """T25: a stale revision is refused."""
    return facts.is_mirror_newer


@_guard("搁置不能超过下一个时限的安全线", "Work cannot be put off beyond the next safety margin", of_act=True)
def hold_ends_before_the_margin(facts: GuardFacts) -> bool:
    """T26: putting work off never costs a deadline; the system only takes it up again."""
    if facts.is_hold_ending:
        return True
    if not facts.is_person or not facts.is_clock_read or facts.hold_until is None:
        return False
    return facts.next_margin_at is None or facts.hold_until <= facts.next_margin_at


@_guard("没有发现同一件事的另一单", "No other case is known to be about the same")
def other_case_is_known(facts: GuardFacts) -> bool:
    """T29: it is on record which case goes on."""
    return facts.is_other_case_known


@_guard("有人处理过这一单，要由人来并", "Somebody has worked on this case: a person merges it")
def untouched_or_a_person_says_so(facts: GuardFacts) -> bool:
    """T29: a machine takes back only what it made itself."""
    return facts.is_person or facts.is_untouched


@_guard("原因有人确认过，系统不再改", "A person has confirmed the reason: no machine doubts it")
def only_a_machine_read_the_reason(facts: GuardFacts) -> bool:
    """T30: what the system alone had read, it may read again."""
    return facts.is_reason_in_doubt


def failing(names: Iterable[str], facts: GuardFacts, *, with_act: bool = True) -> list[Guard]:
    """Return the guards that refuse, in order. Without ``with_act`` those about the act itself are not judged."""
    return [
        guard
        for guard in (GUARDS[name] for name in names)
        if (with_act or not guard.is_of_act) and not guard.holds(facts)
    ]
