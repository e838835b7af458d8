"""Which keys the log has had, in order, and from which entry each one signs (custody.md §7.3).

A key is named by an entry. One that follows another under the same name counts only when the first head signed after
that entry carries the signatures of both: who holds no old key can put no new one in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .models import stored
from .rules import entry as form
from .rules import note


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log: named by entry ``seq``, so that heads of more than ``seq`` entries bear its signature.

    ``crossed`` is the first head signed after that entry under the same name: empty for a first key, until there is
    one, and for good when the log went on under a new name before. ``data`` are the bytes of the entry.
    """

    seq: int
    at: str
    verifier: note.Verifier
    data: bytes
    follows: note.Verifier | None = None
    crossed: str = ""

    @property
    def is_pending(self) -> bool:
        """Tell whether the head that both keys sign is still to come."""
        return self.follows is not None and not self.crossed


def keys_of(origin: str) -> list[LogKey]:
    """Return the keys of the log of this name, oldest first. Entries that cannot be read are passed over."""
    return _read(stored.of_kinds(form.KEY_KINDS, form.log_subject(origin)))


def all_keys() -> list[LogKey]:
    """Return the keys of the log and of those it continues, oldest first."""
    return _read(stored.of_kinds(form.KEY_KINDS))


def _read(rows: Sequence[bytes]) -> list[LogKey]:
    found: list[LogKey] = []
    for data in rows:
        try:
            entry = form.decode(data)
            verifier = note.Verifier.parse(entry.refs.get("vkey", ""))
        except ValueError:
            continue
        if entry.kind != form.KEY_ROTATED:
            found.append(LogKey(entry.seq, entry.at, verifier, data))
            continue
        before = found[-1].verifier if found else None
        found.append(LogKey(entry.seq, entry.at, verifier, data, before, _crossing(entry)))
    return found


def _crossing(entry: form.Entry) -> str:
    text = stored.first_note_over(entry.seq) or ""
    try:
        head = note.Checkpoint.parse(note.split(text)[0])
    except note.BadNote:
        return ""
    return text if head.origin == entry.log else ""
