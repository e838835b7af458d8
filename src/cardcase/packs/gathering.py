"""Gather what goes into a pack, and look through all of it for what must not: the same for a preview and for a seal."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cardcase.cards import file_rows, masking
from cardcase.cases.queries import by_number
from cardcase.custody import queries as ledger
from cardcase.custody.rules import plain
from cardcase.evidence import queries as evidence
from cardcase.evidence.rules import images
from cardcase.evidence.rules.covering import cover
from cardcase.evidence.rules.exhibits import ENDINGS
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.privacy import queries as privacy
from cardcase.staff.rules import Actor

from . import filewords, queries
from .openings import Opened, Original, open_entries
from .rules import form
from .rules.dossier import Dossier, Exhibit, said_in, with_said
from .rules.leaks import Leak, Stops, not_looked_at, personal, place_in_photo, unreadable_words, withheld_file
from .rules.listing import by_key

_ENDINGS: Final = {
    **ENDINGS,
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "text/plain": "txt",
    "text/csv": "csv",
    "application/json": "json",
}

CodeTest = Callable[[str], bool]
"""Tells whether a text holds a card code."""


class CodeInPack(Refused):
    """Something that would go into the pack holds a card code or covered words. Nothing was sealed."""

    code = "code_in_pack"


class NothingRecorded(Refused):
    """The record has no entry for this case, so a pack would prove nothing."""

    code = "nothing_recorded"


class NotLookedAt(Refused):
    """Pictures would go in that nobody has looked at; a machine does not read them."""

    code = "pictures_not_looked_at"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What would go into a pack of a case now. ``files`` are by the hash of what is shown."""

    told: Dossier
    kept: Sequence[ledger.KeptEntry]
    opened: Opened
    files: Mapping[str, Original]
    leaks: tuple[Leak, ...]

    def require_sealable(self) -> None:
        """Raise NotLookedAt while a person has yet to look at a picture that would go in."""
        waiting = [leak.place for leak in self.leaks if leak.stops is Stops.UNTIL_LOOKED_AT]
        if waiting:
            raise NotLookedAt(
                f"有 {len(waiting)} 件图片还没有人确认看过：{'、'.join(waiting)}",
                f"{len(waiting)} pictures were not confirmed as looked at: {', '.join(waiting)}",
                next=Text(
                    "机器不读图片里的字。逐张看过，确认没有卡密和他人资料（证据包页面，或 cardcase pack … --looked）；"
                    "有就先遮盖。",
                    "No machine reads pictures. Look at each for codes and third parties' data and confirm it (page of "
                    "the packs, or cardcase pack … --looked); cover what must not be seen.",
                ),
                exhibits="、".join(leak.exhibit for leak in self.leaks if leak.stops is Stops.UNTIL_LOOKED_AT),
            )

    def digest(self, *chosen: str) -> str:
        """Name what was previewed: whoever seals it later gets a conflict when anything has changed since."""
        told = [entry.leaf.hex() for entry in self.kept]
        shown = sorted(sha256 for sha256, one in self.files.items() if not one.is_withheld)
        return hashlib.sha256(
            plain.encode({"v": 1, "leaves": told, "files": shown, "chosen": list(chosen)})
        ).hexdigest()[:32]


def gather(
    actor: Actor, number: str, *, at: datetime, below: int | None = None, contains_code: CodeTest | None = None
) -> Gathered:
    """Gather the pack of a case, of the entries ``below`` a size of the log.

    ``contains_code`` is asked about every text; the stock's own masking when not given. Raises NotFound, NotAllowed,
    NothingRecorded, CodeInPack, DataRestricted.
    """
    privacy.require_open(actor, number)
    raw = queries.dossier(actor, number, at=at)
    told = _covered(masked(actor, raw))
    kept = ledger.entries(actor, told.subjects, below=below)
    if not any(entry.subject == told.case_id for entry in kept):
        raise NothingRecorded(
            "这个售后单还没有记录，导出了也证明不了什么",
            "Nothing is recorded of this case; a pack would prove nothing",
            next=Text(
                "先导入订单和退款，让售后单由系统建立。", "Import the order and refund so that the case is opened."
            ),
        )
    case = by_number(actor, number)
    found, leaks = _originals(actor, told, evidence.shown_files(actor, case).values())
    opened = open_entries(kept, raw.texts, found.values(), lambda texts: _must_stay(actor, texts, told.covers))
    _refuse(actor, told, opened, found, contains_code)
    leaks += [*_pictures(told, found, evidence.looked_at(actor, case)), *_personal(told)]
    return Gathered(told, kept, opened, found, tuple(leaks))


def masked(actor: Actor, told: Dossier) -> Dossier:
    """Take card codes out of every text that a person wrote: channels and forms pass on what buyers paste into them."""
    texts = sorted(set(said_in(told)))
    masked = dict(zip(texts, (one.text for one in masking.mask_texts(actor, texts)), strict=True))
    return with_said(told, masked.__getitem__)


