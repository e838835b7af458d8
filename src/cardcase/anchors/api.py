"""JSON entrance of anchoring: how the record stands to others, its stamps and deposits, the head to be given away."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from cardcase.kit import clock
from cardcase.staff.gate import caller

from . import queries, service
from .queries import DepositView, StampView, WitnessView

router = Router()


class StampOut(Schema):
    """One owed or obtained time-stamp. ``code`` says why the last attempt came to nothing, empty when it did not."""

    authority: str
    size: int
    state: str
    is_renewal: bool
    gen_time: datetime | None
    accuracy_ms: int
    token_sha256: str
    signer: str
    ends_at: datetime | None
    is_revocation_known: bool
    entry_seq: int | None
    tries: int
    next_at: datetime | None
    code: str
    says: str


class WitnessOut(Schema):
    """One witness; one of the seller's own counts as zero."""

    name: str
    key_id: str
    is_own: bool
    cosigned_size: int
    seen_at: datetime | None
    tries: int
    code: str
    says: str


class DepositOut(Schema):
    """One promised or accepted deposit of a hash."""

    provider: str
    name: str
    sha256: str
    is_done: bool
    external_id: str
    told_time: str
    tries: int
    code: str
    says: str


class StandingOut(Schema):
    """How the record stands. ``code`` is E_TIME_PENDING, E_TIME_NONE or empty; ``problem`` names bad settings."""

    code: str
    says: str
    problem: str
    anchored_size: int
    stamped_size: int
    stamped_at: datetime | None
    is_quorum_met: bool
    latest: list[StampOut]
    witnesses: list[WitnessOut]
    deposits: list[DepositOut]


class StampList(Schema):
    """Stamps, newest head first."""

    stamps: list[StampOut]


class Asked(Schema):
    """What was asked for is done in the background; look at the standing again."""

    is_asked: bool


class DepositIn(Schema):
    """What is to be deposited: only hashes leave, and a name that tells nothing of the case."""

    name: str = Field(min_length=1, max_length=120)
    size: int = Field(ge=0)
    sha256: str
    sm3: str


class Promised(Schema):
    """The numbers of the promised deposits, one a service; none when no service is on."""

    deposits: list[int]


class CopyOut(Schema):
    """The newest signed head with its cosignatures, to be given to others."""

    size: int
    root_short: str
    note: str
    line_zh: str
    line_en: str


class Copies(Schema):
    """Where the shop gives the head to buyers."""

    on_claim_page: bool
    in_chat: bool


@router.get("", response=StandingOut, summary="How the record stands to authorities, witnesses and deposit services")
def standing(request: HttpRequest) -> dict[str, Any]:
    """Return the standing, the same for every shop but for its deposits."""
    found = queries.standing(caller(request), at=clock.now())
    return {
        "code": found.code,
        "says": found.text.zh,
        "problem": found.problem.problem_code if found.problem else "",
        "anchored_size": found.anchored_size,
        "stamped_size": found.stamped_size,
        "stamped_at": found.stamped_at,
        "is_quorum_met": found.is_quorum_met,
        "latest": [_stamp(one) for one in found.latest],
        "witnesses": [_witness(one) for one in found.witnesses],
        "deposits": [_deposit(one) for one in found.deposits],
    }


@router.get("/stamps", response=StampList, summary="Time-stamps, newest head first")
def stamps(request: HttpRequest, limit: int = 100) -> dict[str, Any]:
    """Return at most a thousand stamps."""
    actor = caller(request)
    return {"stamps": [_stamp(one) for one in queries.stamps(actor, limit=max(1, min(limit, 1000)))]}


@router.post("/stamp", response=Asked, summary="Have the head stamped and cosigned now, in the background")
def stamp(request: HttpRequest) -> dict[str, Any]:
    """Ask for it; for the owner."""
    service.force(caller(request), at=clock.now())
    return {"is_asked": True}


@router.post("/deposits", response=Promised, summary="Hand a hash to the deposit services that are on")
def deposit(request: HttpRequest, body: DepositIn) -> dict[str, Any]:
    """Promise the deposits."""
    actor = caller(request)
    return {"deposits": service.deposit(actor, body.name, body.size, body.sha256, body.sm3, at=clock.now())}


@router.get("/copy", response=CopyOut | None, summary="The newest signed head, to be given to others")
def copy(request: HttpRequest) -> dict[str, Any] | None:
    """Return the head, null before the first was signed."""
    told = queries.copy(caller(request))
    if told is None:
        return None
    return {
        "size": told.size,
        "root_short": told.root_short,
        "note": told.note,
        "line_zh": told.line.zh,
        "line_en": told.line.en,
    }


@router.get("/copies", response=Copies, summary="Where the shop gives the head to its buyers")
def copies(request: HttpRequest) -> dict[str, bool]:
    """Return the shop's choice."""
    on_claim_page, in_chat = queries.copies(caller(request))
    return {"on_claim_page": on_claim_page, "in_chat": in_chat}


@router.post("/copies", response=Copies, summary="Choose where the shop gives the head to its buyers")
def set_copies(request: HttpRequest, body: Copies) -> Copies:
    """Set the shop's choice; for the owner, recorded."""
    actor = caller(request)
    service.set_copies(actor, on_claim_page=body.on_claim_page, in_chat=body.in_chat, at=clock.now())
    return body


def _stamp(one: StampView) -> dict[str, Any]:
    return {
        "authority": one.authority,
        "size": one.size,
        "state": one.state.value,
        "is_renewal": one.is_renewal,
        "gen_time": one.gen_time,
        "accuracy_ms": one.accuracy_ms,
        "token_sha256": one.token_sha256,
        "signer": one.signer,
        "ends_at": one.ends_at,
        "is_revocation_known": one.is_revocation_known,
        "entry_seq": one.entry_seq,
        "tries": one.tries,
        "next_at": one.next_at,
        "code": one.code,
        "says": one.text.zh,
    }


def _witness(one: WitnessView) -> dict[str, Any]:
    return {
        "name": one.name,
        "key_id": one.key_id,
        "is_own": one.is_own,
        "cosigned_size": one.cosigned_size,
        "seen_at": one.seen_at,
        "tries": one.tries,
        "code": one.code,
        "says": one.text.zh,
    }


def _deposit(one: DepositView) -> dict[str, Any]:
    return {
        "provider": one.provider,
        "name": one.name,
        "sha256": one.sha256,
        "is_done": one.is_done,
        "external_id": one.external_id,
        "told_time": one.told_time,
        "tries": one.tries,
        "code": one.code,
        "says": one.text.zh,
    }
