"""The forms that answer what asks for a person: write the review, say which card it is, say that one has looked."""

from cardcase.cases.models import Case
from cardcase.cases.rules import Need
from cardcase.cases.rules.reviews import CAUSES, WORDS_MOST
from cardcase.cases.service import SAME_AS
from cardcase.kit.text import Text
from cardcase.remedies.service import APPROVAL_WANTED
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind
from cardcase.staff.rules import Actor, Permission

from . import forms
from .view import CaseView

REVIEWS = (Need.POST_MORTEM.value, Need.REVIEW_DUE.value)
"""Needs that are answered by writing the review."""


def review(actor: Actor, case: Case) -> ActionForm | None:
    """Write the review of what was missed or lost: it ends the incident, the missed deadline stays."""
    if not (case.is_incident or case.asks_for(*REVIEWS)) or not actor.may(Permission.DECIDE):
        return None
    causes = [(cause.value, title) for cause, title in CAUSES.items()]
    return ActionForm(
        url=forms.url(case, "review"),
        button=say(Text("写好了", "Done")),
        inputs=(
            forms.words("text", Text("怎么输的、怎么错过的？", "How was it lost or missed?"), WORDS_MOST),
            forms.select("cause", Text("主要原因", "Main cause"), *causes, first=forms.CHOOSE),
            forms.words("measure", Text("以后怎么避免？", "How will it not happen again?"), WORDS_MOST),
            forms.money(
                "recovered", Text("货源方赔回多少（元，有就填）", "What came back from the supplier (yuan, if any)")
            ),
        ),
        hidden=forms.hidden(case),
        opens=say(Text("写复盘", "Write the review")),
        is_main=True,
    )


_ANSWERED_ELSEWHERE = frozenset(
    {
        Need.REASON_UNCLEAR.value,
        Need.HOLD_AT_MARGIN.value,
        Need.CLOCK_UNVERIFIED.value,
        Need.CARD_UNLINKED.value,
        Need.POST_MORTEM.value,
        Need.REVIEW_DUE.value,
        Need.REFUND_UNSEEN.value,
        Need.REMEDY_UNCLEAR.value,
        APPROVAL_WANTED,
    }
)
"""A confirmed reason, a typed deadline, an import, a recorded result, an approval or a written review ends these."""


def need(actor: Actor, view: CaseView, code: str) -> ActionForm | None:
    """Answer what asks for a person: say which card it is, or that one has looked."""
    case = view.case
    if not actor.is_person or not actor.may(Permission.WORK):
        return None
    if code == Need.CARDS_SEVERAL:
        cards = tuple(Choice(card.public_id, f"{card.brand} ‥{card.tail4}".strip()) for card in view.cards)
        return ActionForm(
            url=forms.url(case, "card"),
            button=say(Text("就是这张", "This one")),
            inputs=(Input("card", say(Text("哪一张卡", "Which card")), InputKind.SELECT, choices=cards),),
            hidden=forms.hidden(case),
            opens=say(Text("指明是哪张", "Say which one")),
        )
    if code == SAME_AS and case.same_as is not None and case.is_open:
        return _same(case, case.same_as.number)
    if code in _ANSWERED_ELSEWHERE or (code == Need.DEADLINE_MISSED and case.is_incident):
        return None
    if case.is_open and case.reason_confirmed_at is None and code not in set(Need):
        return None  # what the reading of the words asks ends when a person confirms the reason
    return ActionForm(
        url=forms.url(case, "need"), button=say(Text("看过了", "Seen")), hidden=forms.hidden(case, ("code", code))
    )


def _same(case: Case, other: str) -> ActionForm:
    """Say whether two cases are one matter: the other then goes on alone, this one ends."""
    choices = (
        Choice("", say(Text("请选一个", "Choose one")), is_chosen=True),
        Choice("yes", say(Text(f"是同一件事，并入 {other}", f"One matter: merge into {other}"))),
        Choice("no", say(Text("不是同一件事，分开处理", "Two matters: keep both"))),
    )
    asked = Text(f"和 {other} 是同一件事吗？", f"Is it the same as {other}?")
    return ActionForm(
        url=forms.url(case, "same"),
        button=say(Text("就这么办", "Do this")),
        inputs=(Input("same", say(asked), InputKind.SELECT, choices=choices, is_required=True),),
        hidden=forms.hidden(case),
        opens=say(Text(f"并入 {other}？", f"Merge into {other}?")),
    )
