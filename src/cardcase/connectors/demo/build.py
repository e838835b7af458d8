"""The example shop at one moment: the files that its importers meet, and what its owner would have typed in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from cardcase.kit.secret import CardCode

from . import moments, platform, sheets, source, talk


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierFact:
    """A supplier. ``channel`` as in ``cards.models.Supplier``."""

    name: str
    channel: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFact:
    """One purchase, and the file of ``build`` in which its cards came. Money in 分.

    Brand, region, face value and expiry are here because some stock files hold nothing but codes.
    """

    name: str
    file: str
    supplier: str
    brand: str
    region: str
    face_fen: int
    unit_cost_fen: int
    acquired_on: date
    claim_until: date | None
    expires_on: date | None
    proof_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFact:
    """One look at what a card was worth, or with ``redeemed_at`` what its issuer told of it."""

    batch: str
    code: CardCode
    number: str  # a short PIN names a card only together with its number
    checked_at: datetime
    method: str
    balance_fen: int | None = None
    is_usable: bool | None = None
    redeemed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFact:
    """One version of the shop's after-sales policy."""

    version: int
    title: str
    text: str
    effective_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """What stands in no file of another tool: who supplied what with which paper, which cards were checked when."""

    name: str
    suppliers: tuple[SupplierFact, ...]
    batches: tuple[BatchFact, ...]
    checks: tuple[CheckFact, ...]
    redemptions: tuple[CheckFact, ...]
    policies: tuple[PolicyFact, ...]


def build(now: datetime) -> dict[str, bytes]:
    """Write the example's files as they would lie on the seller's disk at an aware moment: file name to bytes.

    Pure: the same moment gives the same bytes. Raises ValueError for a naive moment.
    """
    read = source.read(now)
    return {**sheets.files(read), **platform.files(read), **talk.files(read)}


def shop(now: datetime) -> ShopFacts:
    """Return what the owner of the example shop would have typed in by an aware moment."""
    read = source.read(now)
    return ShopFacts(
        name=source.SHOP_NAME,
        suppliers=tuple(SupplierFact(**row) for row in read.stock["supplier"]),
        batches=tuple(_batch(batch) for batch in read.batches.values()),
        checks=tuple(_check(row, read) for row in read.stock["check"]),
        redemptions=tuple(_redemption(row, read) for row in read.stock["redemption"]),
        policies=tuple(_policy(read.stock[name], now) for name in ("policy_old", "policy_now")),
    )


def shop_toml(now: datetime) -> bytes:
    """Write the facts of ``shop`` as a readable file; cards are named by stock file and row, never by code."""
    facts = shop(now)
    read = source.read(now)
    rows = [f"name = {_quoted(facts.name)}", ""]
    for supplier in facts.suppliers:
        rows += ["[[suppliers]]", *_pairs(supplier, "name", "channel", "note"), ""]
    for batch in facts.batches:
        rows += ["[[batches]]", *_pairs(batch, *BatchFact.__slots__), ""]
    for check, row in zip(facts.checks, read.stock["check"], strict=True):
        rows += ["[[checks]]", *_place(row["card"], read), *_pairs(check, "checked_at", "method")]
        rows += [*_pairs(check, "balance_fen", "is_usable"), ""]
    for check, row in zip(facts.redemptions, read.stock["redemption"], strict=True):
        rows += ["[[redemptions]]", *_place(row["card"], read), *_pairs(check, "redeemed_at", "method"), ""]
    for policy in facts.policies:
        rows += ["[[policies]]", *_pairs(policy, *PolicyFact.__slots__), ""]
    return "\n".join(rows).encode()


def _batch(batch: source.Batch) -> BatchFact:
    return BatchFact(
        name=batch.name,
        file=batch.file,
        supplier=batch.supplier,
        brand=batch.listing.brand,
        region=batch.listing.region,
        face_fen=batch.listing.face_fen,
        unit_cost_fen=batch.unit_cost_fen,
        acquired_on=batch.acquired_on,
        claim_until=batch.claim_until,
        expires_on=batch.expires_on,
        proof_note=batch.proof_note,
    )


def _card(name: str, read: source.Source) -> tuple[source.Batch, int]:
    batch, _, ordinal = name.partition("#")
    return read.batches[batch], int(ordinal)


def _sold(name: str, read: source.Source) -> datetime:
    wanted = _card(name, read)
    return max(order.paid_at for order in read.orders.values() if order.card == wanted and order.paid_at)


def _check(row: dict[str, Any], read: source.Source) -> CheckFact:
    batch, ordinal = _card(row["card"], read)
    return CheckFact(
        batch=batch.name,
        code=CardCode(batch.secret(ordinal).code),
        number=batch.secret(ordinal).number,
        checked_at=_sold(row["card"], read) - timedelta(minutes=row["before_paid"]),
        method=row["method"],
        balance_fen=row.get("balance_fen"),
        is_usable=row["is_usable"],
    )


def _redemption(row: dict[str, Any], read: source.Source) -> CheckFact:
    batch, ordinal = _card(row["card"], read)
    if "at" in row:
        redeemed = moments.moment(row["at"], read.now)
    else:
        redeemed = _sold(row["card"], read) + timedelta(minutes=row["after_paid"])
    return CheckFact(
        batch=batch.name,
        code=CardCode(batch.secret(ordinal).code),
        number=batch.secret(ordinal).number,
        checked_at=read.now,
        method=row["source"],
        redeemed_at=redeemed,
    )


def _policy(row: dict[str, Any], now: datetime) -> PolicyFact:
    return PolicyFact(
        version=row["version"],
        title=row["title"],
        text=row["text"].strip(),
        effective_from=moments.moment(row["effective"], now),
    )


def _place(name: str, read: source.Source) -> list[str]:
    batch, ordinal = _card(name, read)
    return [f"file = {_quoted(batch.file)}", f"card = {ordinal}"]


def _pairs(fact: object, *names: str) -> list[str]:
    values = ((name, getattr(fact, name)) for name in names)
    return [f"{name} = {_value(value)}" for name, value in values if value is not None]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, int | date):
        return str(value)
    return _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
