"""JSON entrance of the record: where it stands, its keys, signing and turning them."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from cardcase.kit import clock
from cardcase.staff.gate import caller

from . import queries, service

router = Router()


class KeyOut(Schema):
    """A key of the record. ``crossed`` is the head that it and the key before it both signed."""

    seq: int
    at: str
    origin: str
    vkey: str
    fingerprint: str
    follows: str
    crossed: str
    state: str


class RecordOut(Schema):
    """Where the record stands. ``status`` says how the database continues what was signed."""

    status: str
    may_sign: bool
    says: str
    next: str
    size: int
    signed_size: int
    vkey: str
    checkpoint: str
    keys: list[KeyOut]


class Reason(Schema):
    """Why it is done; kept in the record."""

    reason: str = Field(max_length=queries.LONGEST_REASON)


class Signed(Schema):
    """The signed head, a C2SP note."""

    checkpoint: str


class Turned(Schema):
    """The verifier key that is to be published from now on."""

    vkey: str


@router.get("", response=RecordOut, summary="Where the record stands, and the keys that signed it")
def record(request: HttpRequest) -> dict[str, Any]:
    """Return the state of the record, the same for every shop."""
    state = queries.record_state(caller(request))
    return {
        "status": state.status,
        "may_sign": state.may_sign,
        "says": str(state.text),
        "next": str(state.next),
        "size": state.size,
        "signed_size": state.signed_size,
        "vkey": state.vkey,
        "checkpoint": state.checkpoint,
        "keys": state.keys,
    }


@router.post("/checkpoint", response=Signed, summary="Sign the present head")
def sign(request: HttpRequest) -> dict[str, Any]:
    """Sign the head; an unchanged one keeps its note."""
    actor = caller(request)
    return {"checkpoint": service.checkpoint(actor, at=clock.now())}


@router.post("/rotate-key", response=Turned, summary="Let a fresh signing key follow, signed for by both")
def rotate_key(request: HttpRequest, body: Reason) -> dict[str, Any]:
    """Turn the signing key; ends a rotation that was interrupted."""
    actor = caller(request)
    return {"vkey": service.rotate_key(actor, body.reason, at=clock.now())}


@router.post("/continue", response=Turned, summary="Go on under a new name after a restored backup or a lost key")
def go_on(request: HttpRequest, body: Reason) -> dict[str, Any]:
    """Let the record go on as a new log that names the last signed head."""
    actor = caller(request)
    return {"vkey": service.continue_as_new_log(actor, body.reason, at=clock.now())}
