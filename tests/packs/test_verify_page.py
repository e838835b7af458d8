"""The page and the API that check an uploaded pack: open, capped, counted, and silent about the shop."""

import json
import threading

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.custody import queries as ledger
from cardcase.packs import uploads, verifier
from cardcase.staff import service as staff
from cardcase.staff.rules import Role
from packs.packing import members_of, zipped

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet() -> None:
    cache.clear()


@pytest.fixture
def send(client):
    def post(data: bytes, **more):
        return client.post("/verify/", {"pack": SimpleUploadedFile("AS.zip", data), **more})

    return post


def test_the_form_asks_nobody_who_he_is(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/verify/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'enctype="multipart/form-data"' in page
    assert "单文件核对程序" in page


def test_a_whole_pack_a_changed_one_and_none(sealed, send):
    whole = send(sealed.data, vkey=sealed.vkey, policy="time 0").content.decode()
    assert "有效：每一项都对得上" in whole
    assert sealed.number in whole
    assert verifier.LIMITS[0].zh in whole
    lacking = send(sealed.data).content.decode()
    assert "前后一致，但没有达到要求" in lacking
    assert "signer_unknown" in lacking
    changed = send(zipped({**members_of(sealed.data), "README.txt": b"!"}), vkey=sealed.vkey).content.decode()
    assert "被改动过" in changed
    assert "README.txt · file_altered" in changed
    assert "不是可以打开的证据包" in send(b"no archive").content.decode()


def test_in_english_too(sealed, client):
    client.post("/language/", {"language": "en"})
    page = client.post("/verify/", {"pack": SimpleUploadedFile("a.zip", sealed.data)}).content.decode()
    assert "It fits together, but it is less than asked for" in page
    assert "What this does not prove" in page


def test_what_was_typed_stands_there_again_and_what_is_wrong_with_it(sealed, send):
    answer = send(sealed.data, vkey="nonsense<script>", policy="dance 1")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "这不是验证公钥" in page
    assert "nonsense&lt;script&gt;" in page
    assert "核对要求第 1 行看不懂" in send(sealed.data, policy="dance 1").content.decode()
    assert "这不是校验点" in send(sealed.data, previous="hello").content.decode()


def test_without_a_file_the_way_on_is_said(client):
    answer = client.post("/verify/", {"vkey": ""})
    assert answer.status_code == 422
    assert "请选择证据包" in answer.content.decode()


def test_words_out_of_a_pack_are_shown_harmless(sealed, send):
    from packs.packing import forged

    told = json.loads(members_of(sealed.data)["data/manifest.json"])
    told["shop"] = "<script>alert(1)</script>\u202e"
    page = send(zipped(forged(members_of(sealed.data), json.dumps(told).encode()))).content.decode()
    assert "<script>alert" not in page
    assert "[U+202E]" in page


def test_an_upload_over_the_cap_is_refused_before_and_while_it_is_read(sealed, client, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", 100_000)
    answer = client.post("/verify/", {"pack": SimpleUploadedFile("a.zip", sealed.data)})
    assert answer.status_code == 413
    assert "文件太大" in answer.content.decode()
    cache.clear()
    monkeypatch.setattr(uploads, "_told_length", lambda request: 0)  # a sender who lies about it
    assert client.post("/verify/", {"pack": SimpleUploadedFile("a.zip", sealed.data)}).status_code == 413


def test_checks_are_counted_by_network_and_in_all(send, client):
    for _ in range(uploads.PER_NETWORK):
        assert send(b"x").status_code == 200
    stopped = send(b"x")
    assert (stopped.status_code, stopped.headers["Retry-After"]) == (429, "60")
    assert "核对的人太多" in stopped.content.decode()
    assert (
        client.post("/verify/", {"pack": SimpleUploadedFile("a", b"x")}, REMOTE_ADDR="203.0.113.9").status_code == 200
    )
    for last in range(uploads.IN_ALL):
        client.post("/verify/", {"pack": SimpleUploadedFile("a", b"x")}, REMOTE_ADDR=f"198.51.100.{last}")
    assert client.post("/verify/", {"pack": SimpleUploadedFile("a", b"x")}, REMOTE_ADDR="192.0.2.1").status_code == 429


def test_only_so_many_run_at_once_and_a_turn_is_given_back(send, monkeypatch):
    monkeypatch.setattr(uploads, "_running", threading.BoundedSemaphore(1))
    with uploads._turn("203.0.113.1"):
        assert send(b"x").status_code == 429
    assert send(b"x").status_code == 200


def test_nothing_of_the_shop_stands_there(sealed, send, owner):
    page = send(sealed.data).content.decode()
    assert owner.label not in page
    assert (ledger.vkey(owner) or "no key yet") not in page


def test_nothing_is_left_on_the_disk(sealed, send, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    send(sealed.data)
    assert list((tmp_path / "t").iterdir()) == []


def test_the_api_says_the_same(sealed, owner, noon):
    token = staff.create_token(owner, label="x", role=Role.AGENT, at=noon).plain
    client = Client(headers={"Authorization": f"Bearer {token}"})
    answer = client.post("/api/v1/verify", {"pack": SimpleUploadedFile("a.zip", sealed.data), "vkey": sealed.vkey})
    told = answer.json()
    assert (answer.status_code, told["verdict"], told["exit_code"]) == (200, "below_policy", 2)
    assert {one["code"] for one in told["findings"]} == {"withheld", "no_trusted_time", "no_witness"}
    wrong = client.post("/api/v1/verify", {"pack": SimpleUploadedFile("a.zip", sealed.data), "vkey": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_vkey")
    assert client.post("/api/v1/verify", {}).json()["code"] == "nothing_given"
    assert Client().post("/api/v1/verify", {}).status_code == 401
