"""One attempt at a time-stamp: ask, keep what came, check it, and write its hash into the record."""

from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from cryptography import x509

from cardcase.anchors import outside, queries
from cardcase.anchors.models import Reply, Revocations, Stamp
from cardcase.anchors.outside import CameToNothing
from cardcase.anchors.rules import client, plan, stamp
from cardcase.anchors.rules.client import Question
from cardcase.anchors.rules.config import Authority, BadAnchors
from cardcase.anchors.rules.plan import StampState
from cardcase.anchors.rules.stamp import BadStamp, Checked, Fault, Token
from cardcase.connectors.egress import Reply as Answer
from cardcase.kit import clock
from cardcase.kit.errors import Problem
from cardcase.staff.rules import Actor, Permission

from .promising import promise
from .rows import Writing, anchors, by_hand, try_again, write_own

LIST_LASTS: Final = timedelta(hours=12)
"""How long a fetched list of revocations is used before it is asked for again. Our own choice."""

_KEPT: Final = frozenset({Fault.UNVERIFIABLE, Fault.NO_ROOTS})
"""What cannot be judged here is kept as it is and named "not verified"; asking again would change nothing."""


def try_stamp(actor: Actor | None, stamp_id: int, *, at: datetime, writing: Writing = by_hand) -> str:
    """Make one attempt at an owed stamp and return its code, empty when it holds; owes the next one otherwise.

    Reaches outside, so not inside a transaction; writes inside ``writing()``. Never raises for what an authority does.
    """
    assert actor is None or actor.may(Permission.READ)
    row = Stamp.objects.select_related("over__reply").get(pk=stamp_id)
    if row.state != StampState.WAITING.value:
        return ""
    question = client.ask(_message(row), is_strong=row.over_id is not None)
    try:
        authority = _authority(row.authority)
        roots = _roots(authority)
        lists = _revocations(authority, at=at)
        came = outside.ask_time(authority, question.request)
    except CameToNothing as nothing:
        return _failed(row, question, nothing.code, nothing.reply, at=at, writing=writing)
    token: Token | None = None
    checked: Checked | None = None
    try:
        token = stamp.read(came.body)
        checked = stamp.check(token, _message(row), roots, nonce=question.nonce, policy=authority.policy, revoked=lists)
    except BadStamp as bad:
        if token is None or bad.fault not in _KEPT:
            return _failed(row, question, bad.fault.value, came, at=at, writing=writing)
        code = bad.fault.value
    else:
        code = ""
    with writing():
        _keep(row, question, token, checked, code, at=at)
    return code


def _message(row: Stamp) -> bytes:
    if row.over is None:
        return row.note.encode()
    assert row.over.reply is not None
    return stamp.archive_message(row.over.note.encode(), bytes(row.over.reply.body))


def _authority(name: str) -> Authority:
    try:
        found = next((one for one in anchors().authorities if one.name == name), None)
    except Problem as problem:
        raise CameToNothing("bad_settings") from problem
    if found is None:
        raise CameToNothing("no_config")
    return found


def _roots(authority: Authority) -> list[x509.Certificate]:
    try:
        return queries.pinned_roots(authority)
    except BadAnchors as error:
        raise CameToNothing("bad_settings") from error


def _revocations(authority: Authority, *, at: datetime) -> list[x509.CertificateRevocationList]:
    """Return the lists of an authority, fetched anew when they are old. One that is away is told as "not known"."""
    found = []
    for url in authority.revocations:
        row = Revocations.objects.filter(url=url).first()
        if row is None or at - row.fetched_at > LIST_LASTS:
            with suppress(CameToNothing, ValueError):
                body = outside.fetch_list(url, allow_private=authority.private)
                stamp.read_revocations(body)
                row, _ = Revocations.objects.update_or_create(url=url, defaults={"body": body, "fetched_at": at})
        if row is not None:
            with suppress(ValueError):
                found.append(stamp.read_revocations(bytes(row.body)))
    return found


def _failed(row: Stamp, question: Question, code: str, came: Answer | None, *, at: datetime, writing: Writing) -> str:
    with writing():
        if came is not None and came.body:
            _keep_reply(row, question, came, code, at=at)
        if Stamp.objects.select_for_update().filter(pk=row.pk, state=StampState.WAITING.value).first() is None:
            return code
        row.tries += 1
        row.last_code, row.last_at = code, at
        row.next_at = try_again("anchors.stamp", {"stamp": row.pk}, row.tries, at=at)
        row.save(update_fields=["tries", "last_code", "last_at", "next_at"])
    return code


def _keep_reply(row: Stamp, question: Question, came: Answer, code: str, *, at: datetime) -> Reply:
    return Reply.objects.create(
        stamp=row, request=question.request, body=came.body, status=came.status, code=code, at=at
    )


def _keep(row: Stamp, question: Question, token: Token, checked: Checked | None, code: str, *, at: datetime) -> None:
    reply = _keep_reply(row, question, Answer(HTTPStatus.OK, token.raw), code, at=at)
    if Stamp.objects.select_for_update().filter(pk=row.pk, state=StampState.WAITING.value).first() is None:
        return  # somebody else was quicker, or a later head took its place
    row.reply = reply
    row.state = (StampState.VERIFIED if checked else StampState.UNVERIFIED).value
    row.gen_time, row.token_sha256 = token.gen_time, token.sha256
    row.accuracy_ms = int(token.accuracy / timedelta(milliseconds=1))
    row.last_code, row.last_at, row.settled_at, row.next_at = code, at, at, None
    if checked is not None:
        row.signer, row.ends_at = checked.signer_name[:300], checked.ends_at
        row.is_revocation_known = checked.is_revocation_known
    row.tries += 1
    refs = {
        "authority": row.authority,
        "size": str(row.size),
        "token": token.sha256,
        "time": clock.iso(token.gen_time),
        "check": row.state,
    }
    kind = plan.RENEWED if row.over_id is not None else plan.STAMPED
    if row.over is not None:
        refs["over"] = row.over.token_sha256
    row.entry_seq = write_own(
        kind,
        at,
        {"authority": row.authority, "size": row.size, "time": clock.iso(token.gen_time), "signer": row.signer},
        refs,
    )
    row.save()


def stamp_now(actor: Actor, *, at: datetime) -> list[queries.StampView]:
    """Anchor the present head at every authority and wait for the answers; return how each went.

    For whoever sits before the command line; what fails is tried again in the background. Raises as ``promise`` does.
    """
    actor.require(Permission.MANAGE_SHOP)
    size = promise(actor, at=at, is_forced=True)
    if size is None:
        return []
    owed = Stamp.objects.filter(size=size, state=StampState.WAITING.value, over=None)
    for pk in list(owed.values_list("pk", flat=True)):
        try_stamp(None, pk, at=at)
    return [one for one in queries.stamps(actor) if one.size == size and not one.is_renewal]
