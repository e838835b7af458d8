"""Parcels over the API, and on the command line inside this process."""

import json

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.cards import service as stockroom
from cardcase.delivery import queries
from cardcase.delivery.models import ParcelStep
from cardcase.delivery.rules.parcels import StepName
from cardcase.staff import service as staff
from cardcase.staff.rules import Role
from delivery.parcels_world import JPEG, MP4, WAYBILL, boxed, goes, more_in_stock, serial, through
from delivery.world import code

pytestmark = pytest.mark.django_db


@pytest.fixture
def view(system, noon):
    return boxed(system, noon)


@pytest.fixture
def ask(owner, view, noon):
    token = staff.create_token(owner, label="t", role=Role.OWNER, at=noon).plain
    keys = iter(range(1000))
    headers = {"Authorization": f"Bearer {token}"}
    root = f"/api/v1/deliveries/{view.public_id}/parcel"

    def asking(path="", body=None, key="", under=root, kind=None, **files):
        if body is None:
            return Client().get(under + path, headers=headers)
        head = {**headers, "Idempotency-Key": key or f"k{next(keys)}"}
        sent = {name: SimpleUploadedFile("x", data) for name, data in files.items()}
        return Client().post(under + path, {**body, **sent}, headers=head, **({"content_type": kind} if kind else {}))

    return asking


def test_a_parcel_goes_its_way_over_the_api(ask, view):
    film = MP4 + bytes(9 * 1024 * 1024)  # larger than a body may be in memory
    told = {"serials": serial(0), "weight_g": 50}
    packed = ask("/packed", told, front=JPEG, back=JPEG, video=film)
    assert packed.status_code == 200, packed.content[:300]
    [chain] = packed.json()["chains"]
    assert chain["following"] == ["shipped"]
    [step] = chain["steps"]
    assert [(one["role"], one["bytes"]) for one in step["files"]][-1] == ("video", len(film))
    assert step["serials"][0]["match"] == "same"
    assert step["lacks"] == []
    assert ask("/shipped", {"carrier": "顺丰", "waybill_no": WAYBILL}).json()["state"] == "shipped"
    [chain] = ask().json()["chains"]
    assert [one["step"] for one in chain["steps"]] == ["packed", "shipped"]
    assert chain["steps"][1]["previous"] == chain["steps"][0]["id"]
    assert serial(0) not in json.dumps(chain)


def test_the_same_key_notes_a_step_once(ask):
    told = {"serials": serial(0)}
    first = ask("/packed", told, key="once", front=JPEG)
    again = ask("/packed", told, key="once", front=JPEG)
    assert first.content == again.content
    assert ParcelStep.objects.count() == 1
    assert ask("/packed", told, key="once", front=JPEG + b"x").json()["code"] == "idempotency_key_reused"


def test_a_refusal_is_a_problem_that_repeats_nothing(ask):
    for path, body, status, problem in (
        ("/packed", {"serials": code(0)}, 409, "secret_not_serial"),
        ("/shipped", {"carrier": "顺丰", "waybill_no": WAYBILL}, 409, "step_out_of_turn"),
        ("/packed", {"serials": serial(0), "weight_g": code(0)}, 422, "wrong_use"),
        ("/take_back", {}, 409, "return_not_intact"),
        ("/dance", {}, 422, "wrong_use"),
    ):
        answer = ask(path, body)
        assert (answer.status_code, answer.json()["code"]) == (status, problem), path
        assert code(0) not in answer.content.decode()


def test_a_file_is_opened_over_the_api(ask, owner, noon, view):
    made = ask("/packed", {"serials": serial(0)}, front=JPEG).json()
    file = made["chains"][0]["steps"][0]["files"][0]["id"]
    token = staff.create_token(owner, label="t", role=Role.OWNER, at=noon).plain
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "f"}
    url = f"/api/v1/deliveries/{view.public_id}/parcel/files/{file}"
    answer = Client().post(url, {"reason": "看编号"}, content_type="application/json", headers=headers)
    assert b"".join(answer.streaming_content) == JPEG


