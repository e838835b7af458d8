"""The platform's refuse form for a case: its limits, a proposal for the words, and the pictures for it."""

from dataclasses import dataclass
from datetime import datetime

from cardcase.cases.models import Case
from cardcase.cases.queries import by_number
from cardcase.kit.errors import NotFound
from cardcase.remedies.queries import refuse_reasons
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

from . import fonts, typesetting
from .gathering import gather
from .report_document import visible
from .rules import refusal
from .rules.dossier import Dossier
from .rules.refusal import Check, Form, Picture

_DENSITIES = (216, 144, 108)
"""Points per inch to try, the sharpest first: 1080, 720, 540 pixels wide. The first within the bytes is taken."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a person needs for the form: reasons, limits, a proposal from what is on file, and the pictures."""

    reasons: tuple[str, ...]
    form: Form
    words: str
    pictures: tuple[Picture, ...]


def refusal_of(actor: Actor, number: str, *, at: datetime) -> Refusal:
    """Return what goes into the refuse form of a case. Raises NotFound, NotAllowed, NothingRecorded, CodeInPack."""
    actor.require(Permission.EXPORT)
    told, form = _told(actor, number, at)
    words, pictures = refusal.propose(told, form), refusal.pictures(told, form)
    return Refusal(refuse_reasons(actor), form, words, pictures)


def checks(actor: Actor, number: str, reason: str, words: str) -> tuple[Check, ...]:
    """Check what a person would type into the form; nothing is kept. Raises NotFound, NotAllowed."""
    case = by_number(actor, number)
    own, _ = staff.own_file(actor, "tone.toml")
    return refusal.check(reason, words, refuse_reasons(actor), _form(actor, case), own=own)


def picture(actor: Actor, number: str, name: str, *, at: datetime) -> bytes:
    """Draw one picture as PNG, as sharp as the form takes it. Raises NotFound and what ``refusal_of`` does."""
    actor.require(Permission.EXPORT)
    told, form = _told(actor, number, at)
    chosen = next((one for one in refusal.pictures(told, form) if one.name == name), None)
    if chosen is None:
        raise NotFound("没有这张图", "There is no such picture")
    return draw(told, chosen, form)


def draw(told: Dossier, chosen: Picture, form: Form) -> bytes:
    """Draw a picture: 360 points wide, letters of 15 points, so that it reads on a phone without zooming."""
    font = fonts.require_cjk_font()
    data = {
        "title": chosen.title.zh,
        "number": told.number,
        "shop": told.shop,
        "order_no": told.order_no,
        "family": font.family,
        "rows": [{"label": label, "value": value} for label, value in chosen.rows],
        "note": chosen.note,
    }
    drawn = b""
    with typesetting.sheet("refusal.typ", visible(data, fonts.coverage(font.regular)), font, {}) as sheet:
        for density in _DENSITIES:
            [drawn] = sheet.pages(ppi=density)
            if len(drawn) <= form.bytes_max:
                break
    return drawn


def _told(actor: Actor, number: str, at: datetime) -> tuple[Dossier, Form]:
    told = gather(actor, number, at=at).told
    return told, _form(actor, by_number(actor, number))


def _form(actor: Actor, case: Case) -> Form:
    return refusal.form_of(case.order.channel, *staff.own_file(actor, refusal.FORMS_FILE.name))
