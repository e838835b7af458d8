"""JSON entrance of sourcing. Sealed details and codes never pass here."""

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.sourcing import queries, service
from cardcase.sourcing.queries import ClaimView, FlagGroup, FlagView, LotView, PaperView, RuleSaid, SupplierView
from cardcase.sourcing.rules.completeness import Completeness
from cardcase.sourcing.rules.papers import LARGEST, BadPaper
from cardcase.sourcing.rules.suppliers import SupplierTold
from cardcase.sourcing.service import LotTold, PaperTold
from cardcase.staff.gate import caller

router = Router()
Kind = Literal["invoice", "receipt", "payment", "contract", "authorisation", "serial_list", "id_check", "chat", "other"]


class SupplierIn(Schema):
    """What is told of a supplier; what is left out stays. ``id_number`` and ``contact`` are sealed."""

    channel: str | None = None
    kind: str | None = None
    legal_name: str | None = None
    id_kind: str | None = None
    id_number: str | None = None
    contact: str | None = None
    note: str | None = None
    claim_days: int | None = None
    claim_covers: str | None = None
    claim_evidence: str | None = None


class NewSupplier(SupplierIn):
    """A supplier with its name."""

    name: str


class Why(Schema):
    """A reason, kept in the record."""

    reason: str


class LotIn(Schema):
    """How a batch was bought; what is left out stays. Money in 分."""

    supplier: str = ""
    channel: str = ""
    acquired_on: date | None = None
    unit_cost_fen: int | None = None
    claim_until: date | None = None
    card_kind: str = ""
    is_named: bool | None = None
    paid_by: str = ""
    payer_kind: str = ""
    is_third_party_paid: bool | None = None
    issuer_place: str = ""
    total_fen: int | None = None


class RecallIn(Schema):
    """Why a batch is called back, and the card or case that proves it."""

    reason: str
    card: str = ""
    case: str = ""
    on_suspicion: bool = False
    is_confirmed: bool = False


class SignalIn(Schema):
    """What was seen in a sale; ``payer`` goes with the kind payer, and only a keyed digest of it stays."""

    kind: Literal["off_platform", "third_party", "payer"]
    payer: str = ""
    note: str = ""


class CardsIn(Schema):
    """Further cards for a draft: public id → amount in 分, null for its cost."""

    cards: dict[str, int | None]


class ToldIn(Schema):
    """Which order's buyer was told of a recall, and how."""

    order: str
    how: str


class ClaimIn(Schema):
    """Which cards a claim is about: public id → amount in 分, null for its cost."""

    cards: dict[str, int | None]
    reason: str


class StepIn(Schema):
    """A step of a claim."""

    event: Literal["send", "accept", "accept_partly", "reject", "close"]
    answer: str = ""
    accepted_fen: int | None = None


class ReceiptIn(Schema):
    """Money that came in on a claim."""

    amount_fen: int = Field(gt=0)
    received_on: date
    note: str = ""


class DecisionIn(Schema):
    """What is decided about a flag, and why."""

    decision: Literal["clear", "accept", "stop", "act"]
    reason: str


class DecisionsIn(DecisionIn):
    """What is decided about several flags: public id → the mark under which it was read."""

    flags: dict[str, str]


@router.get("/suppliers", summary="List suppliers")
def list_suppliers(request: HttpRequest) -> dict[str, Any]:
    """List suppliers by name."""
    rows = queries.supplier_rows(caller(request))
    return {"suppliers": [{name: getattr(row, name) for name in row.__slots__} for row in rows]}


@router.post("/suppliers", summary="Register a supplier")
def add_supplier(request: HttpRequest, wish: NewSupplier) -> dict[str, Any]:
    """Register a supplier; ``alike`` warns of known names that look the same."""
    actor = caller(request)
    made, alike = service.add_supplier(actor, wish.name, _told(wish), at=clock.now())
    return {**_supplier(queries.supplier_view(actor, made.public_id)), "alike": list(alike)}


@router.get("/suppliers/{supplier}", summary="One supplier with its papers")
def show_supplier(request: HttpRequest, supplier: str) -> dict[str, Any]:
    """Return a supplier; sealed details are not told."""
    return _supplier(queries.supplier_view(caller(request), supplier))


@router.post("/suppliers/{supplier}/change", summary="Change what is known of a supplier")
def change_supplier(request: HttpRequest, supplier: str, wish: SupplierIn) -> dict[str, Any]:
    """Change a supplier."""
    service.change_supplier(caller(request), supplier, _told(wish), at=clock.now())
    return _supplier(queries.supplier_view(caller(request), supplier))


