"""Packs as programs read them: what would be sealed, what was, what is covered. Times ISO 8601 with zone."""

from collections.abc import Sequence
from typing import Any

from cardcase.cases.models import Case
from cardcase.evidence.models import Cover, Redaction
from cardcase.kit.clock import iso

from .refusal import Refusal
from .rules.dossier import Dossier
from .rules.leaks import Stops
from .rules.listing import pieces
from .rules.refusal import Check
from .sealed import Sealed
from .service import Preview


def preview(planned: Preview) -> dict[str, Any]:
    """Return what would be sealed now; ``digest`` goes back as ``seen``."""
    gathered, bounded = planned.gathered, planned.bounding
    said = bounded.summary()
    states: dict[str, int] = {}
    for line in gathered.opened.lines:
        for one in line.openings:
            states[one.state.value] = states.get(one.state.value, 0) + 1
    return {
        "digest": planned.digest,
        "recipient": planned.wanted.recipient,
        "letter": planned.letter,
        "pieces": listed(gathered.told),
        "messages": len(gathered.told.conversation),
        "entries": len(gathered.opened.lines),
        "contents": states,
        "time": {
            "is_configured": bounded.is_asked,
            "both": bounded.both,
            "only_not_after": bounded.only_after,
            "only_not_before": bounded.only_before,
            "none": bounded.unbounded,
            "zh": said.zh,
            "en": said.en,
        },
        "files": sum(not one.is_withheld for one in gathered.files.values()),
        "leaks": [
            {
                "code": leak.code,
                "place": leak.place,
                "zh": leak.text.zh,
                "en": leak.text.en,
                "stops": leak.stops.value,
                "exhibit": leak.exhibit,
            }
            for leak in gathered.leaks
        ],
        "contradictions": list(gathered.told.clashes),
        "gaps": list(gathered.told.gaps),
        "is_sealable": all(leak.stops is not Stops.UNTIL_LOOKED_AT for leak in gathered.leaks),
    }


def listed(told: Dossier) -> list[dict[str, Any]]:
    """Return the list of evidence."""
    return [
        {
            "no": one.no,
            "letter": one.letter,
            "exhibit": one.key if one.key.startswith("ev_") else "",
            "title": one.title,
            "source": one.source,
            "captured": one.captured,
            "proves": one.purpose,
            "against_claim": one.bearing,
            "is_against_seller": one.is_against_seller,
        }
        for one in pieces(told)
    ]


def version(case: Case, one: Sealed) -> dict[str, Any]:
    """Return one sealed version."""
    return {
        "case": case.number,
        "version": one.number,
        "pack": one.pack,
        "state": one.state.value,
        "recipient": one.recipient,
        "sealed_at": iso(one.at),
        "sealed_by": one.by,
        "submitted_at": iso(one.submitted_at) if one.submitted_at else None,
        "sha256": one.file_sha256,
        "size": one.size,
    }


def redaction(made: Redaction) -> dict[str, Any]:
    """Return one covered copy."""
    return {
        "redaction": made.public_id,
        "exhibit": made.exhibit.public_id,
        "areas": made.areas,
        "reason": made.reason,
        "sha256": made.file_sha256,
        "mime": made.file_mime,
        "derived_from": made.derived_from,
        "at": iso(made.at),
        "is_lifted": made.lifted_at is not None,
    }


def cover(made: Cover) -> dict[str, Any]:
    """Return covered words. They are told to who may read the case; they never leave the shop in a pack."""
    return {
        "cover": made.public_id,
        "words": made.words,
        "reason": made.reason,
        "at": iso(made.at),
        "is_lifted": made.lifted_at is not None,
    }


def checks(found: Sequence[Check]) -> list[dict[str, Any]]:
    """Return every check of words for the refuse form."""
    return [{"ok": one.ok, "zh": one.text.zh, "en": one.text.en} for one in found]


def refusal(told: Refusal) -> dict[str, Any]:
    """Return what goes into the refuse form."""
    return {
        "reasons": list(told.reasons),
        "text": told.words,
        "text_max": told.form.text_max,
        "pictures_max": told.form.pictures_max,
        "certainty": told.form.certainty or "?",
        "pictures": [{"name": one.name, "zh": one.title.zh, "en": one.title.en} for one in told.pictures],
    }
