"""The readable source of the example shop: what ``data/`` says, as typed rows with moments filled in."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from . import codes, moments

DATA: Final = Path(__file__).parent / "data"
SHOP_NAME: Final = "礼卡小铺"
SELLER_ID: Final = "2200000000001"
_VNR = "VNR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One listing on the shelf. Money in 分."""

    id: str
    title: str
    brand: str
    region: str
    face_fen: int
    price_fen: int
    service_support: str
    sku_text: str = ""
    is_physical: bool = False

    @property
    def item_id(self) -> str:
        """Return the platform's number of the listing."""
        return "8" + codes.digits(f"item {self.id}", 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One purchase of cards and the stock file in which it came."""

    name: str
    supplier: str
    listing: Listing
    make: str
    count: int
    unit_cost_fen: int
    acquired_on: date
    claim_until: date | None
    expires_on: date | None
    proof_note: str
    form: str
    encoding: str
    file: str

    def secret(self, ordinal: int) -> codes.Secret:
        """Return number and code of the n-th card, counted from 1."""
        if not 1 <= ordinal <= self.count:
            raise ValueError(f"{self.name} has no card {ordinal}")
        return codes.secret(self.make, self.name, ordinal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order with its moments. ``card`` is the batch and the ordinal of the card handed over."""

    key: str
    file: str
    listing: Listing
    buyer: str
    ordered_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    confirmed_at: datetime | None
    closed_at: datetime | None
    close_reason: str
    card: tuple[Batch, int] | None
    sold_type: int
    waybill: str

    @property
    def order_no(self) -> str:
        """Return the platform's order number: 19 digits, always text."""
        return "33" + codes.digits(f"order {self.key}", 16) + str(1 + len(self.key) % 9)

    @property
    def secret(self) -> codes.Secret:
        """Return number and code of the card handed over; empty ones when none was."""
        return codes.Secret("", "") if self.card is None else self.card[0].secret(self.card[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund with its moments. ``family`` and ``reading`` are for people and tests and leave in no file."""

    order: Order
    form: str
    status: int
    type: int
    amount_fen: int
    reason: str
    description: str
    applied_at: datetime
    due_at: datetime | None
    modified_at: datetime | None
    refunded_at: datetime | None
    rejected_at: datetime | None
    family: str
    reading: str
    is_ambiguous: bool
    own_fault: bool
    has_threat: bool
    timed_out: bool

    @property
    def refund_no(self) -> str:
        """Return the platform's refund number."""
        return "26" + codes.digits(f"refund {self.order.key}", 14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing said or shown in a conversation. ``who`` is 买家, 卖家, 提示, 卡片, 买家图 or 卖家图."""

    at: datetime
    who: str
    text: str
    order: Order | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One conversation and the form in which it leaves: goofish, pasted or autoagent."""

    key: str
    form: str
    buyer: str
    listing: Listing
    order: Order | None
    lines: tuple[Line, ...]

    @property
    def cid(self) -> str:
        """Return the platform's number of the conversation."""
        return "6" + codes.digits(f"chat {self.key}", 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Everything that ``data/`` says, at one moment."""

    now: datetime
    listings: dict[str, Listing]
    batches: dict[str, Batch]
    orders: dict[str, Order]
    refunds: tuple[Refund, ...]
    chats: tuple[Chat, ...]
    stock: dict[str, Any]


def buyer_id(nick: str) -> str:
    """Return the platform's stable number of a buyer."""
    return "22" + codes.digits(f"buyer {nick}", 11)


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text("utf-8"))


def read(now: datetime) -> Source:
    """Read the whole source as it stands at an aware moment. Raises ValueError where a file contradicts itself."""
    if now.tzinfo is None:
        raise ValueError("the example shop needs an aware moment")
    listings = {row["id"]: Listing(**row) for row in _toml("listings.toml")["listing"]}
    stock = _toml("stock.toml")
    batches = {row["name"]: _batch(row, listings, now) for row in stock["batch"]}
    orders = {row["key"]: _order(row, listings, batches, now) for row in _toml("orders.toml")["orders"]}
    refunds = tuple(_refund(row, orders, now) for row in _toml("refunds.toml")["refund"])
    files = sorted((DATA / "chats").glob("*.txt"))
    chats = tuple(_chat(file, listings, orders, now) for file in files)
    return Source(now=now, listings=listings, batches=batches, orders=orders, refunds=refunds, chats=chats, stock=stock)


def _batch(row: dict[str, Any], listings: dict[str, Listing], now: datetime) -> Batch:
    def on(name: str) -> date | None:
        return moments.day(row[name], now) if name in row else None

    return Batch(
        name=row["name"],
        supplier=row["supplier"],
        listing=listings[row["listing"]],
        make=row["make"],
        count=row["count"],
        unit_cost_fen=row["unit_cost_fen"],
        acquired_on=moments.day(row["acquired"], now),
        claim_until=on("claim_until"),
        expires_on=on("expires"),
        proof_note=row["proof_note"],
        form=row["form"],
        encoding=row.get("encoding", "utf-8"),
        file=row["file"],
    )


def _order(row: dict[str, Any], listings: dict[str, Listing], batches: dict[str, Batch], now: datetime) -> Order:
    def at(name: str) -> datetime | None:
        return moments.moment(row[name], now) if name in row else None

    paid = at("paid")
    ordered = at("ordered") or (paid and paid - timedelta(seconds=20 + len(row["key"])))
    if ordered is None:
        raise ValueError(f"order {row['key']} was never placed")
    delivered: datetime | None = None
    if paid is not None and row.get("delivered") != "no":
        delivered = at("delivered") or paid + moments.span(row.get("delivery", f"{30 + len(row['key'])}s"))
    card: tuple[Batch, int] | None = None
    if "card" in row:
        batch, _, ordinal = row["card"].partition("#")
        card = (batches[batch], int(ordinal))
    return Order(
        key=row["key"],
        file=row.get("file", "json"),
        listing=listings[row["listing"]],
        buyer=row["buyer"],
        ordered_at=ordered,
        paid_at=paid,
        delivered_at=delivered,
        confirmed_at=at("confirmed"),
        closed_at=at("closed"),
        close_reason=row.get("reason", ""),
        card=card,
        sold_type=row.get("sold_type", 11),
        waybill=row.get("waybill", ""),
    )


def _refund(row: dict[str, Any], orders: dict[str, Order], now: datetime) -> Refund:
    def at(name: str) -> datetime | None:
        return moments.moment(row[name], now) if name in row else None

    order = orders[row["order"]]
    return Refund(
        order=order,
        form=row.get("form", "platform"),
        status=row.get("status", 1),
        type=row.get("type", 1),
        amount_fen=row.get("amount_fen", order.listing.price_fen),
        reason=row["reason"],
        description=row["description"],
        applied_at=moments.moment(row["applied"], now),
        due_at=at("due"),
        modified_at=at("modified"),
        refunded_at=at("refunded"),
        rejected_at=at("rejected"),
        family=row["family"],
        reading=row["reading"],
        is_ambiguous=row.get("is_ambiguous", False),
        own_fault=row.get("own_fault", False),
        has_threat=row.get("has_threat", False),
        timed_out=row.get("timed_out", False),
    )


_LINE = re.compile(r"^((?:[+-]\d+d \d{2}:\d{2})|(?:[+-][0-9dhms]+)) (\S+) (.*)$")
_BLANK = re.compile(r"\{(code|number|order_no|on|date)(~?)(?:@([\w-]+))?(?::([+-]\d+)d)?\}")


def _chat(file: Path, listings: dict[str, Listing], orders: dict[str, Order], now: datetime) -> Chat:
    head: dict[str, str] = {}
    lines: list[Line] = []
    told: datetime | None = None
    order: Order | None = None
    for number, row in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not row.strip() or row.startswith("#"):
            continue
        match = _LINE.match(row)
        if match is None:
            name, _, value = row.partition(": ")
            head[name] = value.strip()
            continue
        order = orders[head["order"]] if "order" in head else None
        token, who, text = match.groups()
        is_step = token.startswith("+") and told is not None
        told = told + moments.span(token) if is_step and told else moments.moment(token, now)
        if lines and told < lines[-1].at:
            raise ValueError(f"{file.name}:{number} is said before the line above it")
        filled = _fill(text, order, orders, now)
        lines.append(Line(at=told, who=who, text=filled.replace("\\n", "\n"), order=order))
    listing = order.listing if order else listings[head["listing"]]
    return Chat(
        key=file.stem,
        form=head["form"],
        buyer=order.buyer if order else head["buyer"],
        listing=listing,
        order=order,
        lines=tuple(lines),
    )


def _fill(text: str, order: Order | None, orders: dict[str, Order], now: datetime) -> str:
    def one(match: re.Match[str]) -> str:
        what, wrong, other, days = match.groups()
        if what in ("on", "date"):
            on = moments.day(int(days), now)
            return f"{on.month}月{on.day}日" if what == "on" else on.isoformat()
        of = orders[other] if other else order
        if of is None:
            raise ValueError(f"{text!r} needs an order")
        if what == "order_no":
            return of.order_no
        value = of.secret.code if what == "code" else of.secret.number
        return codes.misread(value) if wrong else value

    return _BLANK.sub(one, text)
