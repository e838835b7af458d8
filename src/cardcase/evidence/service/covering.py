"""Covering what others must not see: places on a picture, words in texts; and saying that a person has looked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.cards import file_rows, masking
from cardcase.cases import queries as case_queries
from cardcase.custody import queries as ledger
from cardcase.custody import service as custody
from cardcase.evidence import pixels, queries
from cardcase.evidence.models import Cover, Exhibit, Look, Redaction
from cardcase.evidence.rules import covering
from cardcase.evidence.rules.covering import Area, BadArea, BadWords
from cardcase.inbox.models import Message
from cardcase.kit import ids
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import mails
from .entries import masked, record

_CONTENTS: Final = 48
"""Covered messages told in one entry: an entry holds 16 KiB (custody.md §7.1)."""


def redact(actor: Actor, exhibit_id: str, areas: Sequence[Area], reason: str, *, at: datetime) -> Redaction:
    """Make a copy of an exhibit's file with these places black and everything stripped that is no pixel.

    With no areas only EXIF and the like are taken off. The copy is kept as an original of its own; the record says of
    which commitment it was made; packs show the copy and withhold the original. What was black on the first copy of an
    original under seal stays black: the card code lies there. Who seals one without such a copy knows the code's place
    only by sight, so the first copy of it is for those who may see codes. Raises NotAllowed, NotFound, WrongUse,
    BadArea, NoPixels.
    """
    exhibit = queries.exhibit(actor, exhibit_id)
    return _redact(actor, exhibit, (*areas, *_code_places(actor, exhibit, areas)), reason, at=at)


def cover_codes(actor: Actor, exhibit_id: str, areas: Sequence[Area], reason: str, *, at: datetime) -> Redaction:
    """Make the first covered copy of an original under seal, where a machine has read the code.

    Nobody has to see a code for it; the places come from the reader and from nobody else. Raises as ``redact``.
    """
    return _redact(actor, queries.exhibit(actor, exhibit_id), areas, reason, at=at)


def _redact(actor: Actor, exhibit: Exhibit, areas: Sequence[Area], reason: str, *, at: datetime) -> Redaction:
    actor.require(Permission.WORK)
    said = masked(actor, reason)
    if not said:
        raise WrongUse("要写明为什么遮盖", "Say why it is covered")
    if not exhibit.file_sha256:
        raise Refused("这份证据没有文件，没有可遮盖的", "This exhibit has no file", code="no_pixels")
    places = tuple(dict.fromkeys(areas))
    data, mime = pixels.covered(mails.original(exhibit), exhibit.file_mime, places)
    stored = [area.document() for area in places]
    with transaction.atomic():
        return _keep_copy(actor, exhibit, data, mime, areas=stored, reason=said, at=at)


def _code_places(actor: Actor, exhibit: Exhibit, areas: Sequence[Area]) -> tuple[Area, ...]:
    """Return the places that stay black whatever else is covered. Raises NotAllowed, BadArea."""
    if exhibit.body_sealed is None:
        return ()
    made = queries.redactions_of(actor, exhibit)
    if not made:
        actor.require(Permission.REVEAL)
        if not areas:
            raise BadArea(
                "原件里有卡密：写明要遮的位置",
                "A card code stands in this original: say which places to cover",
                next=Text("写成 x,y,宽,高。", "Write x,y,width,height."),
            )
    # Who may not see codes takes nothing off that anybody has covered: the reader may have missed one.
    kept = made[:1] if actor.may(Permission.REVEAL) else made
    return tuple(area for one in kept for area in covering.stored_areas(one.areas))


def carry_redaction(actor: Actor, was: Redaction | None, copy: Exhibit, *, at: datetime) -> None:
    """Cover an exhibit carried to another case as it was covered before, inside the caller's transaction."""
    if was is not None:
        data = file_rows.read(was)
        _keep_copy(actor, copy, data, was.file_mime, areas=was.areas, reason=was.reason, at=at)


