"""What was seen becomes what a capture tells: the log, its facts, what is worth a look, where codes stand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from cardcase.cards import masking
from cardcase.custody import service as custody
from cardcase.evidence.rules import shown
from cardcase.kit.errors import Conflict
from cardcase.screens import queries
from cardcase.screens.models import Capture, CapturedPicture
from cardcase.screens.rules import drafts, lines, masks, suspicion
from cardcase.screens.rules.layout import log_of
from cardcase.screens.rules.log import Kind
from cardcase.screens.rules.seen import Seen
from cardcase.screens.rules.stitching import Stitched, stitch
from cardcase.staff.rules import Actor

EMPTIED: Final[MappingProxyType[str, Any]] = MappingProxyType(
    {"read": [], "draft": [], "places": [], "facts": {}, "trouble": {}}
)
"""What a capture that was let go holds of the words."""


def tell(actor: Actor, row: Capture, seen: Mapping[int, Seen], *, how: str, at: datetime) -> None:
    """Write what was seen on the pictures of a capture, in the caller's transaction; it waits for a yes from now on.

    ``seen``: by the place of its picture, without those that were refused.
    Raises Conflict when it was dropped meanwhile.
    """
    together = stitch([log_of(one, picture=place) for place, one in seen.items()])
    pictures = queries.pictures(actor, row)
    refused = len(pictures) - len(seen)
    said = lines.from_entries(together.entries, taken_by=row.taken_by)
    masked = _covered(mask(actor, said))
    changes = {
        "state": queries.WAITING,
        "nick": (row.nick or (together.nick if row.taken_by == lines.SELLER else ""))[:120],
        "read": lines.documents(masked),
        "places": drafts.places_of(together.entries, together.gaps),
        "notes": [*(["refused"] if refused else []), *_notes(together, said)],
        "facts": facts(masked),
        "how": how[:80],
        "done": len(pictures),
    }
    if not Capture.objects.visible_to(actor).filter(pk=row.pk, state=queries.READING).update(**changes):
        raise Conflict("这次截图已经处理过了", "This capture was settled already", code="capture_settled")
    row.refresh_from_db()
    contents = []
    for picture in pictures:
        if (one := seen.get(picture.place)) is None:
            continue
        found = masking.mask_texts(actor, masks.texts_of(one))
        CapturedPicture.objects.visible_to(actor).filter(pk=picture.pk).update(
            width=round(one.width * one.scale),
            height=round(one.height * one.scale),
            lines=masks.places(one, [text.text for text in found]),
            masks=masks.boxes(one, [text.had_code for text in found]),
            seen_sealed=None,
        )
        data = queries.original(actor, picture)
        contents.append(custody.Content(f"exhibit/{row.public_id}.{picture.place}", data, picture.mime, keep=False))
    told: dict[str, custody.JSON] = {
        "pictures": len(seen),
        "refused": refused,
        "taken_by": row.taken_by,
        "taken_on": row.taken_on.isoformat() if row.taken_on else None,
        "how": row.how,
        "lines": len(row.read),
        "notes": row.notes,
    }
    custody.append(actor, custody.Record("screens.captured", row.public_id, at, told, contents))


def _covered(said: Sequence[lines.Said]) -> list[lines.Said]:
    """Cover what may be the rest of a code that was not read whole: in the reading only, never in what people typed."""
    pictures = [one.kind is Kind.PICTURE for one in said]
    texts = suspicion.covered_talk([one.text for one in said], pictures)
    quotes = suspicion.covered_talk([one.quote for one in said], pictures)
    return [replace(one, text=texts[place], quote=quotes[place]) for place, one in enumerate(said)]


def mask(actor: Actor, said: Sequence[lines.Said]) -> list[lines.Said]:
    """Return lines with the codes in them masked."""
    found = masking.mask_texts(actor, [text for one in said for text in (one.text, one.quote)])
    return [replace(one, text=found[2 * place].text, quote=found[2 * place + 1].text) for place, one in enumerate(said)]


def facts(said: Sequence[lines.Said]) -> dict[str, Any]:
    """Return the facts that the chat shows, for the check against the records."""
    return shown.facts_in("\n".join(one.text for one in said if one.kind is not Kind.TIME))


def _notes(together: Stitched, said: Sequence[lines.Said]) -> list[str]:
    """Name what is worth a look before anybody says yes."""
    found = []
    if together.gaps:
        found.append("gap")
    if any(one.who == lines.UNCLEAR for one in said):
        found.append("unclear")
    if any(entry.trust < drafts.FAINT for entry in together.entries):
        found.append("faint")
    if any(entry.is_cut for entry in together.entries):
        found.append("cut")
    if any(lines.doubtful(one.text) for one in said):
        found.append("doubtful")
    return found