@router.post("/suppliers/{supplier}/suspend", summary="Stop buying from a supplier")
def suspend_supplier(request: HttpRequest, supplier: str, why: Why) -> dict[str, Any]:
    """Suspend a supplier."""
    service.suspend_supplier(caller(request), supplier, reason=why.reason, at=clock.now())
    return _supplier(queries.supplier_view(caller(request), supplier))


@router.post("/suppliers/{supplier}/reinstate", summary="Buy from a suspended supplier again")
def reinstate_supplier(request: HttpRequest, supplier: str, why: Why) -> dict[str, Any]:
    """Reinstate a supplier; the owner's."""
    service.reinstate_supplier(caller(request), supplier, reason=why.reason, at=clock.now())
    return _supplier(queries.supplier_view(caller(request), supplier))


@router.get("/lots", summary="List batches with their open flags")
def list_lots(request: HttpRequest) -> dict[str, Any]:
    """List batches, newest first."""
    rows = queries.lots(caller(request))
    return {"lots": [{name: getattr(row, name) for name in row.__slots__} for row in rows]}


@router.get("/lots/{lot}", summary="One batch with completeness, papers, flags, recall and claims")
def show_lot(request: HttpRequest, lot: str) -> dict[str, Any]:
    """Return a batch."""
    return lot_document(queries.lot(caller(request), lot))


@router.post("/lots/{lot}/set", summary="Write down how a batch was bought")
def set_lot(request: HttpRequest, lot: str, wish: LotIn) -> dict[str, Any]:
    """Set what is told."""
    service.set_lot(caller(request), lot, LotTold(**wish.dict()), at=clock.now())
    return lot_document(queries.lot(caller(request), lot))


@router.post("/lots/{lot}/check", summary="Ask the rules about a batch now")
def check_lot(request: HttpRequest, lot: str) -> dict[str, Any]:
    """Ask the rules and return the batch's flags."""
    service.evaluate_batch(caller(request), lot, at=clock.now())
    return {"flags": [flag_document(flag) for flag in queries.flags(caller(request), state="", subjects=[lot])]}


@router.post("/lots/{lot}/recall", summary="Call a batch back")
def recall_lot(request: HttpRequest, lot: str, wish: RecallIn) -> dict[str, Any]:
    """Call back; again adds only what is new."""
    service.recall(caller(request), lot, at=clock.now(), **wish.dict())
    return lot_document(queries.lot(caller(request), lot))


@router.post("/lots/{lot}/reinstate", summary="Let a batch that was set aside be sold again")
def reinstate_lot(request: HttpRequest, lot: str, why: Why) -> dict[str, Any]:
    """Reinstate a batch; the owner's. Its cards in quarantine stay there until each was checked."""
    service.reinstate_batch(caller(request), lot, reason=why.reason, at=clock.now())
    return lot_document(queries.lot(caller(request), lot))


@router.get("/cards/{card}", summary="How completely one card is papered")
def show_card(request: HttpRequest, card: str) -> dict[str, Any]:
    """Return the completeness of one card: its own cost, checks and place on the list; null without a batch."""
    found = queries.card_completeness(caller(request), card)
    return {"id": card, "completeness": _complete(found) if found else None}


@router.post("/orders/{order_no}/signals", summary="Note something that was seen in a sale")
def note_signal(request: HttpRequest, order_no: str, wish: SignalIn) -> dict[str, Any]:
    """Note it and return the order's flags."""
    actor = caller(request)
    order = queries.order_by_no(actor, order_no)
    service.note_signal(actor, order.public_id, wish.kind, payer=wish.payer, note=wish.note, at=clock.now())
    found = queries.flags(actor, state="", subjects=[order.public_id])
    return {"order": order.public_id, "flags": [flag_document(flag) for flag in found]}


@router.post("/lots/{lot}/told", summary="Note that a buyer was told of a recall")
def note_told(request: HttpRequest, lot: str, wish: ToldIn) -> dict[str, Any]:
    """Note it once."""
    service.note_told(caller(request), lot, wish.order, how=wish.how, at=clock.now())
    return lot_document(queries.lot(caller(request), lot))


@router.post("/lots/{lot}/claims", summary="Begin a claim on the supplier")
def open_claim(request: HttpRequest, lot: str, wish: ClaimIn) -> dict[str, Any]:
    """Begin a claim."""
    made = service.open_claim(caller(request), lot, wish.cards, reason=wish.reason, at=clock.now())
    return claim_document(queries.claim(caller(request), made.public_id))