def _keep_copy(
    actor: Actor, exhibit: Exhibit, data: bytes, mime: str, *, areas: list[list[int]], reason: str, at: datetime
) -> Redaction:
    commit, seq = _commitment(actor, exhibit)
    made = Redaction.objects.create(
        shop_id=actor.shop_id,
        public_id=ids.public_id("red"),
        exhibit=exhibit,
        **file_rows.keep(Redaction, actor.shop_id, data),
        file_mime=mime,
        areas=areas,
        reason=reason,
        derived_from=commit,
        by=actor.label or actor.kind.value,
        at=at,
    )
    told: dict[str, custody.JSON] = {
        "exhibit": exhibit.public_id,
        "redaction": made.public_id,
        "derived_from": commit,
        "derived_from_seq": seq,
        "areas": len(areas),
        "reason": reason,
        "mime": mime,
    }
    content = custody.Content(f"redaction/{made.public_id}", data, mime, keep=False)
    custody.append(actor, custody.Record("evidence.redacted", exhibit.case.public_id, at, told, [content]))
    return made


@transaction.atomic
def lift_redaction(actor: Actor, redaction_id: str, reason: str, *, at: datetime) -> Redaction:
    """Let packs show again what was shown before this copy: the copy before it, or the original. Says why.

    Raises NotAllowed, NotFound, WrongUse.
    """
    actor.require(Permission.DECIDE)
    made = queries.redaction(actor, redaction_id)
    said = masked(actor, reason)
    if not said:
        raise WrongUse("要写明为什么不再遮盖", "Say why it is no longer covered")
    if Redaction.objects.visible_to(actor).filter(pk=made.pk, lifted_at=None).update(lifted_at=at, lifted_reason=said):
        made.lifted_at, made.lifted_reason = at, said
        told: dict[str, custody.JSON] = {"redaction": made.public_id, "exhibit": made.exhibit.public_id, "reason": said}
        record(actor, made.exhibit.case, "evidence.redaction_lifted", at, **told)
    return made


def cover_words(actor: Actor, number: str, words: str, reason: str, *, at: datetime) -> Cover:
    """Cover words wherever they stand in what leaves the shop about a case: third parties' names, numbers, addresses.

    Messages stay as they are; the record commits to each covered copy and says of which commitment it was made.
    Raises NotAllowed, NotFound, BadWords when they are nowhere in the conversation, too short or too long, WrongUse.
    """
    actor.require(Permission.WORK)
    case = case_queries.by_number(actor, number)
    [clean] = (one.text for one in masking.mask_texts(actor, [covering.check_words(words)]))
    said = masked(actor, reason)
    if not said:
        raise WrongUse("要写明为什么遮盖", "Say why it is covered")
    hit = [one for one in queries.messages_of(actor, case) if clean in one.text]
    if not hit and not queries.stands_elsewhere(case, clean):
        raise BadWords(
            "这些字不在会话和退款说明里",
            "These words stand nowhere in the conversation or the claim",
            next=Text("照原文抄，不要加空格。", "Copy them as they stand, without extra spaces."),
        )
    with transaction.atomic():
        made = Cover.objects.create(
            shop_id=actor.shop_id,
            public_id=ids.public_id("cov"),
            case=case,
            words=clean,
            reason=said,
            by=actor.label or actor.kind.value,
            at=at,
        )
        every = [one.words for one in queries.covers(actor, case)]
        for start in range(0, max(len(hit), 1), _CONTENTS):
            _record_covered(actor, made, hit[start : start + _CONTENTS], every, at)
    return made


