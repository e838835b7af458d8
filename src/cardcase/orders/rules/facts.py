"""What the record is told of a notice, as JSON."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cardcase.connectors.ports import Origin
from cardcase.kit import clock


def plain_facts(columns: Mapping[str, Any], leave_out: Iterable[str]) -> dict[str, Any]:
    """Return columns as JSON that the record can hold, without those left out and without what is empty."""
    out = frozenset(leave_out)
    return {
        name: clock.iso(value) if isinstance(value, datetime) else value
        for name, value in columns.items()
        if name not in out and value not in (None, "")
    }


def source_facts(origin: Origin) -> dict[str, Any]:
    """Return where a notice came from, as JSON."""
    return {"file": origin.file, "sha256": origin.sha256, "row": origin.row} if origin.file else {}
