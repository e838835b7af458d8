"""Large files of cards come in by page and API: in memory, bounded as they come, never readable in a temporary file."""

import tempfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.intake import uploads
from cardcase.intake.models import ImportRun
from cardcase.staff import service as staff
from cardcase.staff.models import Staff

pytestmark = pytest.mark.django_db
MEGABYTE = 1024 * 1024


@pytest.fixture
def page(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def api(owner, noon):
    token = staff.create_token(owner, label="t", role=owner.role, at=noon).plain
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": "k1"}


@pytest.fixture(autouse=True)
def no_temporary_file(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file")

    monkeypatch.setattr("django.core.files.uploadedfile.tempfile.NamedTemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)


def cards(megabytes, name="cards.csv"):
    line = b"XQ7R4KT2M9ZP81AB,200," + b" " * 200 + b"\n"
    return SimpleUploadedFile(name, ("密码,面值,备注\n").encode() + line * (megabytes * MEGABYTE // len(line)))


def test_a_file_of_twelve_megabytes_is_taken_by_page_and_api(page, api):
    told = {"files": cards(12), "batch": "b", "act": "import"}
    answer = page.post("/import/", told)
    assert (answer.status_code, ImportRun.objects.count()) == (302, 1)
    answer = Client().post("/api/v1/imports", {"files": cards(12), "batch": "b"}, headers=api)
    assert (answer.status_code, answer.json()["state"]) == (200, "waiting")


@pytest.mark.parametrize(("largest", "together"), [(MEGABYTE, 64 * MEGABYTE), (64 * MEGABYTE, 3 * MEGABYTE)])
def test_too_large_ones_are_let_go_as_they_come_and_said(page, api, monkeypatch, largest, together):
    monkeypatch.setattr(uploads, "LARGEST_FILE", largest)
    monkeypatch.setattr(uploads, "LARGEST_TOGETHER", together)
    answer = page.post("/import/", {"files": [cards(2), cards(2, "more.csv")], "batch": "b", "act": "import"})
    assert answer.status_code == 422
    assert "文件太大" in answer.content.decode()
    answer = Client().post("/api/v1/imports", {"files": [cards(2), cards(2, "more.csv")]}, headers=api)
    assert (answer.status_code, answer.json()["code"]) == (422, "file_too_large")
    assert not ImportRun.objects.exists()
