"""``kill -9`` at random moments of an import: what was acknowledged stays, nothing is doubled, the record verifies."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from project.command import CARDCASE, cardcase, document, environment

SEED = int(os.environ.get("FAULT_SEED", "20261123"))


def write_files(folder: Path, orders: int, messages: int) -> list[Path]:
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
    return [folder / "orders.csv", folder / "chat.json"]


def counted(data: Path) -> dict[str, int]:
    database = sqlite3.connect(data / "cardcase.sqlite3")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    tables = ("orders_order", "orders_refund", "inbox_message", "cases_case", "inbox_conversation")
    counts = {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # noqa: S608
    database.close()
    return counts


@pytest.mark.crash
@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.night, id="200")])
def test_an_import_survives_being_killed_at_any_moment(tmp_path, rounds):
    files = write_files(tmp_path, orders=300, messages=3000)
    whole = tmp_path / "whole"
    whole.mkdir()
    started = time.monotonic()
    cardcase("import", "auto", *files, data=whole)
    span = time.monotonic() - started
    expected = counted(whole)
    assert expected["orders_order"] == 300
    assert expected["inbox_message"] == 3000
    assert expected["cases_case"] == 30

    dice = random.Random(SEED)
    data = tmp_path / "killed"
    data.mkdir()
    cardcase("shop", "list", data=data)
    before = counted(data)
    kills = 0
    for _ in range(rounds):
        with subprocess.Popen(
            [str(CARDCASE), "import", "auto", *map(str, files), "--json"],
            env=environment(CARDCASE_DATA=str(data)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as running:
            time.sleep(dice.uniform(0.2, span))
            acknowledged = running.poll() == 0
            if not acknowledged:
                running.send_signal(signal.SIGKILL)
                kills += 1
        now = counted(data)
        assert all(now[table] >= before[table] for table in now), f"seed {SEED}: something was lost"
        assert all(now[table] <= expected[table] for table in now), f"seed {SEED}: something was doubled"
        before = now
        assert document("ledger", "verify", data=data)["is_intact"], f"seed {SEED}"
        if acknowledged:
            assert now == expected
    assert kills > rounds / 4
    cardcase("import", "auto", *files, data=data)
    assert counted(data) == expected
    assert document("ledger", "verify", data=data)["is_intact"]
