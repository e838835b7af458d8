"""Reading suppliers. Numbers of identities and contacts are not read here: ``service.show_sealed`` opens them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.kit.errors import NotFound
from cardcase.sourcing.models import SupplierClaim
from cardcase.sourcing.rules.suppliers import normal_name
from cardcase.staff.rules import Actor

from .facts import has_identity
from .papers import PaperView, papers_of_supplier


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierRow:
    """One supplier in the list: how much was bought, how much failed, what came back. Money in 分."""

    public_id: str
    name: str
    channel: str
    kind: str
    status: str
    has_identity: bool
    batches: int
    cards: int
    failed: int
    recovered_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierView:
    """All that may be shown of a supplier. Of the number of its identity only the tail; the contact only as a yes."""

    public_id: str
    name: str
    channel: str
    kind: str
    status: str
    status_reason: str
    suspended_at: datetime | None
    legal_name: str
    id_kind: str
    id_masked: str
    has_contact: bool
    note: str
    claim_days: int | None
    claim_covers: str
    claim_evidence: str
    has_identity: bool
    alike: tuple[str, ...]
    batches: tuple[tuple[str, str], ...]  # public id, name
    papers: tuple[PaperView, ...]


def suppliers_named_like(actor: Actor, name: str, *, but: str = "") -> tuple[str, ...]:
    """Return the names of known suppliers that look the same as one, for a warning."""
    normal = normal_name(name)
    names = Supplier.objects.visible_to(actor).exclude(public_id=but).order_by("name").values_list("name", flat=True)
    return tuple(one for one in names if one != name and normal_name(one) == normal)


def supplier_by_ref(actor: Actor, ref: str) -> Supplier:
    """Return a supplier by its public id or its name. Raises NotFound, also for another shop's."""
    column = "public_id" if ref.startswith("sup_") else "name"
    found: Supplier | None = Supplier.objects.visible_to(actor).filter(**{column: ref}).first()
    if found is None:
        raise NotFound("没有这个货源方", "There is no such supplier")
    return found


def supplier_rows(actor: Actor) -> list[SupplierRow]:
    """Return the suppliers by name, with what became of their cards, in a fixed number of queries."""
    suppliers = list(Supplier.objects.visible_to(actor).annotate(lots=Count("batches")).order_by("name"))
    cards = Card.objects.visible_to(actor).filter(batch__supplier__isnull=False).order_by()
    bought = dict(cards.values_list("batch__supplier_id").annotate(n=Count("pk")))
    unusable = cards.filter(balance_checks__is_usable=False).values_list("batch__supplier_id")
    failed = dict(unusable.annotate(n=Count("pk", distinct=True)))
    claims = SupplierClaim.objects.visible_to(actor).order_by().values_list("supplier_id")
    back = dict(claims.annotate(sum=Sum("recovered_fen")))
    return [
        SupplierRow(
            public_id=one.public_id,
            name=one.name,
            channel=one.channel,
            kind=one.kind,
            status=one.status,
            has_identity=has_identity(one),
            batches=one.lots,
            cards=bought.get(one.pk, 0),
            failed=failed.get(one.pk, 0),
            recovered_fen=back.get(one.pk) or 0,
        )
        for one in suppliers
    ]


def supplier_view(actor: Actor, ref: str) -> SupplierView:
    """Return one supplier by public id or name. Raises NotFound."""
    one = supplier_by_ref(actor, ref)
    lots = CardBatch.objects.visible_to(actor).filter(supplier=one).order_by("-pk")
    return SupplierView(
        public_id=one.public_id,
        name=one.name,
        channel=one.channel,
        kind=one.kind,
        status=one.status,
        status_reason=one.status_reason,
        suspended_at=one.suspended_at,
        legal_name=one.legal_name,
        id_kind=one.id_kind,
        id_masked=f"‥{one.id_tail4}" if one.id_sealed else "",
        has_contact=bool(one.contact_sealed),
        note=one.note,
        claim_days=one.claim_days,
        claim_covers=one.claim_covers,
        claim_evidence=one.claim_evidence,
        has_identity=has_identity(one),
        alike=suppliers_named_like(actor, one.name, but=one.public_id),
        batches=tuple(lots.values_list("public_id", "name")),
        papers=papers_of_supplier(actor, one),
    )
