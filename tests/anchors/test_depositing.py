"""The deposit port: what goes out, what recorded answers are read as, and what the record keeps. No service is live."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from anchors.authority import served
from cardcase.anchors import queries, service
from cardcase.anchors.models import Deposit
from cardcase.anchors.rules import config, deposit
from cardcase.anchors.rules.deposit import Asked, BadAnswer
from cardcase.custody import queries as ledger
from cardcase.custody.models import Entry
from cardcase.jobs.models import Job
from cardcase.kit.errors import NotAllowed, WrongUse
from conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)

SHA256 = hashlib.sha256(b"abc").hexdigest()
SM3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905-2016, example 1: "abc"
ASKED = Asked("pack_1", 3, SHA256, SM3)

RECORDED = {
    "netcourt": ({"code": 0, "responseData": {"txHash": "0xfeed", "blockHash": "0xb10c"}}, "0xfeed", ""),
    "baidu_xuper": (
        {"code": 200, "data": {"txid": "5f0e", "timestamp_tsa": "2026-11-24 12:00:01", "tianping_tx": "77"}},
        "5f0e",
        "2026-11-24 12:00:01",
    ),
    "huawei_dac": ({"evidence_id": "ev-1", "status": "SUCCESS"}, "ev-1", ""),
    "tencent_btoe": (
        {"Response": {"EvidenceId": "e-9", "DepositTime": "2026-11-24 12:00:02", "RequestId": "r"}},
        "e-9",
        "2026-11-24 12:00:02",
    ),
    "esign": ({"code": 0, "message": "成功", "data": {"evidenceId": "C123"}}, "C123", ""),
}
"""Answers as the pages cited in presets.toml print them, with made-up ids."""


def preset(name):
    return config.deposit_presets().records[name]


def test_sm3_is_that_of_the_standard():
    digest = hashes.Hash(hashes.SM3())
    digest.update(b"abc")
    assert digest.finalize().hex() == SM3


def test_every_preset_has_a_recorded_answer():
    assert set(RECORDED) == set(config.deposit_presets().records)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_recorded_answer_is_read(name):
    told, found, moment = RECORDED[name]
    raw = json.dumps(told).encode()
    answer = deposit.read(preset(name), "x", raw)
    assert (answer.id, answer.time, answer.raw) == (found, moment, raw)


@pytest.mark.parametrize("name", sorted(RECORDED))
@pytest.mark.parametrize(
    "raw", [b"", b"<html>", b"[]", b"{}", b'{"code": 500, "message": "no"}', b'{"data": 1}', b"[" * 99999]
)
def test_an_answer_that_names_no_deposit_is_none(name, raw):
    with pytest.raises(BadAnswer):
        deposit.read(preset(name), "x", raw)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_each_service_gets_the_hash_that_it_takes_and_no_more(name):
    secret = KEY_PEM if preset(name).signing == "rsa_sha256" else "secret-key"
    body, headers = deposit.write(preset(name), "https://a.example/", ASKED, user="acc", secret=secret, at=NOON)
    told = json.loads(body)
    wanted, other = (SM3, SHA256) if preset(name).hash == "sm3" else (SHA256, SM3)
    assert wanted in told.values()
    assert other not in told.values()
    assert "secret-key" not in body.decode()
    assert headers["Content-Type"].startswith("application/json")


KEY = rsa.generate_private_key(65537, 2048)
KEY_PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def test_the_signature_of_the_court_is_over_the_fields_by_name():
    body, _ = deposit.write(preset("netcourt"), "https://a.example/", ASKED, user="acc", secret=KEY_PEM, at=NOON)
    told = json.loads(body)
    signature = base64.b64decode(told.pop("signature"))
    text = "&".join(f"{name}={told[name]}" for name in sorted(told))
    KEY.public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(ValueError):
        deposit.write(preset("netcourt"), "https://a.example/", ASKED, user="acc", secret="no key", at=NOON)


def test_signature_version_3_is_built_step_by_step_as_its_page_says():
    """Built a second time here, from the page's four steps, with the page's example of names and keys."""
    import hmac

    body = b'{"EvidenceHash":"00"}'
    at = datetime(2019, 2, 25, 18, 17, 45, tzinfo=UTC)
    seconds = int(at.timestamp())
    request = "\n".join(
        ["POST", "/", "", "content-type:application/json; charset=utf-8", "host:btoe.tencentcloudapi.com", "",
         "content-type;host", hashlib.sha256(body).hexdigest()]
    )  # fmt: skip
    to_sign = "\n".join(
        ["TC3-HMAC-SHA256", str(seconds), "2019-02-25/btoe/tc3_request", hashlib.sha256(request.encode()).hexdigest()]
    )
    date = hmac.new(b"TC3Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", b"2019-02-25", "sha256").digest()
    signing = hmac.new(hmac.new(date, b"btoe", "sha256").digest(), b"tc3_request", "sha256").digest()
    expected = hmac.new(signing, to_sign.encode(), "sha256").hexdigest()
    header = deposit.tc3(
        "btoe.tencentcloudapi.com", "btoe", body, user="AKIDEXAMPLE", secret="Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        seconds=seconds,
    )  # fmt: skip
    assert header.endswith(f"Signature={expected}")
    assert header.startswith(
        "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/btoe/tc3_request, SignedHeaders=content-type;host"
    )


# ---- promises and attempts -------------------------------------------------------------------------------------------


@pytest.fixture
def platform():
    with served(lambda _asked: json.dumps(RECORDED["huawei_dac"][0]).encode()) as told:
        yield told


@pytest.fixture
def on(configure, folder, platform):
    (folder / "keys").mkdir(exist_ok=True)
    (folder / "keys" / "dac.token").write_text("token-of-the-contract\n")
    configure(
        f'[[deposit]]\nname = "dac"\npreset = "huawei_dac"\nurl = "{platform.url}"\nsecret_file = "dac.token"\n'
        "private = true\nenabled = true\n"
    )


def test_nothing_is_deposited_unless_it_is_switched_on(folder, owner, configure, platform):
    assert service.deposit(owner, "pack_1", 3, SHA256, SM3, at=NOON) == []
    configure(f'[[deposit]]\nname = "dac"\npreset = "huawei_dac"\nurl = "{platform.url}"\nprivate = true\n')
    assert service.deposit(owner, "pack_1", 3, SHA256, SM3, at=NOON) == []
    assert platform.asked == []


def test_an_accepted_deposit_is_kept_whole_and_recorded(on, owner, platform):
    (number,) = service.deposit(owner, "pack_1", 3, SHA256, SM3, at=NOON)
    assert service.settle_deposit(owner, number, at=NOON) == ""
    _, headers, body = platform.asked[0]
    assert headers["Authorization"] == "Bearer token-of-the-contract"
    assert json.loads(body) == {"evidence_name": "pack_1", "hash": SM3}
    row = Deposit.objects.get()
    assert (row.external_id, row.state) == ("ev-1", "done")
    assert json.loads(bytes(row.raw)) == RECORDED["huawei_dac"][0]
    told = ledger.history(owner, [f"dep_{number}"])[0]
    assert told.kind == "deposit.made"
    assert (told.facts["sha256"], told.facts["sm3"], told.facts["id"]) == (SHA256, SM3, "ev-1")
    assert ledger.verify_all().is_intact
    assert queries.standing(owner, at=NOON).deposits[0].is_done


def test_a_hash_is_handed_in_once(on, owner, platform):
    first = service.deposit(owner, "pack_1", 3, SHA256, SM3, at=NOON)
    assert service.deposit(owner, "pack_1", 3, SHA256, SM3, at=NOON) == first
    assert Job.objects.filter(kind="anchors.deposit").count() == 1
    service.settle_deposit(owner, first[0], at=NOON)
    service.settle_deposit(owner, first[0], at=NOON)
    assert len(platform.asked) == 1


def test_a_refusal_is_kept_and_tried_again(on, owner, platform):
    (number,) = service.deposit(owner, "pack_1", 3, SHA256, SM3, at=NOON)
    platform.answer = lambda _asked: b'{"error": "no contract"}'
    assert service.settle_deposit(owner, number, at=NOON) == "deposit_refused"
    assert b"no contract" in bytes(Deposit.objects.get().raw)
    platform.status = 500
    assert service.settle_deposit(owner, number, at=NOON) == "http_status"
    assert Job.objects.filter(kind="anchors.deposit", shop_id=owner.shop_id, key__contains=":again").count() == 2
    assert not Entry.objects.filter(kind="deposit.made").exists()


def test_a_secret_that_is_missing_is_said(on, owner, folder):
    (folder / "keys" / "dac.token").unlink()
    (number,) = service.deposit(owner, "pack_1", 3, SHA256, SM3, at=NOON)
    assert service.settle_deposit(owner, number, at=NOON) == "no_secret"


def test_another_shop_knows_nothing_of_it(on, owner, stranger):
    (number,) = service.deposit(owner, "pack_1", 3, SHA256, SM3, at=NOON)
    with pytest.raises(Deposit.DoesNotExist):
        service.settle_deposit(stranger, number, at=NOON)
    assert queries.standing(stranger, at=NOON).deposits == ()


@pytest.mark.parametrize(
    ("name", "size", "sha256", "sm3"),
    [
        ("", 1, SHA256, SM3),
        ("x", -1, SHA256, SM3),
        ("x", 1, "abc", SM3),
        ("x", 1, SHA256, SM3.upper()),
        ("x" * 200, 1, SHA256, SM3),
    ],
)
def test_what_is_no_hash_is_refused(on, owner, name, size, sha256, sm3):
    with pytest.raises(WrongUse):
        service.deposit(owner, name, size, sha256, sm3, at=NOON)


def test_who_may_deposit(on, system):
    with pytest.raises(NotAllowed):
        service.deposit(system, "x", 1, SHA256, SM3, at=NOON)
