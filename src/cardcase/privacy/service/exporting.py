"""The buyer's copy (个人信息保护法 §45): everything that is known of him, readable, without card codes or staff."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import models, transaction

from cardcase.cards import masking
from cardcase.custody import service as custody
from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.privacy import queries
from cardcase.privacy.datafiles import model_of, personal
from cardcase.privacy.queries import Standing
from cardcase.privacy.rules import STATE_TITLES, RemovalState, Table
from cardcase.privacy.rules.copies import as_text
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

from .restricting import opened

_TOLD = (models.DateTimeField, models.DateField, models.IntegerField, models.BooleanField, models.FloatField)
_NOTES: Final = (
    Text("卡密以“‥尾号”代替，不在这份副本里。", "Card codes are masked and not in this copy."),
    Text(
        "截图、录像等文件只列散列值；要看原件请向店铺提出。",
        "Pictures and videos are listed by their hash; ask the shop to see one.",
    ),
    Text("客服人员的姓名不在内。", "Names of staff are left out."),
)


@dataclass(frozen=True, slots=True)
class Copy:
    """The archive and how much is in it."""

    data: bytes
    rows: int


def export(actor: Actor, who: str, *, at: datetime) -> Copy:
    """Return the copy as a ZIP of ``data.json`` and ``data.txt``, and write down that it was made.

    What is restricted is in it: a buyer may see what is kept. Raises NotAllowed, NotFound, WrongUse, LockedForGood.
    """
    actor.require(Permission.MANAGE_SHOP)
    with transaction.atomic():
        plan = queries.plan(actor, who)
        matters = [_matter(actor, part) for part in plan.parts]
        document = {
            "form": "cardcase-privacy-copy/1",
            "buyer": plan.nick or plan.ref,
            "shop": staff.shop_of(actor).name,
            "made_at": clock.iso(at),
            "notes": [{"zh": note.zh, "en": note.en} for note in _NOTES],
            "periods": [
                {"id": rule.id, "zh": rule.text.zh, "en": rule.text.en, "source": rule.source}
                for rule in queries.retention(actor)
            ],
            "matters": matters,
        }
        document = _masked(actor, document)
        rows = sum(len(table) for matter in matters for table in matter["tables"].values())
        facts: dict[str, custody.JSON] = {"rows": rows, "by": actor.label or actor.kind.value}
        custody.append(actor, custody.Record("privacy.exported", plan.parts[-1].matter.subject, at, facts))
    return Copy(_zip(document), rows)


def _matter(actor: Actor, part: Standing) -> dict[str, Any]:
    locked: Mapping[str, Any] = {}
    if queries.is_locked(part):
        assert part.removal is not None
        locked = opened(actor, part.removal)["values"]
    state = STATE_TITLES[RemovalState(part.removal.state)] if part.removal is not None else None
    return {
        "order_no": part.matter.about,
        "state": {"zh": state.zh, "en": state.en} if state else {},
        "kept_until": clock.iso(part.due_at) if part.due_at else "",
        "period": part.rule,
        "tables": {
            table.id: found for table in personal() if (found := list(_rows(part, table, locked.get(table.id, {}))))
        },
    }


def _rows(part: Standing, table: Table, locked: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    model = model_of(table)
    told = [
        field.attname
        for field in model._meta.concrete_fields  # noqa: SLF001 - Django's documented model API
        if not field.primary_key
        and not field.is_relation
        and not isinstance(field, models.BinaryField)
        and field.name not in table.files
        and (field.name in table.erase or field.name in table.tell or isinstance(field, _TOLD))
    ]
    for row in part.matter.rows(table).values("pk", *told):
        pk = row.pop("pk")
        row |= {name: value for name, value in locked.get(str(pk), {}).items() if name in told}
        yield {name: _plain(value) for name, value in row.items() if value not in (None, "", [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


def _masked(actor: Actor, document: dict[str, Any]) -> dict[str, Any]:
    """Take card codes out of every text of the document, keys and all, in one go."""
    texts: dict[str, None] = {}
    _walk(document, lambda text: texts.setdefault(text) or text)
    names = list(texts)
    clean = dict(zip(names, (one.text for one in masking.mask_texts(actor, names)), strict=True))
    masked: dict[str, Any] = _walk(document, clean.__getitem__)
    return masked


def _walk(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _walk(one, change) for key, one in value.items()}
    return [_walk(one, change) for one in value] if isinstance(value, list | tuple) else value


def _zip(document: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("data.json", json.dumps(document, ensure_ascii=False, indent=1, sort_keys=False)),
            ("data.txt", as_text(document)),
        ):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), text.encode())
    return file.getvalue()
