"""Claim links on the command line, in processes of their own."""

import json
import re

import pytest

from intake.world import order_row, orders_csv
from project.command import cardcase

NUMBER = "3310145690545000042"
CODES = "卡号,密码,品牌,面值\nJD0001,K7QM-92XF-LP3D-A1Z9,京东E卡,100\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("claims")
    (folder / "cards.csv").write_text(CODES, "utf-8")
    (folder / "orders.csv").write_text(orders_csv(order_row(NUMBER)), "utf-8")
    for kind in ("cards", "orders"):
        cardcase("import", kind, str(folder / f"{kind}.csv"), data=folder / "data")
    cardcase(
        "deliver", "allocate", NUMBER, "--brand", "京东E卡", "--face", "100", "--quantity", "1", data=folder / "data"
    )
    return folder / "data"


def test_a_link_is_printed_once_and_ended(data):
    done = cardcase("deliver", "link", NUMBER, data=data)
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/c/#[\w-]{22}\n", done.stdout)
    assert "base_url" in done.stderr
    told = cardcase(
        "deliver", "link", NUMBER, "--days", "3", "--json", data=data, CARDCASE_BASE_URL="https://shop.example"
    )
    assert json.loads(told.stdout)["url"].startswith("https://shop.example/c/#")
    assert not told.stderr
    cardcase("deliver", "unlink", NUMBER, data=data)
    cardcase("deliver", "unlink", NUMBER, data=data, code=1)
    refused = cardcase("deliver", "link", NUMBER, "--days", "99", data=data, code=2)
    assert "link_days_wrong" in refused.stderr
