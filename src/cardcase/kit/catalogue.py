"""Data files of the trade: rules, matrices, playbooks, templates. TOML, validated at start, overridable per shop.

Every file opens with a ``[catalogue]`` table (id, version, source, certainty); every record carries an ``id`` and may
narrow source, certainty and effective dates. A shop's own file of the same name replaces records by id.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import Problem


class Certainty(StrEnum):
    """How sure a source is; the letters are those of the reference files."""

    OFFICIAL = "H"
    MIRROR = "M"
    SINGLE = "L"
    OPEN = "?"
    JUDGEMENT = "J"


class Header(BaseModel):
    """The ``[catalogue]`` table at the head of each data file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    version: str
    source: str
    certainty: Certainty


class Record(BaseModel):
    """One record of a data file; rooms add their own fields. Dates are inclusive, empty means always."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    source: str = ""
    certainty: Certainty | None = None
    effective_from: date | None = None
    effective_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether the record is in force on a day."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day <= self.effective_to
        )


R = TypeVar("R", bound=Record)


class Catalogue(BaseModel, Generic[R]):
    """A validated data file: its header and its records by id, in file order."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)
    header: Header
    records: Mapping[str, R] = Field(default_factory=dict)

    def on(self, day: date) -> list[R]:
        """Return the records in force on a day."""
        return [record for record in self.records.values() if record.holds_on(day)]


class BrokenCatalogue(Problem):
    """A data file does not keep its schema. Nothing starts until it does."""

    code = "broken_catalogue"


def load(path: Path, kind: type[R], *, table: str, override: Path | None = None) -> Catalogue[R]:
    """Read and validate a data file, laying a shop's override over it by record id.

    ``table`` names the array of tables that holds the records. Source and certainty default to the header's.
    Raises BrokenCatalogue naming the file and the first wrong field.
    """
    header, records = _read(path, kind, table)
    if override is not None and override.exists():
        _, own = _read(override, kind, table)
        records = {**records, **own}
    return Catalogue(header=header, records=records)


@lru_cache(maxsize=8)
def _parsed(path: Path, _changed: int, _size: int) -> Mapping[str, Any]:
    """Parse a file once for all its tables, which are read one after the other."""
    return tomllib.loads(path.read_text("utf-8"))


def _read(path: Path, kind: type[R], table: str) -> tuple[Header, dict[str, R]]:
    try:
        written = path.stat()
        raw = _parsed(path, written.st_mtime_ns, written.st_size)
        header = Header.model_validate(raw.get("catalogue", {}))
        defaults = {"source": header.source, "certainty": header.certainty}
        rows = [kind.model_validate({**defaults, **row}) for row in raw.get(table, [])]
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
        lines = str(error).splitlines()
        detail = " ".join(lines[:3])
        raise BrokenCatalogue(
            f"数据文件 {path.name} 有误：{detail}", f"Data file {path.name} is broken: {detail}"
        ) from error
    records: dict[str, R] = {}
    for row in rows:
        if row.id in records:
            raise BrokenCatalogue(
                f"数据文件 {path.name} 里编号 {row.id} 重复", f"Data file {path.name} repeats id {row.id}"
            )
        records[row.id] = row
    return header, records