@router.post("/papers", summary="Keep a paper of a supplier, a batch or a claim")
def attach(
    request: HttpRequest,
    file: File[UploadedFile],
    kind: Form[Kind],
    *,
    supplier: Form[str] = "",
    lot: Form[str] = "",
    claim: Form[str] = "",
    issued_on: Form[date | None] = None,
    valid_from: Form[date | None] = None,
    valid_until: Form[date | None] = None,
    amount_fen: Form[int | None] = None,
    counterparty: Form[str] = "",
    number: Form[str] = "",
    note: Form[str] = "",
) -> dict[str, Any]:
    """Keep a paper; a list of serials is compared at once."""
    if (file.size or 0) > LARGEST:
        raise BadPaper("文件超过 10 MB", "The file is larger than 10 MB")
    told = PaperTold(
        kind=kind,
        name=file.name or "",
        issued_on=issued_on,
        valid_from=valid_from,
        valid_until=valid_until,
        amount_fen=amount_fen,
        counterparty=counterparty,
        number=number,
        note=note,
    )
    owner = {"supplier": supplier, "batch": lot, "claim": claim}
    made = service.attach(caller(request), file.read(), told, at=clock.now(), **owner)
    return {"id": made.public_id, "kind": made.kind, "mime": made.mime, "has_code": made.has_code}


@router.get("/papers/{paper}", summary="The bytes of a paper; the record says who had them")
def open_paper(request: HttpRequest, paper: str) -> HttpResponse:
    """Return the file itself, as an attachment. 409 for one that holds a card code."""
    data, mime, name = service.open_paper(caller(request), paper, at=clock.now())
    ending = name.rpartition(".")[2]
    headers = {"Content-Disposition": f'attachment; filename="{paper}.{ending}"', "Cache-Control": "private, no-store"}
    return HttpResponse(data, content_type=mime, headers=headers)


@router.post("/papers/{paper}/supersede", summary="Say that a paper no longer counts")
def supersede(request: HttpRequest, paper: str, why: Why) -> dict[str, Any]:
    """Supersede a paper."""
    service.supersede(caller(request), paper, reason=why.reason, at=clock.now())
    return {"id": paper}


@router.get("/flags", summary="List risk flags")
def list_flags(request: HttpRequest, state: str = "open", limit: int = 100) -> dict[str, Any]:
    """List flags, newest first; an empty state means all."""
    found = queries.flags(caller(request), state=state, limit=max(1, min(limit, 200)))
    return {"flags": [flag_document(flag) for flag in found]}


@router.post("/flags/{flag}/decide", summary="Decide about a flag")
def decide(request: HttpRequest, flag: str, wish: DecisionIn) -> dict[str, Any]:
    """Write down a decision."""
    decided = service.decide_flag(caller(request), flag, wish.decision, reason=wish.reason, at=clock.now())
    return {"id": decided.public_id, "state": decided.state}


@router.get("/flag-groups", summary="List open flags by rule and supplier")
def list_flag_groups(request: HttpRequest, rule: str = "", supplier: str = "") -> dict[str, Any]:
    """List the groups that wait for a person, the one with the newest flag first; ``none`` means without a supplier."""
    found = queries.flag_groups(caller(request), rule=rule, supplier=supplier)
    return {"groups": [group_document(group) for group in found]}


@router.post("/flags/decide", summary="Decide about several flags at once")
def decide_several(request: HttpRequest, wish: DecisionsIn) -> dict[str, Any]:
    """Write down one decision, recorded for each flag; all or none. 409 when one of them changed since it was read."""
    decided = service.decide_flags(caller(request), wish.flags, wish.decision, reason=wish.reason, at=clock.now())
    return {"decided": [{"id": flag.public_id, "state": flag.state} for flag in decided]}


@router.get("/claims", summary="List claims on suppliers")
def list_claims(request: HttpRequest, state: str = "") -> dict[str, Any]:
    """List claims, newest first."""
    return {"claims": [claim_document(claim) for claim in queries.claims(caller(request), state=state)]}


@router.post("/claims/{claim}/cards", summary="Put further cards into a draft of a claim")
def add_cards(request: HttpRequest, claim: str, wish: CardsIn) -> dict[str, Any]:
    """Add them, all or none."""
    service.add_cards(caller(request), claim, wish.cards, at=clock.now())
    return claim_document(queries.claim(caller(request), claim))


@router.post("/claims/{claim}/move", summary="Note a step of a claim")
def move_claim(request: HttpRequest, claim: str, wish: StepIn) -> dict[str, Any]:
    """Note a step."""
    told = {"answer": wish.answer, "accepted_fen": wish.accepted_fen}
    service.move_claim(caller(request), claim, wish.event, at=clock.now(), **told)  # type: ignore[arg-type]
    return claim_document(queries.claim(caller(request), claim))


