"""The example shop 礼卡小铺, loaded through the very doors that a seller's own files use."""

from collections.abc import Callable
from datetime import datetime

from cardcase.cards import queries as card_queries
from cardcase.cards import service as cards
from cardcase.cards import vault
from cardcase.cards.rules.identity import identity
from cardcase.connectors import demo
from cardcase.delivery import queries as delivery_queries
from cardcase.delivery import service as delivery
from cardcase.intake import service as intake
from cardcase.intake.rules import CardDefaults, Upload
from cardcase.orders import queries as orders
from cardcase.policies import service as policies
from cardcase.sourcing import queries as source_queries
from cardcase.sourcing import service as sourcing
from cardcase.sourcing.rules.suppliers import SupplierTold
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
    _papers(actor, facts, at=at)
    uploads = [Upload(name, data) for name, data in files.items()]
    intake.import_files(actor, uploads, at=at, progress=progress, seller_names=(facts.name,))
    _allocate(actor, at=at)
    for redemption in facts.redemptions:
        cards.mark_redeemed(
            actor, _card_id(actor, redemption), redeemed_at=redemption.redeemed_at, source=redemption.method, at=at
        )


_KNOWN = {
    "苹果官方旗舰店（企业采购）": SupplierTold(
        kind="company",
        legal_name="示例电脑贸易（上海）有限公司",
        id_kind="licence",
        id_number="91310000EXAMPLE0X1",
        contact="对公客服 400-000-0000（示例）",
        claim_days=30,
        claim_covers="交付前已失效的卡",
        claim_evidence="订单号、卡号、官方查询截图",
    ),
    "福礼汇卡券批发": SupplierTold(
        kind="company",
        legal_name="示例福礼汇商贸有限公司",
        id_kind="licence",
        id_number="91440300EXAMPLE0X2",
        contact="微信 fulihui-example（示例）",
        claim_days=7,
        claim_covers="坏卡包换",
        claim_evidence="开卡录屏",
    ),
}
"""Suppliers of whom the example knows who they are. Names and numbers are invented; of the others nothing is known."""


def _allocate(actor: Actor, *, at: datetime) -> None:
    """Keep a card for each paid order whose listing can be told: the seller confirmed what it means, and goes on."""
    for order in delivery_queries.unallocated_orders(actor):
        meant = delivery_queries.kind_of_order(actor, order).guess
        if meant is None or order.listing is None:
            continue
        listing = order.listing
        delivery.set_kind(actor, listing.channel, listing.item_id, listing.sku_text, meant, at=at)
        delivery.allocate(actor, order.order_no, at=at)


def _papers(actor: Actor, facts: demo.ShopFacts, *, at: datetime) -> None:
    """Tell who two suppliers are, give them and their newest batch papers, and let the rules look at every batch."""
    for name, told in _KNOWN.items():
        supplier = source_queries.supplier_by_ref(actor, name).public_id
        sourcing.change_supplier(actor, supplier, told, at=at)
        contract = sourcing.PaperTold(kind="contract", name="采购合同.pdf", counterparty=told.legal_name or "")
        sourcing.attach(actor, _pdf("Example purchase contract"), contract, supplier=supplier, at=at)
        batch = next(batch for batch in facts.batches if batch.supplier == name)
        batch_id = card_queries.batch_id(actor, batch.name)
        assert batch_id is not None
        bought = sourcing.LotTold(card_kind="single", is_named=False, paid_by="transfer", payer_kind="company")
        sourcing.set_lot(actor, batch_id, bought, at=at)
        for kind, file in (("invoice", "电子发票.pdf"), ("payment", "转账回单.pdf")):
            paper = sourcing.PaperTold(kind=kind, name=file, issued_on=batch.acquired_on)
            sourcing.attach(actor, _pdf(f"Example {kind} {batch.name}"), paper, batch=batch_id, at=at)
    for lot in source_queries.lots(actor):
        sourcing.evaluate_batch(actor, lot.public_id, at=at)


def _pdf(line: str) -> bytes:
    """Make a one-line PDF. Readers rebuild the table of objects that it does without."""
    text = f"BT /F 18 Tf 72 720 Td ({line}) Tj ET"
    return (
        "%PDF-1.4\n"
        "1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
        "2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n"
        "3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>> endobj\n"
        f"4 0 obj <</Length {len(text)}>> stream\n{text}\nendstream endobj\n"
        "trailer <</Root 1 0 R>>\n%%EOF\n"
    ).encode("ascii")


def _card_id(actor: Actor, check: demo.CheckFact) -> str:
    index = vault.blind_index(actor.shop_id, identity(check.code, check.number))
    return card_queries.cards_by_index(actor, [index])[index]
