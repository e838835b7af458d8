"""Sealing the papers from before papers were sealed. Each is a transaction of its own; a kill leaves none half done."""

from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from cardcase.cards import service as cards
from cardcase.cards import vault
from cardcase.cards.models import CardBatch
from cardcase.custody import files
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit.errors import Problem
from cardcase.sourcing import sealing
from cardcase.sourcing.models import SourceDocument
from cardcase.staff.rules import Actor, Permission

from . import serials

log = structlog.get_logger("cardcase.sourcing")

AT_ONCE: Final = 100
"""Papers that one call seals at most: of 10 MB each, one after the other. Our own choice."""


def seal_older(actor: Actor, *, at: datetime, limit: int = AT_ONCE) -> int:
    """Seal some of the shop's papers that are not sealed; return how many. One that cannot be read is left and named.

    The unsealed file goes only once the sealed bytes are committed: the promise to take it away is in that transaction.
    """
    actor.require(Permission.WORK)
    waiting = SourceDocument.objects.visible_to(actor).filter(body_sealed=None)
    sealed = 0
    for document_id in list(waiting.order_by("pk").values_list("public_id", flat=True)):
        if sealed == limit:
            break
        try:
            sealed += _seal(actor, document_id, at)
        except Problem as problem:
            log.warning("paper_not_sealed", shop=actor.shop_id, paper=document_id, error=problem.problem_code)
    return sealed


@transaction.atomic
def _seal(actor: Actor, document_id: str, at: datetime) -> bool:
    rows = SourceDocument.objects.visible_to(actor).select_for_update()
    paper: SourceDocument | None = rows.filter(public_id=document_id, body_sealed=None).first()
    if paper is None:
        return False  # another worker was first
    data, plain = files.read(paper.sha256), paper.sha256
    batch: CardBatch | None = CardBatch.objects.visible_to(actor).filter(pk=paper.batch_id).first()
    paper.body_sealed = sealing.seal_paper(paper.shop_id, paper.public_id, data)
    paper.sha256 = vault.keyed_digest(data)
    found = serials.read(actor, data, paper.mime, batch) if paper.mime in serials.READABLE else None
    paper.has_code = paper.has_code or bool(found and found.codes)
    paper.save(update_fields=["body_sealed", "sha256", "has_code"])
    facts: dict[str, custody.JSON] = {"sha256": paper.sha256, "was_sha256": plain, "has_code": paper.has_code}
    custody.append(actor, Record("paper.sealed", paper.public_id, at, facts))
    cards.promise_drop(actor, plain, key=document_id, at=at)
    return True
