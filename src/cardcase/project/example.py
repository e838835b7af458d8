"""The example shop 礼卡小铺, loaded through the very doors that a seller's own files use."""

from collections.abc import Callable
from datetime import datetime

from cardcase.cards import queries as card_queries
from cardcase.cards import service as cards
from cardcase.cards import vault
from cardcase.cards.rules.identity import identity
from cardcase.connectors import demo
from cardcase.intake import service as intake
from cardcase.intake.rules import CardDefaults, Upload
from cardcase.orders import queries as orders
from cardcase.policies import service as policies
from cardcase.staff.rules import Actor

Progress = Callable[[int, int, str], None]


def _silent(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


def load_once(actor: Actor, *, at: datetime, progress: Progress = _silent) -> bool:
    """Load the example into a shop that has no order yet; leave any other shop alone. Returns whether it was loaded."""
    if orders.has_orders(actor):
        return False
    load(actor, at=at, progress=progress)
    return True


def load(actor: Actor, *, at: datetime, progress: Progress = _silent) -> None:
    """Load what the seller would have typed in by now, then the files, told from the moment ``at``."""
    facts = demo.shop(at)
    files = demo.build(at)
    for policy in sorted(facts.policies, key=lambda policy: policy.version):
        policies.publish(
            actor, policy.title, policy.text, effective_from=policy.effective_from, at=policy.effective_from
        )
    channels = {supplier.name: supplier.channel for supplier in facts.suppliers}
    for batch in facts.batches:
        told = CardDefaults(
            batch=batch.name,
            supplier=batch.supplier,
            brand=batch.brand,
            region=batch.region,
            face_fen=batch.face_fen,
            cost_fen=batch.unit_cost_fen,
            expires_on=batch.expires_on,
        )
        intake.import_files(actor, [Upload(batch.file, files.pop(batch.file))], cards_are=told, at=at)
        batch_id = card_queries.batch_id(actor, batch.name)
        assert batch_id is not None
        cards.set_provenance(
            actor,
            batch_id,
            supplier=batch.supplier,
            channel=channels.get(batch.supplier, ""),
            acquired_on=batch.acquired_on,
            unit_cost_fen=batch.unit_cost_fen,
            claim_until=batch.claim_until,
            proof=f"示例单据：{batch.proof_note}".encode() if batch.proof_note else None,
            proof_note=batch.proof_note,
            at=at,
        )
        progress(0, len(facts.batches), "batches")
    for check in facts.checks:
        cards.record_balance_check(
            actor,
            _card_id(actor, check),
            method=check.method,
            balance_fen=check.balance_fen,
            is_usable=check.is_usable,
            checked_at=check.checked_at,
            at=at,
        )
    uploads = [Upload(name, data) for name, data in files.items()]
    intake.import_files(actor, uploads, at=at, progress=progress, seller_names=(facts.name,))
    for redemption in facts.redemptions:
        cards.mark_redeemed(
            actor, _card_id(actor, redemption), redeemed_at=redemption.redeemed_at, source=redemption.method, at=at
        )


def _card_id(actor: Actor, check: demo.CheckFact) -> str:
    index = vault.blind_index(actor.shop_id, identity(check.code, check.number))
    return card_queries.cards_by_index(actor, [index])[index]
