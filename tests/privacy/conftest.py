"""A closed case with talk, exhibits, a second buyer in the same file; and a data folder of its own for each test."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from cardcase.cases.models import Case, Note
from cardcase.deadlines.models import Deadline
from cardcase.evidence import service as evidence
from cardcase.inbox import service as inbox
from cardcase.intake import service as intake
from cardcase.kit import clock
from cardcase.orders.models import Buyer
from cardcase.project.config import Config
from cardcase.staff.rules import Actor
from intake.world import INVALID, QUIET, order_row, orders_csv, said, upload
from packs.builders import png

AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
LATER = AT + timedelta(days=1500)
NICK, EXTERNAL = "云朵邮差小周", "220199887766"
WORDS = ("刚拿到手就用不了你这是二手的吧", "我的手机号一三八零零零零是小周本人")
PICTURE = png(60, 120)


@pytest.fixture
def data(tmp_path: Path, settings) -> Path:
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path


@dataclass
class World:
    """Whom it is about, and what must be gone when he is erased."""

    actor: Actor
    case: Case
    buyer: Buyer
    data: Path

    def needles(self) -> list[str]:
        return [NICK, EXTERNAL, *WORDS, "小周说他再也不来了", "内部看法小周难缠"]

    def close(self) -> None:
        """End all that holds it, as the other rooms would."""
        Deadline.objects.filter(shop_id=self.actor.shop_id, state="armed").update(state="void")
        over = {"is_open": False, "status": "closed", "outcome": "kept", "resolved_at": AT}
        Case.objects.filter(shop_id=self.actor.shop_id).update(**over)
        self.case.refresh_from_db()


def his_order(**more: str) -> str:
    """The row of his order; goods have a number of their own."""
    return order_row(INVALID, buyer=EXTERNAL, nick=NICK, **more).replace(f"77{EXTERNAL}", "778123")


def make(owner: Actor, data: Path) -> World:
    """Bring it in through the doors that a shop uses."""
    with clock.fixed_at(AT):
        files = [
            upload(
                "orders.csv",
                orders_csv(
                    his_order(refund="卡密无效"),
                    order_row(QUIET, buyer="2209", nick="晚风"),
                ),
            ),
            upload(f"和{NICK}的聊天.json", said("50000001", EXTERNAL, NICK, *WORDS)),
        ]
        intake.import_files(owner, files, at=AT)
        case = Case.objects.get(order__order_no=INVALID)
        evidence.add_exhibit(owner, case.number, "E10", "小周说他再也不来了", PICTURE, at=AT, facts={"tail4": "K4RT"})
        Note.objects.create(shop_id=owner.shop_id, case=case, text="内部看法小周难缠", by="客服", at=AT)
        inbox.save_reply(owner, case.number, f"{NICK}您好，{WORDS[0]}的事我们在查", at=AT)
    return World(owner, case, Buyer.objects.get(external_id=EXTERNAL), data)


@pytest.fixture
def world(owner, data) -> World:
    return make(owner, data)


def everything() -> str:
    """All that stands in the tables, byte columns read both as they are and as text."""
    parts = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own tables
            for row in cursor.fetchall():
                for value in row:
                    if isinstance(value, bytes | memoryview):
                        parts.append(bytes(value).decode("utf-8", "replace"))
                    else:
                        parts.append(str(value))
    found = "\n".join(parts)
    return found + "\n" + re.sub(r"\\u([0-9a-f]{4})", lambda escaped: chr(int(escaped[1], 16)), found)
