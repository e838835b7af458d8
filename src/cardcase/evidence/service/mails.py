"""Mails among the exhibits: kept byte for byte, under seal when a card code stands in them, their signature checked."""

import hashlib
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from cardcase.cards import file_rows, masking, vault
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.evidence import dkim, queries
from cardcase.evidence.models import Exhibit
from cardcase.evidence.rules import mail
from cardcase.jobs import service as jobs
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.staff.rules import Actor, Permission

from .entries import record

CHECK_JOB: Final = "evidence.check_mail"
PENDING: Final = dkim.Signed.PENDING.value


def keep(actor: Actor, exhibit: str, data: bytes, read: mail.Mail | None, *, has_code: bool = False) -> dict[str, Any]:
    """Keep the bytes of an exhibit; return the columns that say where: when a card code stands in them, the row itself.

    Issuers deliver codes by mail, and such a mail is evidence all the same. Pictures are not read here: whoever read
    one says by ``has_code`` that there was a code on it.
    """
    if has_code or (
        read is not None and any(one.had_code for one in masking.mask_texts(actor, [read.subject, read.text]))
    ):
        return {"file_sha256": hashlib.sha256(data).hexdigest(), "body_sealed": seal(actor.shop_id, exhibit, data)}
    return file_rows.keep(Exhibit, actor.shop_id, data)


def seal(shop_id: int, exhibit: str, data: bytes) -> bytes:
    """Seal the bytes of an exhibit for its row."""
    return vault.seal(data, context=_context(shop_id, exhibit))


def original(row: Exhibit) -> bytes:
    """Return the bytes of an exhibit; one with a card code in it only after the record of it is committed.

    Raises NotFound when it has none, DamagedFile, and what the vault raises.
    """
    if row.body_sealed is not None:
        return vault.open_sealed(bytes(row.body_sealed), context=_context(row.shop_id, row.public_id))
    return file_rows.read(row)


def _context(shop_id: int, exhibit: str) -> str:
    return f"evidence|{shop_id}|{exhibit}"


@transaction.atomic(durable=True)
def open_original(actor: Actor, number: str, exhibit_id: str, *, reason: str, at: datetime) -> Exhibit:
    """Note that a person opens an original which lies under seal; the bytes are read after this is on record.

    Raises NotAllowed, also for a machine, NotFound, WrongUse without a reason and when it lies open anyway.
    """
    require_person(actor, Permission.REVEAL)
    exhibit = _of_case(actor, number, exhibit_id)
    reason = given_reason(actor, reason)
    if exhibit.body_sealed is None:
        raise WrongUse("这份原件没有密封，直接打开即可", "This original is not sealed; just open it")
    record(actor, exhibit.case, "evidence.original_opened", at, exhibit=exhibit.public_id, reason=reason)
    return exhibit


def _of_case(actor: Actor, number: str, exhibit_id: str) -> Exhibit:
    exhibit = queries.exhibit(actor, exhibit_id)
    if exhibit.case.number != number:
        raise NotFound("没有这份证据", "There is no such exhibit")
    return exhibit


def promise_check(actor: Actor, exhibit: Exhibit, *, at: datetime) -> None:
    """Promise to check a mail's signature, unless the installation asks nobody for keys."""
    if settings.CARDCASE.mail_keys:
        jobs.enqueue(actor, CHECK_JOB, {"exhibit": exhibit.public_id}, key=exhibit.public_id, at=at)


def check_again(actor: Actor, number: str, exhibit_id: str, *, at: datetime) -> Exhibit:
    """Ask for a mail's key once more, when nobody answered. Raises NotAllowed, NotFound, WrongUse."""
    actor.require(Permission.WORK)
    exhibit = _of_case(actor, number, exhibit_id)
    if exhibit.file_mime != mail.MIME:
        raise WrongUse("这份证据不是邮件", "This exhibit is no mail")
    if not settings.CARDCASE.mail_keys:
        raise WrongUse("设置 mail_keys 关着，不向域名系统查公钥", "The setting mail_keys is off: no key is asked for")
    promise_check(actor, exhibit, at=at)
    return exhibit


def check_signature(
    actor: Actor,
    exhibit_id: str,
    *,
    at: datetime,
    writing: AbstractContextManager[object],
    lookup: dkim.Lookup = dkim.published,
) -> dkim.Outcome:
    """Check the DKIM signature of a mail and note what was found, with the key, in the row and in the record.

    What was once found to hold stays so: a key that was taken down later says nothing against it. Raises KeyAway when
    nobody answers; nothing is noted then.
    """
    exhibit = queries.exhibit(actor, exhibit_id)
    raw = original(exhibit)
    outcome = dkim.check(raw, mail.read_mail(raw).sender_domain, lookup=lookup)
    with writing:
        mine = Exhibit.objects.visible_to(actor).filter(pk=exhibit.pk)
        if outcome.state is dkim.Signed.NO_KEY:
            mine = mine.exclude(dkim__in=[dkim.Signed.PASSED.value, dkim.Signed.PARTIAL.value])
        changed = mine.exclude(dkim=outcome.state.value).update(
            dkim=outcome.state.value, dkim_domain=outcome.domain[:255], dkim_key=outcome.key or None, dkim_at=at
        )
        if changed:
            told: dict[str, custody.JSON] = {
                "exhibit": exhibit.public_id,
                "dkim": outcome.state.value,
                "domain": outcome.domain,
                "selector": outcome.selector,
            }
            contents = [custody.Content("dkim_key", outcome.key)] if outcome.key else []
            custody.append(actor, custody.Record("evidence.mail_checked", exhibit.case.public_id, at, told, contents))
    return outcome
