"""The readable form of a buyer's copy: one heading a table, one block a row, no column without a value. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def as_text(document: Mapping[str, Any]) -> str:
    """Write the document of ``service.exporting`` for people, Chinese headings with the names of the program beside."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"买家资料副本 / copy of what is known of a buyer: {document['buyer']}"
    yield f"店铺 / shop: {document['shop']}"
    yield f"导出时间 / made at: {document['made_at']}"
    yield ""
    for note in document["notes"]:
        yield f"- {note['zh']} / {note['en']}"
    for matter in document["matters"]:
        yield ""
        yield f"== {matter['order_no'] or '订单之外 / apart from any order'} =="
        if matter["state"]:
            yield f"（{matter['state']['zh']} / {matter['state']['en']}）"
        for table, rows in matter["tables"].items():
            yield ""
            yield f"-- {table} ({len(rows)})"
            for row in rows:
                yield from _row(row)


def _row(row: Mapping[str, Any]) -> Iterator[str]:
    first = True
    for name, value in row.items():
        if value in (None, "", [], {}):
            continue
        yield f"{'*' if first else ' '} {name}: {_said(value)}"
        first = False


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}={_said(one)}" for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_said(one) for one in value)
    return str(value).replace("\n", "\n    ")
