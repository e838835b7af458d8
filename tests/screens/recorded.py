"""What the reader saw in the drawn chats (``record.py``), and what the chats say."""

import contextlib
import json
import unicodedata
from functools import cache
from pathlib import Path

from cardcase.screens import reader
from cardcase.screens.rules.seen import Seen, from_document
from screens import chats

DATA = Path(__file__).parent / "data"
CHATS = {
    "light": chats.FIRST,
    "dark": chats.FIRST,
    "plain": chats.SECOND,
    "market": chats.THIRD,
    "night": chats.THIRD,
    "green": chats.THIRD,
}


@cache
def seen(name: str) -> tuple[Seen, ...]:
    return tuple(from_document(one) for one in json.loads((DATA / f"{name}.json").read_text("utf-8")))


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def told(chat) -> list[tuple[str, str, str, str]]:
    """What the chat says as the log should: who, kind, words, quotation; the words of pictures are nobody's."""
    return [(one.who, one.kind, "" if one.kind == "picture" else plain(one.text), plain(one.quote)) for one in chat]


def read(entries) -> list[tuple[str, str, str, str]]:
    return [
        (one.who.value, one.kind.value, "" if one.kind.value == "picture" else plain(one.text), plain(one.quote))
        for one in entries
    ]


class Recorded:
    """Stands in the place of the reader: picture after picture it says what was seen once, and then begins anew."""

    engine = "recorded"

    def __init__(self, seen):
        self.seen, self.asked = list(seen), []

    def see(self, data, *, name=""):
        reader.check_head(data, name=name)
        self.asked.append(name)
        found = self.seen[(len(self.asked) - 1) % len(self.seen)]
        if isinstance(found, Exception):
            raise found
        return found


def put_in_place_of_the_reader(monkeypatch, seen):
    """Let nothing of the engine run: captures are told ``seen``, in turn; an exception among it is raised."""
    mine = Recorded(seen)
    monkeypatch.setattr(reader, "reading", lambda: contextlib.nullcontext(mine))
    monkeypatch.setattr(reader, "is_installed", lambda: True)
    return mine
