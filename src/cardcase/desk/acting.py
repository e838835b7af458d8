"""What an act on a case brings along: what was typed, and how it is read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from cardcase.evidence.rules.exhibits import MAX_FILE_BYTES, check_size
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import WrongUse
from cardcase.kit.money import parse_yuan
from cardcase.kit.text import Text

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a case: what was typed, the revision that the person saw, the files that came with it."""

    number: str
    revision: int
    at: datetime
    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Sequence[tuple[str, bytes]] = ()

    def word(self, name: str) -> str:
        """Return what was typed under a name, without surrounding space and what no database takes."""
        typed = self.values.get(name, "").replace("\0", "")
        return typed.encode("utf-8", "replace").decode("utf-8").strip()


def files_of(uploads: "Iterable[UploadedFile[Any]]") -> list[tuple[str, bytes]]:
    """Read the files that came with an act, each with its name; none when one of them is too large. Raises BadFile."""
    given = list(uploads)
    for one in given:
        check_size(one.size or 0)  # as it was counted while it came
    return [(one.name or "", one.read(MAX_FILE_BYTES + 1)) for one in given]


def fen(act: Act, name: str) -> int | None:
    """Return an amount in 分, None when nothing was typed. Raises WrongUse for what is no amount."""
    typed = act.word(name)
    if not typed:
        return None
    try:
        return parse_yuan(typed)
    except ValueError as error:  # what was typed is not repeated: a card code may have slipped in
        raise WrongUse(
            "这不是金额",
            "This is no amount",
            next=Text("写成 45 或 45.50。", "Write 45 or 45.50."),
            code="not_an_amount",
        ) from error


def moment(act: Act, name: str) -> datetime | None:
    """Return a moment, Shanghai time where no zone is typed; None when nothing was. Raises WrongUse."""
    return read_moment(act.word(name), name)


def read_moment(typed: str, name: str) -> datetime | None:
    """Read what was typed into the field ``name``, as ``moment`` does."""
    if not typed:
        return None
    try:
        read = datetime.fromisoformat(typed)
        return (read if read.tzinfo else read.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise no_moment(name) from error


def no_moment(name: str) -> WrongUse:
    """Say that what was typed into the field ``name`` is no moment."""
    return WrongUse(
        "这不是时间",
        "This is no moment",
        next=Text("写成 2026-11-25 或 2026-11-25T10:00。", "Write 2026-11-25 or 2026-11-25T10:00."),
        code="not_a_moment",
        field=name,
    )


def later(act: Act, name: str) -> datetime | None:
    """Return a moment that must still come: a deadline that somebody has read."""
    read = moment(act, name)
    if read is not None and read <= act.at:
        raise WrongUse("截止时间已经过了", "This moment lies in the past", code="not_a_moment", field=name)
    return read


def chosen(kind: type[E], act: Act, name: str) -> E:
    """Return a choice among known words. Raises WrongUse that names the words."""
    try:
        return kind(act.word(name))
    except ValueError as error:
        known = ", ".join(kind)
        raise WrongUse(
            f"「{name}」要从这些里选：{known}", f"{name} is one of: {known}", code="unknown_choice", field=name
        ) from error