def cover_span(actor: Actor, number: str, span: str, reason: str, *, at: datetime) -> Cover:
    """Cover the words that stand at ``message:from-to``, see ``covering.read_span``. Raises as ``cover_words``."""
    case = case_queries.by_number(actor, number)
    place, first, last = covering.read_span(span)
    messages = queries.messages_of(actor, case)
    text = messages[place - 1].text if 0 < place <= len(messages) else ""
    if not 0 < first <= last <= len(text):
        raise BadWords(
            f"第 {place} 条会话没有第 {first} 到 {last} 字",
            f"Message {place} has no characters {first} to {last}",
            next=Text("会话编号见证据包预览。", "The numbers of messages stand in the preview of the pack."),
        )
    return cover_words(actor, number, text[first - 1 : last], reason, at=at)


@transaction.atomic
def lift_cover(actor: Actor, cover_id: str, reason: str, *, at: datetime) -> Cover:
    """Show covered words again, and say why. Raises NotAllowed, NotFound, WrongUse."""
    actor.require(Permission.DECIDE)
    made = queries.cover(actor, cover_id)
    said = masked(actor, reason)
    if not said:
        raise WrongUse("要写明为什么不再遮盖", "Say why it is no longer covered")
    if Cover.objects.visible_to(actor).filter(pk=made.pk, lifted_at=None).update(lifted_at=at, lifted_reason=said):
        made.lifted_at, made.lifted_reason = at, said
        record(actor, made.case, "evidence.cover_lifted", at, cover=made.public_id, reason=said)
    return made


@transaction.atomic
def confirm_looked(actor: Actor, number: str, exhibit_ids: Sequence[str], *, at: datetime) -> int:
    """Say that a person has looked at what packs would show of these exhibits and saw nothing that must not go out.

    Returns how many are newly confirmed. Raises NotAllowed, NotFound, WrongUse for exhibits of another case.
    """
    actor.require(Permission.WORK)
    case = case_queries.by_number(actor, number)
    mine = {row.public_id: row for row in queries.exhibits(actor, case)}
    if unknown := [one for one in exhibit_ids if one not in mine]:
        raise WrongUse(f"这些证据不属于本单：{'、'.join(unknown)}", f"Not of this case: {', '.join(unknown)}")
    seen, shown = queries.looked_at(actor, case), queries.shown_files(actor, case)
    new = [
        row
        for row in (mine[one] for one in dict.fromkeys(exhibit_ids))
        if row.file_sha256 and shown[row.pk].sha256 not in seen
    ]
    for row in new:
        Look.objects.create(
            shop_id=actor.shop_id,
            exhibit=row,
            file_sha256=shown[row.pk].sha256,
            by=actor.label or actor.kind.value,
            at=at,
        )
    if new:
        record(actor, case, "evidence.looked_at", at, exhibits=[row.public_id for row in new])
    return len(new)


def _commitment(actor: Actor, exhibit: Exhibit) -> tuple[str, int]:
    """Find what the record committed to for an exhibit's file: the commitment in hex, and the number of its entry."""
    for entry in reversed(ledger.entries(actor, [exhibit.case.public_id])):
        for content in entry.contents:
            if content.role == f"exhibit/{exhibit.public_id}":
                return content.commit.hex(), entry.seq
    return "", -1


def _record_covered(actor: Actor, made: Cover, hit: Sequence[Message], every: Sequence[str], at: datetime) -> None:
    commits = _commitments(actor, hit)
    told: dict[str, custody.JSON] = {
        "cover": made.public_id,
        "reason": made.reason,
        "messages": [one.public_id for one in hit],
        "derived_from": [commits.get(one.public_id, "") for one in hit],
    }
    contents = [
        custody.Content(f"covered/{one.public_id}", covering.cover(one.text, every).encode(), "text/plain")
        for one in hit
    ]
    custody.append(actor, custody.Record("evidence.words_covered", made.case.public_id, at, told, contents))


def _commitments(actor: Actor, hit: Sequence[Message]) -> dict[str, str]:
    talks = sorted({one.conversation.public_id for one in hit})
    wanted = {f"message/{one.public_id}": one.public_id for one in hit}
    return {
        wanted[content.role]: content.commit.hex()
        for entry in ledger.entries(actor, talks)
        for content in entry.contents
        if content.role in wanted
    }
