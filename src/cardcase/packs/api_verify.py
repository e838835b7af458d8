"""JSON entrance of the verifier."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from cardcase.kit.addresses import network_of
from cardcase.packs import uploads
from cardcase.staff.gate import address_of

router = Router()

_FIELDS: dict[str, Any] = {
    "pack": {"type": "string", "format": "binary", "description": "the ZIP, 64 MB at most"},
    "vkey": {"type": "string", "description": "the signer's C2SP verifier key, had from outside the pack"},
    "policy": {"type": "string", "description": "what is asked for: C2SP tlog-policy and the lines of the handbook"},
    "previous": {"type": "string", "description": "a signed checkpoint that was given out earlier"},
    "roots": {"type": "array", "items": {"type": "string", "format": "binary"}, "description": "PEM or DER"},
}


class Said(Schema):
    """One sentence in both languages."""

    zh: str
    en: str


class Finding(Said):
    """One finding. ``level``: note, weakness (less than was asked for) or fault (breaks the proof)."""

    level: str
    code: str
    place: str


class Judgement(Schema):
    """What a check says; ``exit_code`` is that of ``cardcase verify``: 0, 1, 2, 3 or 4."""

    verdict: str
    exit_code: int
    facts: dict[str, str | int | bool]
    findings: list[Finding]
    does_not_prove: list[Said]


@router.post(
    "",
    response=Judgement,
    summary="Check an evidence pack",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": {"type": "object", "required": ["pack"], "properties": _FIELDS}}
            },
        }
    },
)
def verify(request: HttpRequest) -> dict[str, object]:
    """Judge a pack by what is sent along. Changes nothing, so it needs no Idempotency-Key."""
    return uploads.check(request, network_of(address_of(request))).document()
