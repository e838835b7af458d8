"""``kill -9`` at random moments of an import: what was acknowledged stays, nothing is doubled, the record verifies."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from project.command import CARDCASE, cardcase, document, environment

SERVER = os.environ.get("CARDCASE_DATABASE_URL", "")
"""PostgreSQL of scripts/postgres.py; empty: SQLite in the data folder."""

SEED = int(os.environ.get("FAULT_SEED", "20261123"))


def write_files(folder: Path, orders: int, messages: int, cards: int) -> list[Path]:
    head = (
        "订单号,买家id,买家昵称,商品标题,订单状态,金额,付款时间,发货时间,退款状态,退款金额,退款原因,申请时间,退款编号\n"
    )
    lines = [
        f"{3310145690545000000 + n},22{n:06d},云朵{n}号,苹果充值卡 200,已发货,193.00,2026-11-20 20:10,2026-11-20 20:12,"
        + (f"待商家处理,193.00,卡密无效,2026-11-23 10:15,R{n:06d}" if n % 10 == 0 else ",,,,")
        for n in range(orders)
    ]
    (folder / "orders.csv").write_text(head + "\n".join(lines), encoding="utf-8")
    said = [
        {
            "cid": f"{50_000_000 + n % 40}@goofish", "message_id": f"m{n}", "created_at": 1763900000000 + n * 1000,
            "session_type": 1, "send_user_id": f"22{n % 40:06d}", "send_user_name": f"云朵{n % 40}号",
            "receiver_user_ids": ["1"], "message": {"contentType": 1, "text": {"text": f"第 {n} 句：充了说无效"}},
        }
        for n in range(messages)
    ]  # fmt: skip
    (folder / "chat.json").write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    coded = [f"JDV{n:017d},K7QM92XF{n * 7919 % 10**8:08d},100,2029-12-31,京东E卡" for n in range(cards)]
    (folder / "cards.csv").write_text("\n".join(["卡号,密码,面值,有效期,品牌", *coded]), encoding="utf-8")
    return [folder / "cards.csv", folder / "orders.csv", folder / "chat.json"]


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """Make an empty installation by name: its data folder and, on PostgreSQL, a database of its own."""
    made = []

    def make(name: str) -> Path:
        data = tmp_path / name
        data.mkdir()
        if SERVER:
            made.append(f"crash_{name}_{os.getpid()}")
            on_server(f"CREATE DATABASE {made[-1]}")
            monkeypatch.setenv("CRASH_DATABASE_URL", f"{SERVER.rpartition('/')[0]}/{made[-1]}")
        return data

    yield make
    for database in made:
        on_server(f"DROP DATABASE {database} WITH (FORCE)")


def on_server(statement: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(statement)


def database() -> dict[str, str]:
    """Name the database of the installation that was made last."""
    return {"CARDCASE_DATABASE_URL": os.environ.get("CRASH_DATABASE_URL", "")}


def counted(data: Path) -> dict[str, int]:
    tables = ("orders_order", "orders_refund", "inbox_message", "cases_case", "inbox_conversation", "cards_card")
    counting = [(table, f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 - our own names
    if SERVER:
        with psycopg.connect(os.environ["CRASH_DATABASE_URL"]) as server:
            return {table: server.execute(asked).fetchone()[0] for table, asked in counting}
    file = sqlite3.connect(data / "cardcase.sqlite3")
    assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    counts = {table: file.execute(asked).fetchone()[0] for table, asked in counting}
    file.close()
    return counts


@pytest.mark.crash
@pytest.mark.parametrize("rounds", [10 if SERVER else 20, pytest.param(200, marks=pytest.mark.night, id="200")])
def test_an_import_survives_being_killed_at_any_moment(tmp_path, fresh, rounds):
    orders, messages = (150, 1500) if SERVER else (300, 3000)  # PostgreSQL: the same moments, in half the time
    files = write_files(tmp_path, orders=orders, messages=messages, cards=2 * messages)
    whole = fresh("whole")
    started = time.monotonic()
    cardcase("import", "auto", *files, data=whole, **database())
    span = time.monotonic() - started
    expected = counted(whole)
    assert expected["orders_order"] == orders
    assert expected["inbox_message"] == messages
    assert expected["cases_case"] == orders / 10
    assert expected["cards_card"] == 2 * messages

    dice = random.Random(SEED)
    data = fresh("killed")
    cardcase("shop", "list", data=data, **database())
    before = counted(data)
    kills = 0
    for _ in range(rounds):
        with subprocess.Popen(
            [str(CARDCASE), "import", "auto", *map(str, files), "--json"],
            env=environment(CARDCASE_DATA=str(data), **database()),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as running:
            begun = time.monotonic()
            try:
                acknowledged = running.wait(timeout=dice.uniform(0.2, span)) == 0
                span = max(time.monotonic() - begun, 0.5)  # what is known already goes faster, and so may the machine
            except subprocess.TimeoutExpired:
                acknowledged = False
                running.send_signal(signal.SIGKILL)
                kills += 1
        now = counted(data)
        assert all(now[table] >= before[table] for table in now), f"seed {SEED}: something was lost"
        assert all(now[table] <= expected[table] for table in now), f"seed {SEED}: something was doubled"
        before = now
        assert document("ledger", "verify", data=data, **database())["is_intact"], f"seed {SEED}"
        if acknowledged:
            assert now == expected
    assert kills > rounds / 4
    cardcase("import", "auto", *files, data=data, **database())
    assert counted(data) == expected
    assert document("ledger", "verify", data=data, **database())["is_intact"]
