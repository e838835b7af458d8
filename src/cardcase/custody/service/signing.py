"""Signing the head of the log, and the way on after a backup was restored or a key was lost."""

import secrets
from datetime import datetime

from django.db import transaction

from cardcase.custody import keys
from cardcase.custody.models import Checkpoint, Head
from cardcase.custody.queries import head as heads
from cardcase.custody.queries.head import HeadCheck, HeadStatus
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import note, plain
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from .appending import locked_head, write_own


class NotContinuous(Refused):
    """The present record does not continue what was signed. Appending goes on, signing does not."""

    code = "record_not_continuous"


def check_head() -> HeadCheck:
    """Compare the database with the last signed head (start-up check). ``may_sign`` is the answer; raises nothing."""
    return heads.check()


def _require_continuous() -> None:
    found = heads.check()
    if not found.may_sign:
        raise NotContinuous(found.text.zh, found.text.en, next=found.next, status=found.status.value)


def checkpoint(_actor: Actor, *, at: datetime) -> str:
    """Sign the present head and return the note; at an unchanged size the note that was signed before.

    Signs only what is committed: raises RuntimeError inside another transaction, whose end nobody knows yet. Raises
    NotContinuous when the record is smaller than, or differs from, what was signed, NoSigningKey without the key.
    """
    with transaction.atomic(durable=True):
        head = locked_head(at)
        _require_continuous()
        known = Checkpoint.objects.filter(size=head.size).first()
        text = known.note if known else _sign(head, at)
    heads.remember(text)
    return text


def _signer(head: Head) -> note.Signer:
    """Return the signer of this log. Raises NoSigningKey when its key is missing or is another one."""
    signer = keys.signer(head.origin)
    if signer.verifier.vkey != head.vkey:
        raise keys.NoSigningKey(
            "签名密钥不是这份记录的那一把",
            "The signing key is not the one of this record",
            next=Text("从密钥备份恢复 log.key。", "Restore log.key from the backup of the keys."),
        )
    return signer


def sign_text(_actor: Actor, text: str) -> str:
    """Sign a text of another kind, such as the seal of a pack, under the log's name. Raises NoSigningKey."""
    return note.sign(text, _signer(Head.objects.get(pk=1)))


def _sign(head: Head, at: datetime) -> str:
    text = note.sign_checkpoint(note.Checkpoint(head.origin, head.size, heads.root_of(head)), _signer(head))
    Checkpoint.objects.create(size=head.size, note=text, signed_at=at)
    return text


def _has_key(head: Head) -> bool:
    try:
        _signer(head)
    except keys.NoSigningKey:
        return False
    return True


@transaction.atomic
def continue_as_new_log(actor: Actor, reason: str, *, at: datetime) -> str:
    """Let the record go on under a new name, naming the last head that was signed; return the new vkey.

    For the owner, and only when ``check_head`` says that the record does not continue what was signed, or when the
    signing key is lost. Nothing is ever signed again under the old name, so no two heads of one name can contradict
    each other (custody.md §7.2). Raises Refused when there is no need, or when the database itself is damaged.
    """
    actor.require(Permission.MANAGE_SHOP)
    head = locked_head(at)
    found = heads.check()
    if found.status is HeadStatus.BROKEN or (found.may_sign and _has_key(head)):
        raise Refused(
            "记录不需要、或不能以新记录继续",
            "The record need not, or cannot, go on as a new one",
            next=found.text,
            status=found.status.value,
        )
    head.origin = form.origin_of(f"log_{secrets.token_hex(16)}")
    head.vkey = keys.signer(head.origin, make=True).verifier.vkey
    head.save(update_fields=["origin", "vkey"])
    refs = {"origin": head.origin, "vkey": head.vkey}
    if kept := heads.kept_note():
        refs["prev_head"] = heads.digest(kept)
    facts: dict[str, plain.JSON] = {"reason": reason, "by": actor.label, "status": found.status.value}
    write_own(head, form.CONTINUED, at, facts, refs)
    return head.vkey
