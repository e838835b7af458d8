"""Answering a POST once: effect and answer are committed together, a repetition gets the first answer."""

import hashlib
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from cardcase.kit import clock
from cardcase.kit.errors import Conflict, WrongUse
from cardcase.kit.text import Text
from cardcase.project.models import IdempotentReply
from cardcase.staff.rules import Actor

HEADER = "Idempotency-Key"
LONGEST_KEY = 100
KEPT = 2 * 1024 * 1024


def answer_once(actor: Actor, request: HttpRequest, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Run ``work`` unless its key was answered before; then return that answer.

    Raises WrongUse without a key or when the key came with another body (RFC draft idempotency-key-header: 422), and
    Conflict when the same key is being answered at this moment. Refusals are not remembered: they changed nothing.
    """
    key = request.headers.get(HEADER, "")
    if not key or len(key) > LONGEST_KEY:
        raise WrongUse(
            "POST 请求要带 Idempotency-Key（最多 100 个字符）",
            "A POST needs an Idempotency-Key of at most 100 characters",
            next=Text(
                "每个动作用一个新的随机值，重试时用同一个。",
                "Use a fresh random value per act and the same one when retrying.",
            ),
            code="idempotency_key_missing",
        )
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + request.body).hexdigest()
    known = IdempotentReply.objects.filter(shop_id=actor.shop_id, key=key).first()
    if known is not None:
        return _again(known, digest)
    try:
        with transaction.atomic():
            response = work()
            if response.status_code >= 400:  # noqa: PLR2004 - refusals change nothing and may be retried
                transaction.set_rollback(True)
            elif not response.streaming and len(response.content) <= KEPT:
                IdempotentReply.objects.create(
                    shop_id=actor.shop_id,
                    key=key,
                    request_sha256=digest,
                    status=response.status_code,
                    body=response.content,
                    content_type=response.headers.get("Content-Type", "application/json"),
                    created_at=clock.now(),
                )
    except IntegrityError as error:
        known = IdempotentReply.objects.filter(shop_id=actor.shop_id, key=key).first()
        if known is None:
            raise Conflict("同一个请求正在处理，请稍后再试", "The same request is being answered; try again") from error
        return _again(known, digest)
    return response


def _again(known: IdempotentReply, digest: str) -> HttpResponse:
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