def _covered(told: Dossier) -> Dossier:
    """Cover the words about third parties in every text that a person wrote."""
    return with_said(told, lambda text: cover(text, told.covers)) if told.covers else told


def _have_codes(actor: Actor, texts: Sequence[str], test: CodeTest | None = None) -> list[bool]:
    if test is not None:
        return [test(text) for text in texts]
    return [one.had_code for one in masking.mask_texts(actor, texts)]


def _must_stay(actor: Actor, texts: Sequence[str], covers: Sequence[str], test: CodeTest | None = None) -> list[bool]:
    """Tell of each text whether it holds a card code or words that are covered."""
    codes = _have_codes(actor, texts, test)
    return [has or any(one in text for one in covers) for has, text in zip(codes, texts, strict=True)]


def _refuse(actor: Actor, told: Dossier, opened: Opened, found: Mapping[str, Original], test: CodeTest | None) -> None:
    """Ask about every text that goes in, once more and all at once. The last door before the seal."""
    places = [(form.REPORT, text) for text in said_in(told)]
    places += [(f"{form.RECORDS} {seq}", text) for seq, text in opened.words()]
    for one in found.values():
        if not one.is_withheld:
            places += [(one.path, text) for text in filewords.words(one.data, one.mime).texts]
    stays = _must_stay(actor, [text for _, text in places], told.covers, test)
    hit = next((place for (place, _), is_hit in zip(places, stays, strict=True) if is_hit), None)
    if hit is not None:
        raise CodeInPack(
            f"证据包的 {hit} 里会出现卡密或已遮盖的文字，没有导出",
            f"A card code or covered words would stand in {hit} of the pack; nothing was exported",
            next=Text("在来源里遮蔽后再导出。", "Mask it where it comes from, then export again."),
            place=hit,
        )


# ---- files ---------------------------------------------------------------------------------------------------------


def _originals(
    actor: Actor, told: Dossier, shown: Iterable[evidence.ShownFile]
) -> tuple[dict[str, Original], list[Leak]]:
    """Read what is shown of the exhibits. A file whose own words hold what must not be seen stays out of the pack."""
    found: dict[str, Original] = {}
    leaks: list[Leak] = []
    known = by_key(told)
    wanted = {exhibit.shown_sha256 for exhibit in told.exhibits if not exhibit.is_sealed}
    rows = {one.sha256: one.row for one in shown if one.sha256 in wanted and one.row.kept_sha256}
    read = dict(zip(rows, file_rows.read_many(list(rows.values())), strict=True))
    for exhibit in told.exhibits:
        sha256 = exhibit.shown_sha256
        if not sha256 or sha256 in found:
            continue
        if exhibit.is_sealed:
            leaks.append(withheld_file(known[exhibit.public_id].label, exhibit.public_id))
            found[sha256] = Original(b"", "", exhibit.shown_mime, is_withheld=True)
            continue
        if sha256 not in read:  # covered, or its cover lifted, while we looked
            raise NotFound("没有这个文件", "There is no such file")
        data = read[sha256]
        picture = images.look(data)
        ending = picture.ending if picture else _ENDINGS.get(exhibit.shown_mime.partition(";")[0], "bin")
        inside = filewords.words(data, exhibit.shown_mime)
        stays = any(_must_stay(actor, inside.texts, told.covers)) or _names_a_card(actor, inside.beside)
        place = known[exhibit.public_id].label
        if stays:
            leaks.append(withheld_file(place, exhibit.public_id))
        elif not inside.is_whole:
            leaks.append(unreadable_words(place, exhibit.public_id))
        if inside.has_place and not stays:
            leaks.append(place_in_photo(place, exhibit.public_id))
        found[sha256] = Original(data, f"{form.FILES}{sha256}.{ending}", exhibit.shown_mime, is_withheld=stays)
    return found, leaks


def _names_a_card(actor: Actor, texts: Sequence[str]) -> bool:
    """Tell whether metadata name a card of the stock. Serial numbers of cameras look like codes: shape is no ground."""
    return any(one.card_ids for one in masking.mask_texts(actor, texts))


def _pictures(told: Dossier, found: Mapping[str, Original], looked: frozenset[str]) -> Iterator[Leak]:
    known = by_key(told)
    for exhibit in told.exhibits:
        kept = found.get(exhibit.shown_sha256)
        if kept is None or kept.is_withheld or not _is_seen_only(exhibit) or exhibit.shown_sha256 in looked:
            continue
        yield not_looked_at(known[exhibit.public_id].label, exhibit.public_id)


def _is_seen_only(exhibit: Exhibit) -> bool:
    """Tell whether a file shows what no machine here reads: everything but plain text."""
    return not exhibit.shown_mime.startswith(("text/", "application/json"))


def _personal(told: Dossier) -> Iterator[Leak]:
    for one in told.conversation:
        yield from personal(f"会话 {one.number}", one.text, told.order_no)
    for exhibit in told.exhibits:
        words = " ".join((exhibit.title, exhibit.file_name, *(row.value for row in exhibit.facts)))
        yield from personal(exhibit.title, words, told.order_no)
