"""Cards on the command line, in processes of their own."""

import json

import pytest

from project.command import cardcase

CODES = "卡号,密码,品牌,面值\nJD0001,K7QM-92XF-LP3D-A1Z9,京东E卡,100\nJD0002,K7QM-92XF-LP3D-B2Y8,京东E卡,100\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    (folder / "cards.csv").write_text(CODES, "utf-8")
    cardcase("import", "cards", str(folder / "cards.csv"), data=folder / "data")
    return folder / "data"


def listed(data):
    return json.loads(cardcase("card", "list", "--json", data=data).stdout)["cards"]


def test_cards_are_listed_found_checked_and_counted_without_a_code(data):
    rows = listed(data)
    assert {row["masked"] for row in rows} == {"‥A1Z9", "‥B2Y8"}
    found = cardcase("card", "find", "--json", data=data, stdin="k7qm 92xf lp3d a1z9\n")
    card_id = json.loads(found.stdout)["public_id"]
    checked = cardcase("card", "check", card_id, "--balance", "100", "--usable", "--method", "官网", data=data)
    assert "¥100.00" in checked.stdout
    books = json.loads(cardcase("card", "stock", "--json", data=data).stdout)
    assert (books["is_complete"], books["books"]["imported"], books["wrong"]) == (True, 2, [])
    for done in (found, checked):
        assert "LP3D" not in done.stdout + done.stderr


def test_a_reveal_needs_a_reason_and_prints_the_code_alone(data):
    card_id = next(row["public_id"] for row in listed(data) if row["masked"] == "‥B2Y8")
    cardcase("card", "reveal", card_id, data=data, code=2)
    assert cardcase("card", "reveal", card_id, "--reason", "核对卡面", data=data).stdout == "K7QM-92XF-LP3D-B2Y8\n"
    assert "核对卡面" in cardcase("card", "show", card_id, data=data).stdout


def test_what_the_state_does_not_allow_is_refused_with_the_way_out(data):
    card_id = listed(data)[0]["public_id"]
    refused = cardcase("card", "void", card_id, "--reason", "先作废", data=data, code=3)
    assert "illegal_card_move" in refused.stderr