@pytest.fixture
def kept(agent, system, view, noon):
    """A physical replacement for the buyer whose first card arrived; returns its public id."""
    through(agent, view, "signed", noon)
    more_in_stock(system, noon, first=7)
    return stockroom.reserve_equal(agent, view.slots[0].card.public_id, order_no=view.row.order_no, at=noon)


def test_the_parcel_of_a_replacement_goes_over_the_api(ask, kept):
    root = f"/api/v1/replacements/{kept}/parcel"
    packed = ask("/packed", {"serials": serial(7)}, under=root, front=JPEG)
    assert packed.status_code == 200, packed.content[:300]
    ask("/shipped", {"carrier": "顺丰", "waybill_no": WAYBILL, "number": "1"}, under=root)
    document = ask(under=root).json()
    assert (document["goods"], document["is_replacement"], document["state"]) == (kept, True, "shipped")
    assert [step["step"] for step in document["chains"][0]["steps"]] == ["packed", "shipped"]
    assert "".join(serial(7).split()) not in json.dumps(document)
    listed = ask(under="/api/v1/replacements").json()["replacements"]
    assert [(one["card"], one["form"], one["parcels"]["state"]) for one in listed] == [(kept, "physical", "shipped")]
    again = ask("/again", {"kind": "return", "reason": "x"}, under=root, kind="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "no_further_parcel")


@pytest.fixture
def run(monkeypatch, owner):
    from cardcase.project import boot
    from cardcase.project.cli import cli

    monkeypatch.setattr(boot, "prepare", lambda _data: None)
    monkeypatch.setattr(boot, "operator", lambda _shop: owner)

    def running(*words, stdin=""):
        return CliRunner().invoke(cli, ["deliver", "parcel", *words], input=stdin, standalone_mode=False)

    return running


def test_a_parcel_goes_its_way_on_the_command_line(run, view, tmp_path):
    front, film = tmp_path / "front.jpg", tmp_path / "film.mp4"
    front.write_bytes(JPEG)
    film.write_bytes(MP4)
    order = view.row.order_no
    words = ("note", order, "packed", "--serials", "--weight", "50", "--front", str(front), "--video", str(film))
    done = run(*words, stdin=f"{serial(0)}\n")
    assert done.exception is None, done.exception
    assert "打包 / Packed" in done.output
    assert "next: shipped" in done.output
    run("note", order, "shipped", "--carrier", "顺丰", "--waybill", WAYBILL, "--weight", "99")
    shown = run("show", order)
    assert "✗ 重量不一致" in shown.output
    told = json.loads(run("show", order, "--json").output)
    assert told["state"] == "shipped"
    file = told["chains"][0]["steps"][0]["files"][0]["id"]
    out = tmp_path / "out.jpg"
    assert run("open", order, file, "--reason", "看", "-o", str(out)).exception is None
    assert out.read_bytes() == JPEG
    assert run("open", order, file, "--reason", "看", "-o", str(out)).exception is not None
    assert run("take-back", order).exception.problem_code == "return_not_intact"
    for output in (done.output, shown.output, json.dumps(told)):
        assert serial(0) not in output
        assert code(0) not in output


def test_the_command_line_follows_a_replacement_and_begins_a_further_return(run, agent, kept, noon):
    for name in ("packed", "shipped", "announced", "received"):
        goes(agent, kept, name, noon)
    goes(agent, kept, "inspected", noon, files={}, is_empty=True)
    assert "again return" in run("show", kept).output
    begun = run("again", kept, "return", "--reason", "买家说漏装了")
    assert begun.exception is None, begun.exception
    assert "买家说漏装了" in begun.output
    run("note", kept, "announced", "--carrier", "圆通", "--waybill", "YT11112222", "--number", "2")
    last = queries.parcels(agent, kept).last
    assert (last.round, [step.name for step in last.steps]) == (2, [StepName.ANNOUNCED])
