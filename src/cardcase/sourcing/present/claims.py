"""Claims on suppliers as rows with their forms, and their page."""

from collections.abc import Iterable

from django.urls import reverse

from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, EmptyState, Input, InputKind, Link, Pill, Tone
from cardcase.sourcing import pages
from cardcase.sourcing.queries import ClaimView
from cardcase.sourcing.rules.claims import EVENT_TITLES, TITLES, ClaimEvent, ClaimState, open_events
from cardcase.sourcing.rules.papers import DOCUMENT_KINDS
from cardcase.staff.rules import Actor, Permission

from . import papers
from .words import choices, day, line, money, on_day, select, word

PAPERS = ("chat", "receipt", "payment", "other")
_TONES = {ClaimState.RECOVERED: Tone.GOOD, ClaimState.REJECTED: Tone.BAD, ClaimState.DRAFT: Tone.WARN}


def claims_page(actor: Actor, claims: Iterable[ClaimView]) -> pages.Page:
    """Build the list of claims."""
    shown = rows(actor, claims)
    return pages.Page(
        title=say(Text("向货源方索赔", "Claims on suppliers")),
        back=Link(say(Text("货源方", "Suppliers")), reverse("suppliers")),
        sections=(pages.Section(say(Text("索赔", "Claims")), rows=shown),) if shown else (),
        empty=None
        if shown
        else EmptyState(
            say(Text("没有索赔", "No claims")),
            say(Text("召回批次或在批次页可以开始索赔。", "A recall begins one; so does the page of a batch.")),
            steps=(Link(say(Text("去批次页", "To the batches")), reverse("cards-batches")),),
        ),
    )


def rows(actor: Actor, claims: Iterable[ClaimView]) -> tuple[pages.Row, ...]:
    """Show claims with what can be done next."""
    return tuple(_row(actor, claim) for claim in claims)


def _row(actor: Actor, claim: ClaimView) -> pages.Row:
    sums = [say(Text(f"索赔 {yuan(claim.asked_fen)}", f"asked {yuan(claim.asked_fen)}"))]
    if claim.accepted_fen is not None:
        sums.append(say(Text(f"同意 {yuan(claim.accepted_fen)}", f"accepted {yuan(claim.accepted_fen)}")))
    if claim.recovered_fen:
        sums.append(say(Text(f"收到 {yuan(claim.recovered_fen)}", f"received {yuan(claim.recovered_fen)}")))
    small = [
        " · ".join(f"{masked} {yuan(amount)}" for _, masked, amount in claim.cards),
        say(Text(f"期限到 {day(claim.window_until)}", f"window until {day(claim.window_until)}")),
        claim.reason,
    ]
    if claim.answer:
        small.append(say(Text(f"对方答复：{claim.answer}", f"The supplier's answer: {claim.answer}")))
    small += [f"{word(DOCUMENT_KINDS, one.kind)} · {one.name}" for one in claim.papers if not one.is_superseded]
    return pages.Row(
        title=f"{claim.supplier_name} · {claim.batch_name}",
        text=" · ".join(sums),
        small=tuple(part for part in small if part),
        pill=Pill(say(TITLES[claim.state]), _TONES.get(claim.state, Tone.PLAIN)),
        url=reverse("batch", args=[claim.batch_id]),
        acts=tuple(_acts(claim)) if actor.may(Permission.MANAGE_CARDS) else (),
    )


def _acts(claim: ClaimView) -> list[ActionForm]:
    def url(act: str) -> str:
        return reverse("claim-act", args=[claim.public_id, act])

    steps = [one for one in open_events(claim.state) if one is not ClaimEvent.RECOVER]
    acts = []
    if steps:
        words = {one.value: EVENT_TITLES[one] for one in steps}
        inputs: list[Input] = [select("event", Text("进展", "Step"), choices(words))]
        if ClaimEvent.REJECT in steps:
            answer = say(Text("对方的原话", "The supplier's words"))
            inputs.append(Input("answer", answer, InputKind.TEXTAREA, max_length=2000))
            inputs.append(money("accepted", Text("同意的金额（元）", "Sum accepted (yuan)")))
        opens = say(Text("记下进展", "Record a step"))
        acts.append(ActionForm(url("move"), say(Text("记下", "Record")), tuple(inputs), opens=opens))
    if claim.addable:
        cards = tuple(Choice(card, masked) for card, masked in claim.addable)
        inputs = [
            Input("cards", say(Text("哪些卡", "Which cards")), InputKind.CHECKS, choices=cards),
            money("amount", Text("每张索赔（元），空着按成本", "For each (yuan); empty: its cost")),
        ]
        opens = say(Text("再加几张同批的卡", "Add cards of this batch"))
        acts.append(ActionForm(url("cards"), say(Text("加入", "Add")), tuple(inputs), opens=opens))
    if ClaimEvent.RECOVER in open_events(claim.state):
        inputs = [
            money("amount", Text("收到（元）", "Received (yuan)"), is_required=True),
            on_day("received_on", Text("哪天", "On"), is_required=True),
            line("note", Text("备注", "Note"), most=300),
        ]
        opens = say(Text("记下收到的赔款", "Record money that came in"))
        acts.append(ActionForm(url("receipt"), say(Text("记下", "Record")), tuple(inputs), opens=opens))
    if claim.state is not ClaimState.CLOSED:
        acts.append(papers.add_form(url("paper"), PAPERS))
    return acts
