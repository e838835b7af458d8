"""The originals behind the exhibits of a case."""

from dataclasses import dataclass

from django.urls import reverse

from cardcase.cards import file_rows
from cardcase.cases import queries as cases
from cardcase.evidence import queries as evidence
from cardcase.evidence.rules.exhibits import ENDINGS
from cardcase.kit.errors import NotFound, Problem, Refused
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Input
from cardcase.staff.rules import Actor, Permission


class OriginalSealed(Refused):
    """A card code stands in the original: it lies under seal and is opened on record only."""

    code = "original_sealed"


@dataclass(frozen=True, slots=True)
class SealedPage:
    """What is shown in the place of a sealed original. ``open`` is None for whoever may not see codes."""

    number: str
    back: str
    text: str
    next: str
    open: ActionForm | None


def exhibit_file(actor: Actor, number: str, exhibit_id: str) -> tuple[bytes, str, str]:
    """Return the bytes, the kind and a safe name of an exhibit's original. Raises NotFound, OriginalSealed."""
    case = cases.by_number(actor, number)
    exhibit = evidence.exhibit(actor, exhibit_id)
    if exhibit.case_id != case.pk or not exhibit.file_sha256 or exhibit.file_mime not in ENDINGS:
        raise NotFound("没有这份原件", "There is no such original")
    if exhibit.body_sealed is not None:
        raise OriginalSealed(
            "这份原件里有卡密，已经密封",
            "A card code stands in this original; it is kept under seal",
            next=Text("有权看卡密的人可以打开，会记录在案。", "Whoever may see codes can open it; it goes on record."),
        )
    name = f"{exhibit.kind}-{exhibit.public_id[-8:]}.{ENDINGS[exhibit.file_mime]}"
    return file_rows.read(exhibit), exhibit.file_mime, name


def sealed_page(actor: Actor, number: str, exhibit_id: str, sealed: Problem) -> SealedPage:
    """Return what stands in the place of a sealed original."""
    form = ActionForm(
        url=reverse("exhibit-open", args=[number, exhibit_id]),
        button=say(Text("打开，并记录在案", "Open, on record")),
        inputs=(Input("reason", say(Text("为什么要看", "Why")), is_required=True, max_length=200),),
    )
    return SealedPage(
        number=number,
        back=reverse("case", args=[number]),
        text=say(sealed.message),
        next=say(sealed.next),
        open=form if actor.may(Permission.REVEAL) else None,
    )
