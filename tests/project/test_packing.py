"""Packs and evidence on the command line: preview, stage, seal, download again, cover, confirm, refuse form."""

import json

import pytest

from cardcase.cases.models import Case
from cardcase.evidence import service as evidence
from cardcase.kit import clock
from cardcase.project.boot import operator
from evidence.pictures import noise
from project.test_cli import call, folder, shop_of_ours  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(call, shop_of_ours, folder) -> str:  # noqa: F811 - the fixtures above
    call("handle", folder / "orders.csv")
    return json.loads(call("case", "next", "--json").stdout)["number"]


@pytest.fixture
def exhibit(number) -> str:
    actor = operator(None)
    return evidence.add_exhibit(
        actor, number, "E10", "截图", noise(40, 30), "image/png", {}, at=clock.now(), source_file="a.png"
    ).public_id


def test_from_preview_to_the_same_bytes_again(call, number, exhibit, tmp_path):  # noqa: F811
    first, again = tmp_path / "first.zip", tmp_path / "again.zip"
    assert "no_target" in call("pack", number, code=2).stderr
    assert "pictures_not_looked_at" in call("pack", number, "-o", first, code=3).stderr
    assert not first.exists()
    letter = tmp_path / "letter.txt"
    letter.write_text("致：某某法院", "utf-8")
    told = json.loads(
        call("pack", number, "--to", "court", "--letter", letter, "--looked", "--preview", "--json").stdout
    )
    assert told["is_sealable"]
    assert told["recipient"] == "court"
    assert told["letter"] == "致：某某法院"
    assert "not_confirmed" in call("pack", number, "--typed", "好", "-o", first, code=3).stderr
    stale = call("pack", number, "--typed", "封存证据包", "--seen", "0" * 32, "-o", first, code=3)
    assert "pack_changed" in stale.stderr
    sealed = json.loads(
        call("pack", number, "--typed", "封存证据包", "--seen", told["digest"], "-o", first, "--json").stdout
    )
    assert (sealed["version"], sealed["state"], sealed["recipient"]) == (1, "sealed", "court")
    call("pack", number, "-o", tmp_path / "second.zip")
    call("pack", number, "--version", "1", "-o", again)
    assert first.read_bytes() == again.read_bytes()
    listed = json.loads(call("pack", number, "--list", "--json").stdout)["packs"]
    assert [(one["version"], one["state"]) for one in listed] == [(1, "superseded"), (2, "sealed")]
    shown = call("pack", number, "--preview").stdout
    assert "先看过" not in shown
    assert "可信时间 / trusted time: 没有设置可用的时间戳机构" in shown
    assert "No usable authority of time is set" in shown


def test_evidence_is_covered_and_confirmed(call, number, exhibit):  # noqa: F811
    assert "截图" in call("evidence", "list", number).stdout
    assert "bad_area" in call("evidence", "cover", number, exhibit, "--area", "1,2", "--reason", "x", code=2).stderr
    made = json.loads(
        call("evidence", "cover", number, exhibit, "--area", "1,2,3,4", "--reason", "头像", "--json").stdout
    )
    assert made["areas"] == [[1, 1, 2, 3, 4]]
    assert made["derived_from"]
    assert "1" in call("evidence", "looked", number, exhibit).stdout
    call("evidence", "uncover", made["redaction"], "--reason", "遮错了")
    assert "bad_cover_words" in call("evidence", "words", number, "没有这几个字", "--reason", "x", code=2).stderr


def test_the_refuse_form_on_the_command_line(call, number, tmp_path):  # noqa: F811
    told = json.loads(call("evidence", "refusal", number, "-o", tmp_path / "out", "--json").stdout)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(f"{number}-{one['name']}.png" for one in told["pictures"])
    assert "201 / 200" in call("evidence", "refusal", number, "--text", "长" * 201, code=1).stdout


def test_exhibits_carried_to_another_case_stay_covered(number, exhibit):
    from cardcase.evidence import queries as rows
    from cardcase.evidence.rules.covering import Area

    actor, case = operator(None), Case.objects.get(number=number)
    other = Case.objects.exclude(pk=case.pk).first()
    made = evidence.redact(actor, exhibit, [Area(1, 1, 5, 5)], "头像", at=clock.now())
    [copy] = evidence.carry_over(actor, number, other.number, at=clock.now())
    assert rows.shown_files(actor, other)[copy.pk].sha256 == made.file_sha256


def test_evidence_is_kept_from_files_and_listed(call, number, tmp_path):  # noqa: F811
    picture, mail = tmp_path / "截图.png", tmp_path / "回复.eml"
    picture.write_bytes(noise(40, 30))
    mail.write_bytes(
        "From: a@example.com\nTo: b@example.com\nMessage-ID: <1@example.com>\nSubject: x\nDate: Sat, 28 Nov 2026 10:00:00 +0800\n\n余额 0.00 元\n".encode()
    )
    told = call("evidence", "add", number, picture, "--kind", "E10", "--balance", "0", "--usable", "no", "--json")
    [kept] = json.loads(told.stdout)["exhibits"]
    assert "已存入" in call("evidence", "add", number, mail, "--kind", "E3").stdout
    row = Case.objects.get(number=number).exhibits.get(public_id=kept)
    assert (row.facts["balance_fen"], row.facts["is_usable"]) == (0, False)
    listed = call("evidence", "list", number).stdout
    assert "截图.png" in listed
    assert "回复.eml" in listed
    assert "E99" in call("evidence", "add", number, picture, "--kind", "E99", code=2).stderr
