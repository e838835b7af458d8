"""Card codes become `CardCode` at once: no finding, no raw, no repr ever shows one, whichever way a file is broken."""

import dataclasses
import pickle

import pytest

from cardcase.connectors.ports import FileKind, MessageNotice
from cardcase.connectors.registry import read_file
from connectors import samples

CANARY = "CANARY7Q4Z9XW2K8"
NUMBER = "CANARYNUMBER00012345"

FILES = {
    "lines.txt": f"{CANARY}\n{NUMBER}----{CANARY}\n{CANARY} 坏行 {CANARY}\n{NUMBER}║预告║坏║{CANARY}\n".encode(),
    "table.csv": f'卡号,密码,面值\n{NUMBER},{CANARY},一百\n{NUMBER},{CANARY},100\n{NUMBER},"{CANARY},100\n{NUMBER},{CANARY}\n'.encode(),
    "orders.csv": f"订单号,订单状态,实付金额,卡号,卡密\n{samples.ORDER_NO},已发货,96.5,{NUMBER},{CANARY}\n{samples.ORDER_NO},已发货,{CANARY},{NUMBER},{CANARY}\n{CANARY}，,已发货,1,2,3\n".encode(),
    "kam.json": samples.as_json(samples.envelope({"list": [{"card_no": NUMBER, "card_pwd": CANARY, "cost": CANARY}, {"card_no": NUMBER, "card_pwd": CANARY}]})),
    f"kam_{samples.ORDER_NO}.json": samples.as_json(samples.envelope({"list": [{"card_no": NUMBER, "card_pwd": CANARY, "cost": CANARY}]})),
    "order.json": samples.as_json(samples.ORDER_DETAIL | {"cards": [{"card_no": NUMBER, "card_pwd": CANARY}], "secret": CANARY, "kami": [CANARY]}),
    "cards.xlsx": samples.workbook(("卡", [["卡号", "密码", "面值"], [NUMBER, CANARY, "x"], [NUMBER, CANARY, 100]])),
    "torn.txt": f"{CANARY}\n".encode() + b"\xff\xfe\xfd" + CANARY.encode(),
    "paste.txt": f"买家：{CANARY} 用不了\n我：给您补 {NUMBER}:{CANARY}\x00\n".encode(),
}  # fmt: skip


@pytest.mark.parametrize("kind", [None, FileKind.CARDS, FileKind.CHAT, FileKind.ORDERS, FileKind.DELIVERIES])
@pytest.mark.parametrize("name", sorted(FILES))
def test_no_code_shows(name, kind):
    reading = read_file(name, FILES[name], kind=kind)
    shown = repr(reading) + str(reading.refused) + str(reading.notes)
    for notice in reading.notices:
        if not isinstance(notice, MessageNotice):
            shown += str(dict(getattr(notice, "raw", {})))
        else:
            shown += str(dict(notice.raw)) + notice.message_id + notice.conversation_id
    assert CANARY not in shown
    assert NUMBER not in shown


def test_codes_that_were_read_are_of_the_type_that_cannot_be_written_away():
    for name, kind in (
        ("lines.txt", FileKind.CARDS),
        ("table.csv", None),
        ("orders.csv", None),
        (f"kam_{samples.ORDER_NO}.json", None),
        ("cards.xlsx", None),
    ):
        found = [notice for notice in read_file(name, FILES[name], kind=kind).notices if hasattr(notice, "code")]
        assert found
        for notice in found:
            assert notice.code.expose() == CANARY
            with pytest.raises(TypeError):
                pickle.dumps(notice)


def test_the_hash_of_a_card_file_does_not_travel_with_its_cards():
    for name in ("lines.txt", "orders.csv", f"kam_{samples.ORDER_NO}.json"):
        for notice in read_file(name, FILES[name]).notices:
            if "code" in {part.name for part in dataclasses.fields(notice)}:
                assert notice.origin.sha256 == ""
