"""What every form of the case page is made of: its address, the revision that was seen, and inputs that come often."""

from collections.abc import Sequence

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.cases.rules import SUB_REASONS, family_of
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind
from cardcase.triage.rules import reasons

CHOOSE = Text("请选一个", "Choose one")


def url(case: Case, act: str) -> str:
    """Return where an act of a case posts."""
    return reverse("case-act", args=[case.number, act])


def hidden(case: Case, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Carry the revision that the reader saw: a stale one is a conflict, nothing is lost."""
    return (("revision", str(case.revision)), *more)


def folded(
    case: Case, act: str, button: Text, opens: Text, *inputs: Input, carry: Sequence[tuple[str, str]] = ()
) -> ActionForm:
    """Return a form that lies folded behind a sentence: the shape of most acts."""
    return ActionForm(
        url=url(case, act), button=say(button), inputs=inputs, hidden=hidden(case, *carry), opens=say(opens)
    )


def text(name: str, label: Text, most: int, *, is_required: bool = False, hint: Text | None = None) -> Input:
    """Return a line of text."""
    return Input(
        name,
        say(label),
        InputKind.TEXT,
        is_required=is_required,
        max_length=most,
        placeholder=say(hint) if hint else "",
    )


def words(name: str, label: Text, most: int | None = None) -> Input:
    """Return a field for several lines that has to be filled in."""
    return Input(name, say(label), InputKind.TEXTAREA, is_required=True, max_length=most)


def money(name: str, label: Text, *, value: str = "", is_required: bool = False) -> Input:
    """Return an amount in yuan."""
    return Input(name, say(label), InputKind.MONEY, value=value, is_required=is_required)


def moment(name: str, label: Text, *, is_required: bool = False) -> Input:
    """Return a moment, Shanghai time."""
    return Input(name, say(label), InputKind.MOMENT, is_required=is_required)


def tick(name: str, label: Text) -> Input:
    """Return one box to tick."""
    return Input(name, say(label), InputKind.CONFIRM)


def select(
    name: str, label: Text, *choices: tuple[str, Text], first: Text | None = None, is_required: bool = True
) -> Input:
    """Return a choice; with ``first`` nothing is chosen until a person does: a slip of the thumb decides nothing."""
    made = [Choice(value, say(title)) for value, title in choices]
    if first is not None:
        made.insert(0, Choice("", say(first), is_chosen=True))
    return Input(name, say(label), InputKind.SELECT, choices=tuple(made), is_required=is_required)


def sub_reasons(name: str, label: Text, chosen: str, *, first: Text | None, is_required: bool = True) -> Input:
    """Return the choice of all reasons by family; ``first`` is what stands there while none is chosen."""
    choices = [
        Choice(code, say(reasons.title(code)), say(reasons.family_title(family_of(code))), code == chosen)
        for code in SUB_REASONS
    ]
    if first is not None:
        choices.insert(0, Choice("", say(first), is_chosen=not chosen))
    return Input(name, say(label), InputKind.SELECT, choices=tuple(choices), is_required=is_required)


def source() -> Input:
    """Return the question how one knows: what buyers and platforms do is kept with where it was seen."""
    return text(
        "source",
        Text("凭什么知道", "How you know"),
        120,
        is_required=True,
        hint=Text("聊天里说的 / App 里看到的", "said in the chat / seen in the App"),
    )
