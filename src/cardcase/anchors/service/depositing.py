"""Handing a hash to deposit services: ``deposit(name, size, sha256, sm3)``, and what they answer."""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Final

from django.db import transaction

from cardcase.anchors import outside
from cardcase.anchors.models import Deposit
from cardcase.anchors.outside import CameToNothing
from cardcase.anchors.rules import deposit as rules
from cardcase.anchors.rules import plan
from cardcase.anchors.rules.config import deposit_presets, deposit_url_of
from cardcase.anchors.rules.deposit import Answer, Asked, BadAnswer
from cardcase.custody import service as custody
from cardcase.jobs import service as jobs
from cardcase.kit.errors import Problem, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from .rows import Writing, anchors, by_hand, try_again

WAITING: Final = "waiting"
DONE: Final = "done"
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME: Final = 120


@transaction.atomic
def deposit(actor: Actor, name: str, size: int, sha256: str, sm3: str, *, at: datetime) -> list[int]:
    """Promise to hand a hash to every service that is switched on; return the numbers of the promises.

    ``name`` goes to others: an id, never words of the case. A hash is handed to each service once. Nothing happens when
    no service is on. Raises WrongUse for what is no hash, BadAnchors.
    """
    actor.require(Permission.EXPORT)
    if not (_HASH.fullmatch(sha256) and _HASH.fullmatch(sm3)) or not name or len(name) > _LONGEST_NAME or size < 0:
        raise WrongUse(
            "存证要有名称、大小、SHA-256 和 SM3",
            "A deposit needs a name, a size, SHA-256 and SM3 in hex",
            next=Text("用 cardcase ledger deposit 文件，它会算好。", "Use cardcase ledger deposit FILE."),
            code="bad_deposit",
        )
    promised = []
    for service in anchors().deposits:
        row, is_new = Deposit.objects.get_or_create(
            shop_id=actor.shop_id,
            provider=service.name,
            sha256=sha256,
            defaults={
                "name": name,
                "size": size,
                "sm3": sm3,
                "state": WAITING,
                "promised_at": at,
                "next_at": at,
            },
        )
        if is_new:
            jobs.enqueue(actor, "anchors.deposit", {"deposit": row.pk}, at=at, key=f"{row.pk}:0", queue="anchors")
        promised.append(row.pk)
    return promised


def settle_deposit(actor: Actor, deposit_id: int, *, at: datetime, writing: Writing = by_hand) -> str:
    """Make one attempt at a promised deposit; return its code, empty when it was accepted. Owes the next one otherwise.

    Reaches outside, so not inside a transaction. The answer is kept as it came, and its hash goes into the record.
    """
    row = Deposit.objects.visible_to(actor).get(pk=deposit_id)
    if row.state != WAITING:
        return ""
    try:
        answer = _ask(row, at=at)
    except CameToNothing as nothing:
        with writing():
            row.tries += 1
            row.last_code, row.last_at = nothing.code, at
            if nothing.reply is not None:
                row.raw = nothing.reply.body
            row.next_at = try_again("anchors.deposit", {"deposit": row.pk}, row.tries, at=at, actor=actor)
            row.save()
        return nothing.code
    with writing():
        row.tries += 1
        row.state, row.last_code, row.last_at, row.settled_at, row.next_at = DONE, "", at, at, None
        row.external_id, row.told_time, row.certificate = answer.id, answer.time, answer.certificate
        row.raw = answer.raw
        row.save()
        facts: dict[str, custody.JSON] = {
            "provider": row.provider,
            "name": row.name,
            "sha256": row.sha256,
            "sm3": row.sm3,
            "id": answer.id,
            "time": answer.time,
        }
        content = custody.Content("answer", answer.raw, "application/json")
        custody.append(actor, custody.Record(plan.DEPOSITED, f"dep_{row.pk}", at, facts, (content,)))
    return ""


def _ask(row: Deposit, *, at: datetime) -> Answer:
    try:
        service = next((one for one in anchors().deposits if one.name == row.provider), None)
    except Problem as problem:
        raise CameToNothing("bad_settings") from problem
    if service is None:
        raise CameToNothing("no_config")
    preset, url = deposit_presets().records[service.preset], deposit_url_of(service)
    secret = outside.secret(service.secret_file) if service.secret_file else ""
    asked = Asked(row.name, row.size, row.sha256, row.sm3)
    try:
        body, headers = rules.write(preset, url, asked, user=service.user, secret=secret, at=at)
    except ValueError as error:
        raise CameToNothing("no_secret") from error
    reply = outside.call("POST", url, body, headers, allow_private=service.private)
    if reply.status != HTTPStatus.OK:
        raise CameToNothing("http_status", reply)
    try:
        return rules.read(preset, row.provider, reply.body)
    except BadAnswer as bad:
        raise CameToNothing("deposit_refused", reply) from bad
