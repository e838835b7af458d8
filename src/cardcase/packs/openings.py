"""Open to the reader of a pack what entries committed to, as far as it may be opened and still exists."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cardcase.custody.queries import KeptContent, KeptEntry
from cardcase.custody.rules import entry as entries

from .rules import disclosure
from .rules.form import Line, Opening, State

HaveCodes = Callable[[Sequence[str]], Sequence[bool]]
"""Tells of many texts at once which hold a card code."""


@dataclass(frozen=True, slots=True)
class Original:
    """One exhibit's file: its bytes, its path in the pack, and whether it must stay out of it."""

    data: bytes
    path: str
    mime: str
    is_withheld: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """The lines of a pack, beside the entries that they are made of."""

    kept: Sequence[KeptEntry]
    lines: Sequence[Line]

    def words(self) -> Iterator[tuple[int, str]]:
        """Go through all words that are opened, each with the number of its entry."""
        for entry, line in zip(self.kept, self.lines, strict=True):
            for content, opening in zip(entry.contents, line.openings, strict=True):
                if opening.body is not None:
                    for text in disclosure.words_in(opening.body, content.mime):
                        yield entry.seq, text


def open_entries(
    kept: Sequence[KeptEntry], texts: Iterable[str], files: Iterable[Original], have_codes: HaveCodes
) -> Opened:
    """Decide for each content of each entry whether it is opened, and with what.

    Bytes that the record does not keep itself are looked for among ``texts`` and ``files``: only those that the
    commitment is to will do. Erased contents have lost their salt; what is not found or not for others is withheld.
    """
    shelf = _Shelf(texts, files)
    drafts = [
        [shelf.opening(entry.kind, content, one.size) for content, one in zip(entry.contents, told, strict=True)]
        for entry in kept
        for told in [entries.decode(entry.data).contents]
    ]
    asked = [
        (entry_at, content_at, words)
        for entry_at, entry in enumerate(kept)
        for content_at, (content, draft) in enumerate(zip(entry.contents, drafts[entry_at], strict=True))
        if draft.body is not None
        for words in disclosure.words_in(draft.body, content.mime)
    ]
    answers = have_codes([words for _, _, words in asked])
    for (entry_at, content_at, _), has_code in zip(asked, answers, strict=True):
        if has_code:
            drafts[entry_at][content_at] = Opening(State.WITHHELD)
    return Opened(kept, [Line(entry.data, tuple(draft)) for entry, draft in zip(kept, drafts, strict=True)])


class _Shelf:
    """Bytes that are kept outside the record, by their length, so that few are tried for each commitment."""

    def __init__(self, texts: Iterable[str], files: Iterable[Original]) -> None:
        self._texts: dict[int, list[bytes]] = defaultdict(list)
        self._files: dict[int, list[Original]] = defaultdict(list)
        for text in texts:
            self._texts[len(text.encode())].append(text.encode())
        for one in files:
            if not one.is_withheld:
                self._files[len(one.data)].append(one)

    def opening(self, kind: str, content: KeptContent, size: int) -> Opening:
        if content.salt is None:
            return Opening(State.ERASED)
        if content.body is None:
            for one in self._files.get(size, ()):
                if entries.opens(content.salt, content.role, one.data, content.commit):
                    return Opening(State.OPENED, content.salt, path=one.path)
        body = content.body if content.body is not None else self._find(content, content.salt, size)
        if body is not None and disclosure.is_opened(kind, body, content.mime):
            return Opening(State.OPENED, content.salt, body)
        return Opening(State.WITHHELD)

    def _find(self, content: KeptContent, salt: bytes, size: int) -> bytes | None:
        tried = self._texts.get(size, ())
        return next((body for body in tried if entries.opens(salt, content.role, body, content.commit)), None)
