"""Files of steps that never came to be go away: at once, or by the sweep; what a step refers to never does."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from cardcase.delivery import queries, service
from cardcase.delivery.models import ParcelFile, ParcelStep, ParcelUpload
from cardcase.delivery.rules.parcels_media import LARGEST_PHOTO, MEGABYTE, most_of_request
from cardcase.delivery.service import parcel_uploads
from cardcase.kit import clock
from cardcase.kit.errors import Refused
from cardcase.staff import service as staff_service
from cardcase.staff.models import Staff
from cardcase.staff.rules import Role
from delivery.parcels_world import JPEG, MP4, File, boxed, go, media, serial

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"
DAY = timedelta(days=1)


def on_disk() -> set[str]:
    return {path.name for path in Path(settings.CARDCASE.files).glob("[0-9a-f][0-9a-f]/*")}


@pytest.fixture
def view(system, noon):
    return boxed(system, noon)


@pytest.fixture
def before(view):
    return on_disk()


def test_a_refused_step_leaves_no_file(agent, view, before, noon):
    with pytest.raises(Refused):
        go(agent, view, "packed", noon, serials=("8888777766665555",))
    with pytest.raises(Exception, match=r"录像"):
        go(agent, view, "packed", noon, files={**media("front", "back"), "video": File(JPEG)})
    assert on_disk() == before
    assert not ParcelUpload.objects.exists()


def test_a_step_on_record_keeps_its_files_and_owes_nothing(agent, view, before, noon):
    go(agent, view, "packed", noon)
    kept = set(ParcelFile.objects.values_list("sealed_sha256", flat=True))
    assert on_disk() - before == kept
    assert len(kept) == 3
    assert not ParcelUpload.objects.exists()
    assert parcel_uploads.drop(agent, list(kept)) == 0
    assert service.sweep_uploads(agent, at=noon + 9 * DAY) == 0
    assert kept <= on_disk()


def died(monkeypatch, agent, view, noon):
    """Let a process die between keeping its files and putting the step on record."""

    def gone(*_args):
        raise KeyboardInterrupt  # no Exception: nothing of ours runs any more, as after a kill

    monkeypatch.setattr(parcel_uploads, "claim", gone)
    with pytest.raises(KeyboardInterrupt):
        go(agent, view, "packed", noon)
    monkeypatch.undo()


def test_what_a_crash_left_is_swept_after_a_day_and_not_before(  # noqa: PLR0917
    agent, system, stranger, view, before, noon, monkeypatch
):
    died(monkeypatch, agent, view, noon)
    assert len(on_disk() - before) == 3
    assert not ParcelStep.objects.exists()
    assert service.sweep_uploads(system, at=noon + DAY) == 0
    assert service.sweep_uploads(stranger, at=noon + 2 * DAY) == 0
    assert service.sweep_uploads(system, at=noon + 2 * DAY) == 3
    assert on_disk() == before
    assert service.sweep_uploads(system, at=noon + 2 * DAY) == 0


def test_a_sweep_that_dies_goes_on_where_it_was_and_a_used_file_stays(  # noqa: PLR0917
    agent, system, view, before, noon, monkeypatch
):
    died(monkeypatch, agent, view, noon)
    first = ParcelUpload.objects.order_by("pk").first()
    path = Path(settings.CARDCASE.files) / first.sealed_sha256[:2] / first.sealed_sha256
    path.unlink()  # removed, and the process died before its row went
    go(agent, view, "packed", noon)
    used = ParcelFile.objects.first().sealed_sha256
    ParcelUpload.objects.create(shop_id=agent.shop_id, sealed_sha256=used, kept_at=noon)  # however that came about
    assert service.sweep_uploads(system, at=noon + 2 * DAY) == 3
    assert used in on_disk()
    assert on_disk() - before == set(ParcelFile.objects.values_list("sealed_sha256", flat=True))
    assert queries.parcels(agent, view.public_id).last.is_intact


def test_a_step_whose_files_were_swept_meanwhile_does_not_come_to_be(agent, view, before, noon, monkeypatch):
    claim = parcel_uploads.claim

    def late(actor, sealed):
        assert service.sweep_uploads(actor, at=noon + 2 * DAY) == 3
        claim(actor, sealed)

    monkeypatch.setattr(parcel_uploads, "claim", late)
    with pytest.raises(Refused) as refusal:
        go(agent, view, "packed", noon)
    assert refusal.value.problem_code == "upload_expired"
    assert not ParcelFile.objects.exists()
    assert on_disk() == before


def test_unfinished_files_of_dead_processes_are_removed_when_they_are_old(noon):
    folder = Path(settings.CARDCASE.files)
    folder.mkdir(parents=True, exist_ok=True)
    old, new = folder / ".incoming.dead", folder / ".incoming.alive"
    for path, at in ((old, noon - 2 * DAY), (new, noon)):
        path.write_bytes(b"x")
        os.utime(path, (at.timestamp(), at.timestamp()))
    assert service.sweep_broken_off(at=clock.now()) == 1
    assert (old.exists(), new.exists()) == (False, True)
    new.unlink()


# --- Too large --------------------------------------------------------------------------------------------------------


class Unread:
    """A body that must not be read."""

    def read(self, *_args):
        raise AssertionError("the body was read")


@pytest.mark.parametrize("url", ["/deliveries/x/parcel/packed/", "/api/v1/replacements/x/parcel/packed"])
def test_what_is_too_large_by_its_own_word_is_refused_unread_in_both_languages(url):
    from cardcase.project.uploads import refuse_large_parcels

    most = most_of_request(largest_video=settings.CARDCASE.parcel_video_mb * MEGABYTE)
    request = RequestFactory().post(url, b"x", content_type="multipart/form-data; boundary=x")
    request.META["CONTENT_LENGTH"] = str(most + 1)
    request.META["wsgi.input"] = request._stream = Unread()
    answer = refuse_large_parcels(lambda _request: pytest.fail("it went on"))(request)
    said = answer.content.decode()
    assert answer.status_code == 413
    assert "文件超过" in said
    assert "The file is larger than" in said
    assert "parcel_video_mb" in said


def test_a_file_that_turns_out_too_large_ends_the_request_on_the_page_and_over_the_api(owner, agent, view, noon):
    photo = JPEG + bytes(LARGEST_PHOTO)
    browser = Client()
    browser.force_login(Staff.objects.get(pk=agent.staff_id), BACKEND)
    told = {"serials": serial(0), "front": SimpleUploadedFile("a.jpg", photo)}
    answer = browser.post(f"/deliveries/{view.public_id}/parcel/packed/", told)
    assert answer.status_code == 413
    assert "文件超过 20 MB / The file is larger than 20 MB" in answer.content.decode()
    token = staff_service.create_token(owner, label="t", role=Role.AGENT, at=noon).plain
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    told = {"serials": serial(0), "front": SimpleUploadedFile("a.jpg", photo)}
    refused = Client().post(f"/api/v1/deliveries/{view.public_id}/parcel/packed", told, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (413, "media_too_large")
    assert not ParcelStep.objects.exists()
    fine = {"serials": serial(0), "video": SimpleUploadedFile("a.mp4", MP4 + bytes(LARGEST_PHOTO + MEGABYTE))}
    assert browser.post(f"/deliveries/{view.public_id}/parcel/packed/", fine).status_code == 302
