"""Page, API, command line and doctor: what they show, and who may ask for more."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.test import Client

from anchors.conftest import one_authority
from cardcase.anchors import service
from cardcase.anchors.models import Stamp
from cardcase.jobs.models import Job
from cardcase.project.cli import doctor
from cardcase.project.cli.anchors import LEDGER
from cardcase.staff.models import Staff
from conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/settings/anchors/"


@pytest.fixture
def stamped(configure, authority, write_entries, owner):
    configure(one_authority(authority))
    write_entries(at=NOON)
    service.stamp_now(owner, at=NOON)
    return Stamp.objects.get()


def signed_in(actor):
    client = Client()
    client.force_login(Staff.objects.get(pk=actor.staff_id), "django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_says_that_nobody_is_asked(folder, owner):
    text = signed_in(owner).get(PAGE).content.decode()
    assert "E_TIME_NONE" in text
    assert "anchors.toml" in text


def test_the_page_shows_stamps_and_gives_out_their_files(stamped, owner, agent):
    client = signed_in(agent)
    text = client.get(PAGE).content.decode()
    assert "已核验" in text
    assert "现在就盖一次" not in text  # that is the owner's
    token = client.get(f"{PAGE}{stamped.token_sha256}.tsr")
    assert token.content == bytes(stamped.reply.body)
    assert client.get(f"{PAGE}{stamped.token_sha256}.note").content == stamped.note.encode()
    assert client.get(f"{PAGE}checkpoint.note").content.decode().startswith("cardcase.local/")
    assert client.get(f"{PAGE}{'0' * 64}.tsr").status_code == 404


def test_the_owner_asks_for_it_on_the_page(stamped, owner):
    client = signed_in(owner)
    assert "现在就盖一次" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}stamp/").status_code == 302
    assert Job.objects.filter(kind="anchors.force").count() == 1
    client.post(f"{PAGE}copies/", {"in_chat": "on"})
    assert "checked" in client.get(PAGE).content.decode()


def test_the_page_is_whole_in_english(stamped, owner):
    client = signed_in(owner)
    client.post("/language/", {"language": "en"})
    text = client.get(PAGE).content.decode()
    assert "Trusted time and witnesses" in text
    assert "verified" in text


def test_a_waiting_stamp_says_why(configure, authority, write_entries, owner):
    authority.status = 500
    configure(one_authority(authority))
    write_entries(at=NOON)
    service.stamp_now(owner, at=NOON)
    text = signed_in(owner).get(PAGE).content.decode()
    assert "E_TIME_PENDING" in text
    assert "HTTP 错误" in text


def test_the_api_tells_the_same(stamped, owner):
    client = signed_in(owner)
    told = client.get("/api/v1/anchors").json()
    assert (told["code"], told["stamped_size"]) == ("", stamped.size)
    (one,) = client.get("/api/v1/anchors/stamps").json()["stamps"]
    assert one["token_sha256"] == stamped.token_sha256
    assert client.get("/api/v1/anchors/copy").json()["size"] >= stamped.size
    assert client.get("/api/v1/anchors/copies").json() == {"on_claim_page": True, "in_chat": False}


@pytest.fixture
def run(owner, monkeypatch):
    """Call a command without the door that opens the data folder, as the owner of this test."""
    monkeypatch.setattr("cardcase.project.boot.prepare", lambda _data: None)
    monkeypatch.setattr("cardcase.project.boot.operator", lambda _slug=None: owner)
    commands = {one.name: one for one in LEDGER}

    def call(name, *words):
        outcome = CliRunner().invoke(commands[name], list(words), standalone_mode=False)
        assert outcome.exception is None, outcome.exception
        return outcome.return_value, outcome.output

    return call


def test_the_command_line_stamps_lists_and_prints(configure, authority, write_entries, run):
    configure(one_authority(authority))
    write_entries(at=NOON)
    code, text = run("stamp")
    assert (code, "verified" in text) == (0, True)
    code, text = run("stamps", "--json")
    assert code == 0
    assert json.loads(text)["stamps"][0]["state"] == "verified"
    code, text = run("copy")
    assert (code, text.startswith("cardcase.local/")) == (0, True)
    authority.status = 503
    write_entries(at=NOON)
    code, text = run("stamp")
    assert (code, "HTTP" in text) == (4, True)
    assert run("stamps")[0] == 1


def test_without_anybody_to_ask_the_command_line_says_so(folder, run, write_entries):
    write_entries(at=NOON)
    assert run("stamp")[0] == 4
    code, text = run("stamps")
    assert (code, "E_TIME_NONE" in text) == (1, True)
    assert run("cosign")[0] == 4
    assert run("copy")[0] == 1


def test_doctor_tells_what_is_pending_and_who_objects(configure, authority, write_entries, owner):
    authority.status = 500
    configure(one_authority(authority))
    write_entries(at=NOON)
    service.promise(None, at=NOON)
    checks = {one.code: one for one in doctor._anchors(owner)}
    assert "E_TIME_PENDING" in checks["trusted_time"].zh
    assert not checks["trusted_time"].is_grave
    assert checks["witnesses_agree"].is_fine


def test_the_command_of_the_witness_refuses_what_makes_no_sense(tmp_path):
    command = [sys.executable, "-c", "from cardcase.project.cli import main; main()", "witness", "serve", "--folder",
               str(tmp_path), "--name", "has space", "--log", "nonsense"]  # fmt: skip
    said = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ})
    assert said.returncode == 2
    assert "bad_witness" in said.stderr


def test_anchoring_is_late_when_nobody_works(stamped, owner, write_entries):
    from cardcase.anchors import queries

    write_entries(at=NOON)
    assert queries.standing(owner, at=NOON + timedelta(hours=1)).code == ""
    assert queries.standing(owner, at=NOON + timedelta(hours=3)).code == "E_TIME_PENDING"
