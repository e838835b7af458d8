"""The buyer's copy: all of it, readable, without codes or staff, and written down."""

import io
import json
import zipfile
from datetime import timedelta

import pytest

from cardcase.custody import queries as ledger
from cardcase.intake import service as intake
from cardcase.kit.errors import NotAllowed
from cardcase.privacy import service
from intake.world import CODES, said, upload
from privacy.conftest import AT, EXTERNAL, NICK, WORDS

pytestmark = pytest.mark.django_db(transaction=True)


def opened(data: bytes) -> tuple[dict, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["data.json", "data.txt"]
        return json.loads(archive.read("data.json")), archive.read("data.txt").decode()


def test_the_copy_holds_what_was_said_and_known_and_nobody_else(world):
    document, text = opened(service.export(world.actor, NICK, at=AT).data)
    assert document["buyer"] == NICK
    for needle in (*WORDS, "小周说他再也不来了"):
        assert needle in text
        assert needle in json.dumps(document, ensure_ascii=False)
    assert "晚风" not in text
    assert world.actor.label not in text
    assert {table for matter in document["matters"] for table in matter["tables"]} >= {
        "orders.Order", "inbox.Message", "cases.Case", "evidence.Exhibit", "orders.Buyer"
    }  # fmt: skip
    [item] = [one for one in ledger.history(world.actor, [f"buyer_{world.buyer.pk}"]) if one.kind == "privacy.exported"]
    assert item.facts["by"] == world.actor.label


def test_codes_are_masked_in_the_copy(world):
    chat = upload("more.json", said("50000002", EXTERNAL, NICK, f"卡密是 {CODES[0]} 对吗"))
    intake.import_files(world.actor, [chat], at=AT)
    data = service.export(world.actor, NICK, at=AT).data
    document, text = opened(data)
    assert "卡密是" in text
    for code in CODES:
        assert code not in text
        assert code not in json.dumps(document, ensure_ascii=False)


def test_what_is_restricted_is_in_the_copy(world):
    world.close()
    service.restrict(world.actor, NICK, ground="buyer_request", at=AT + timedelta(days=400))
    document, text = opened(service.export(world.actor, f"buyer_{world.buyer.pk}", at=AT).data)
    assert WORDS[0] in text
    assert NICK in json.dumps(document, ensure_ascii=False)


def test_only_the_owner_makes_a_copy(world, lead, auditor):
    for actor in (lead, auditor):
        with pytest.raises(NotAllowed):
            service.export(actor, NICK, at=AT)