@router.post("/claims/{claim}/receipt", summary="Note money that came in on a claim")
def record_receipt(request: HttpRequest, claim: str, wish: ReceiptIn) -> dict[str, Any]:
    """Note money."""
    service.record_receipt(
        caller(request), claim, wish.amount_fen, received_on=wish.received_on, note=wish.note, at=clock.now()
    )
    return claim_document(queries.claim(caller(request), claim))


def _told(wish: SupplierIn) -> SupplierTold:
    return SupplierTold(**{name: getattr(wish, name) for name in SupplierIn.model_fields})


def _supplier(view: SupplierView) -> dict[str, Any]:
    plain = {name: getattr(view, name) for name in view.__slots__ if name not in ("papers", "batches", "alike")}
    return {
        **plain,
        "lots": [{"id": lot, "name": name} for lot, name in view.batches],
        "papers": [paper_document(paper) for paper in view.papers],
    }


def paper_document(paper: PaperView) -> dict[str, Any]:
    """Return a paper as JSON; a list of serials with its counts and masked rows."""
    plain = {name: getattr(paper, name) for name in paper.__slots__ if name != "serials"}
    found = paper.serials
    return {**plain, "serials": {name: getattr(found, name) for name in found.__slots__} if found else None}


def flag_document(flag: FlagView) -> dict[str, Any]:
    """Return a flag as JSON, its sentences in both languages."""
    plain = {name: getattr(flag, name) for name in flag.__slots__ if name not in ("said", "steps")}
    steps = [{name: getattr(step, name) for name in step.__slots__} for step in flag.steps]
    return {**plain, **_rule(flag.said), "state": flag.state.value, "steps": steps}


def group_document(group: FlagGroup) -> dict[str, Any]:
    """Return a group of flags as JSON, each with the mark that a decision about it names."""
    plain = {name: getattr(group, name) for name in group.__slots__ if name not in ("said", "members")}
    members = [
        {("id" if name == "public_id" else name): getattr(one, name) for name in one.__slots__} for one in group.members
    ]
    return {**plain, **_rule(group.said), "flags": members}


def _rule(said: RuleSaid) -> dict[str, Any]:
    texts = ("title", "text", "todo", "ours")
    both = {name: _both(getattr(said, name)) for name in texts}
    return {**both, "source": said.source, "article": said.article, "certainty": said.certainty.value}


def claim_document(claim: ClaimView) -> dict[str, Any]:
    """Return a claim as JSON; cards by public id and tail."""
    plain = {
        name: getattr(claim, name) for name in claim.__slots__ if name not in ("cards", "addable", "receipts", "papers")
    }
    return {
        **plain,
        "state": claim.state.value,
        "cards": [{"id": card, "code": masked, "amount_fen": fen} for card, masked, fen in claim.cards],
        "receipts": [{"received_on": on, "amount_fen": fen, "note": note} for on, fen, note in claim.receipts],
        "papers": [paper_document(paper) for paper in claim.papers],
    }


def lot_document(lot: LotView) -> dict[str, Any]:
    """Return a batch as JSON with all that hangs on it."""
    nested = ("completeness", "papers", "flags", "recall", "claims", "proven_bad")
    plain = {name: getattr(lot, name) for name in lot.__slots__ if name not in nested}
    called = lot.recall
    rows = (*called.reserved, *called.sold) if called else ()
    recall = (
        {
            "id": called.public_id,
            "reason": called.reason,
            "proof": called.proof.value if called.proof else None,
            "called_at": called.called_at,
            "set_aside": called.set_aside,
            "orders": [{name: getattr(row, name) for name in row.__slots__} for row in rows],
        }
        if called
        else None
    )
    return {
        **plain,
        "completeness": _complete(lot.completeness),
        "papers": [paper_document(paper) for paper in lot.papers],
        "flags": [flag_document(flag) for flag in lot.flags],
        "recall": recall,
        "claims": [claim_document(claim) for claim in lot.claims],
        "proven_bad": [{"id": card, "code": masked, "proof": proof} for card, masked, proof in lot.proven_bad],
    }


def _complete(found: Completeness) -> dict[str, Any]:
    gaps = [
        {
            "id": item.id,
            "standing": item.standing.value,
            "share": item.share,
            "weight": item.weight,
            "missing": _both(item.missing),
            "proves": _both(item.proves),
            "evidence": list(item.evidence),
            "reasons": list(item.reasons),
        }
        for item in found.gaps
    ]
    return {"score": found.score, "gaps": gaps}


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
