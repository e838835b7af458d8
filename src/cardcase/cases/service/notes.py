"""What staff write down about a case, and settling what asked for a person."""

from datetime import datetime

from django.db import transaction

from cardcase.cases.models import Case, Note
from cardcase.cases.rules import Need
from cardcase.cases.rules import needs as need_rules
from cardcase.custody import service as custody
from cardcase.kit.errors import NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.search import service as search
from cardcase.search.rules import Kind
from cardcase.staff.rules import Actor, Permission

from .rows import LABEL_MAX, Ref, clean, keep, save, take, write

NOTE_MAX = 5000


@transaction.atomic
def add_note(actor: Actor, number: str, text: str, *, at: datetime) -> Note:
    """Write something down about a case: a call, an agreement, a thought. Card codes in it are masked.

    Two people may note at once, so no revision is asked for. Raises NotFound, WrongUse for an empty or endless text.
    """
    actor.require(Permission.WORK)
    return _note(actor, take(actor, number), text, at=at)


@transaction.atomic
def add_need(actor: Actor, ref: Ref, code: str, text: Text, *, at: datetime) -> Case:
    """Let another room ask for a person: a stable code and a sentence. The same code again changes nothing."""
    actor.require(Permission.WORK)
    case = take(actor, ref)
    ask(actor, case, code, text, at=at)
    save(actor, case)
    return case


def ask(actor: Actor, case: Case, code: str, text: Text, *, at: datetime) -> None:
    """Do the same to a case that is in hand; the caller saves it."""
    if not any(need["code"] == code for need in case.needs_human):
        need = {"code": code, "zh": text.zh, "en": text.en, "by": actor.label or actor.kind.value}
        keep(case, needs_human=[*case.needs_human, need])
        facts: dict[str, custody.JSON] = {"code": code, "text": text.zh}
        custody.append(actor, custody.Record("case.person_asked", case.public_id, at, facts))


@transaction.atomic
def settle_need(actor: Actor, number: str, code: str, *, revision: int, at: datetime) -> Case:
    """Mark as dealt with what asked for a person. Raises NotFound when the case does not ask for that.

    A review is not marked away: ``reviewing.review`` writes it.
    """
    actor.require(Permission.WORK)
    if code in (Need.POST_MORTEM.value, Need.REVIEW_DUE.value):
        raise Refused("复盘要写出来", "A review has to be written", code="review_is_written")
    case = take(actor, number, revision=revision)
    rest = need_rules.without(case.needs_human, code)
    if rest == case.needs_human:
        raise NotFound("没有这条提醒", "The case does not ask for that")
    write(actor, case, "need_settled", at=at, needs_human=rest)
    facts: dict[str, custody.JSON] = {"code": code, "revision": case.revision}
    custody.append(actor, custody.Record("case.need_settled", case.public_id, at, facts))
    return case


def _note(actor: Actor, case: Case, text: str, *, at: datetime) -> Note:
    text = text.strip()
    if not text or len(text) > NOTE_MAX:
        raise WrongUse("请写点什么（5000 字以内）", "Write something, in at most 5000 characters")
    kept = clean(actor, text)
    by = (actor.label or actor.kind.value)[:LABEL_MAX]
    note: Note = Note.objects.create(shop_id=actor.shop_id, case=case, text=kept, by=by, at=at)
    search.add(Kind.NOTE, [note.pk])
    content = custody.Content("note", kept.encode())
    custody.append(actor, custody.Record("case.noted", case.public_id, at, {"by": by}, (content,)))
    return note
