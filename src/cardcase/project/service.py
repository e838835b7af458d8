"""Answering a POST once: effect and answer are committed together, a repetition gets the first answer."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cardcase.intake.uploads import is_import, require_small
from cardcase.kit import canonical, clock
from cardcase.kit.errors import Conflict, WrongUse
from cardcase.kit.text import Text
from cardcase.project.models import IdempotentReply
from cardcase.staff.rules import Actor

HEADER = "Idempotency-Key"
LONGEST_KEY = 100
GIVEN_UP = timedelta(minutes=10)
"""Durable work that takes longer than this was broken off."""

PARCELS = "/parcel/"
"""In the addresses of steps of parcels: their videos are kept before anything is locked, and never whole in memory."""

KEPT = 2 * 1024 * 1024
SAID_ONCE = canonical.encode(
    {
        "type": "urn:cardcase:problem:said_once",
        "title": "卡密只说一次，这次请求已经答复过",
        "detail": "Codes are said once, and this request was answered already",
        "next": "先核实买家看到没有，再决定是否重发。",
        "next_en": "Settle whether the buyer saw them before you send them again.",
        "status": 409,
        "code": "said_once",
    }
)
"""What a repetition gets in the place of an answer that must not be stored: it held card codes."""

REMEMBERED = timedelta(days=1)
"""How long a repetition gets the first answer (RFC draft idempotency-key-header leaves it to the server)."""


def answer_once(
    actor: Actor, request: HttpRequest, work: Callable[[], HttpResponse], *, is_durable: bool = False
) -> HttpResponse:
    """Run ``work`` unless its key was answered before; then return that answer.

    Effect and answer are one transaction. Durable work commits by itself (a signed checkpoint must be on the disk
    before it is shown), so there the key is taken in a transaction of its own. Raises WrongUse without a key or when
    the key came with another body or from another caller (RFC draft idempotency-key-header: 422), Conflict while
    durable work of the same key goes on. Refusals are not remembered: they changed nothing.
    """
    key = request.headers.get(HEADER, "")
    if not key or len(key) > LONGEST_KEY or "\0" in key:
        raise WrongUse(
            "POST 请求要带 Idempotency-Key（最多 100 个字符）",
            "A POST needs an Idempotency-Key of at most 100 characters",
            next=Text(
                "每个动作用一个新的随机值，重试时用同一个。",
                "Use a fresh random value per act and the same one when retrying.",
            ),
            code="idempotency_key_missing",
        )
    digest = _digest(actor, request)
    known = IdempotentReply.objects.filter(shop_id=actor.shop_id, key=key).first()
    if known is not None and not _is_given_up(known):
        return _again(known, digest)
    if is_durable:
        return _answer_durably(actor, key, digest, work)
    with transaction.atomic():
        mine = _take(actor, key, digest)
        if mine.request_sha256 != digest or mine.status:
            return _again(mine, digest)
        response = work()
        if response.status_code >= 400:  # noqa: PLR2004 - refusals change nothing and may be retried
            transaction.set_rollback(True)
        else:
            _remember(mine, response)
    return response


def _answer_durably(actor: Actor, key: str, digest: str, work: Callable[[], HttpResponse]) -> HttpResponse:
    mine = _take(actor, key, digest)
    if mine.request_sha256 != digest or mine.status:
        return _again(mine, digest)
    try:
        response = work()
    except BaseException:
        mine.delete()
        raise
    if response.status_code >= 400:  # noqa: PLR2004 - as above
        mine.delete()
    else:
        _remember(mine, response)
    return response


def _take(actor: Actor, key: str, digest: str) -> IdempotentReply:
    """Take the key before the work: a second call with it waits here, or meets what the first one left."""
    IdempotentReply.objects.filter(
        shop_id=actor.shop_id, key=key, status=0, created_at__lt=clock.now() - GIVEN_UP
    ).delete()
    values = {"request_sha256": digest, "status": 0, "body": b"", "content_type": "", "created_at": clock.now()}
    mine, is_mine = IdempotentReply.objects.get_or_create(shop_id=actor.shop_id, key=key, defaults=values)
    if not is_mine and not mine.status and mine.request_sha256 == digest:
        raise Conflict("同一个请求正在处理，请稍后再试", "The same request is being answered; try again")
    return mine


def _remember(mine: IdempotentReply, response: HttpResponse) -> None:
    if response.streaming or len(response.content) > KEPT:
        mine.delete()
        return
    if "no-store" in response.headers.get("Cache-Control", ""):
        mine.status, mine.body, mine.content_type = 409, SAID_ONCE, "application/problem+json"
    else:
        mine.status, mine.body = response.status_code, response.content
        mine.content_type = response.headers.get("Content-Type", "application/json")
    mine.save(update_fields=["status", "body", "content_type"])


def _is_given_up(known: IdempotentReply) -> bool:
    """Tell whether durable work with this key was broken off: its process is gone and will never answer."""
    return not known.status and known.created_at < clock.now() - GIVEN_UP


def forget_replies(actor: Actor | None, *, at: datetime) -> int:
    """Forget answers older than a day, of all shops; ``actor`` is None, nobody asks for it. Returns how many."""
    assert actor is None
    count, _ = IdempotentReply.objects.filter(created_at__lt=at - REMEMBERED).delete()
    return count


def _digest(actor: Actor, request: HttpRequest) -> str:
    """Bind an answer to who asked and what for: nobody gets the answer that was meant for somebody else."""
    who = f"{actor.kind.value}:{actor.staff_id}:{actor.role}:{actor.label}"
    seal = hashlib.sha256(f"{who}\n{request.method} {request.get_full_path()}\n{request.content_type}\n".encode())
    is_form = request.content_type == "multipart/form-data"
    # Read before it is parsed, so that it can be parsed again. Not so the videos of a parcel, which are too large for
    # that: they are parsed piece by piece into files, and what was parsed stays with the request.
    # Nor files of an import, which are bounded as they come.
    is_parsed = is_form and (PARCELS in request.path or is_import(request.path))
    body = b"" if is_parsed else request.body
    if is_parsed:
        require_small(request)
    if is_form:  # its boundary is a new random word with each repetition
        for name, values in sorted(request.POST.lists()):
            seal.update(repr((name, values)).encode())
        for name, files in sorted(request.FILES.lists()):
            for file in files:
                whole = hashlib.sha256()
                for chunk in file.chunks():
                    whole.update(chunk)
                seal.update(repr((name, file.name, whole.hexdigest())).encode())
                file.seek(0)
    else:
        seal.update(body)
    return seal.hexdigest()


def _again(known: IdempotentReply, digest: str) -> HttpResponse:
    if not known.status and known.request_sha256 == digest:
        raise Conflict("同一个请求正在处理，请稍后再试", "The same request is being answered; try again")
    if known.request_sha256 != digest:
        raise WrongUse(
            "这个 Idempotency-Key 已用在另一个请求上",
            "This Idempotency-Key was used with another request",
            next=Text("换一个新的值。", "Use a fresh value."),
            code="idempotency_key_reused",
        )
    response = HttpResponse(bytes(known.body), status=known.status, content_type=known.content_type)
    response.headers["Idempotent-Replayed"] = "true"
    return response
