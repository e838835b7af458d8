"""A key that is turned, or a machine that stops, while a pack is made: nothing false goes out, and another try works."""

from datetime import timedelta

import pytest
from django.test import Client

from cardcase.cases.models import Case
from cardcase.cases.rules import GuardFacts
from cardcase.custody import queries as ledger
from cardcase.custody import service as custody
from cardcase.kit.errors import Conflict
from cardcase.packs import sealed, service
from cardcase.packs.models import Pack
from cardcase.packs.rules import form
from cardcase.packs.service import exporting, making
from cardcase.remedies.rules import phrase
from cardcase.staff.models import Staff
from conftest import NOON
from packs import builders
from packs.packing import ANY_TIME, check

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def case(owner, noon):
    return builders.a_case(owner, noon).build()


def first_then(monkeypatch, module, name, act) -> None:
    """Let something happen once, right before the next call of a function."""
    real = getattr(module, name)

    def once(*args, **kwargs):
        monkeypatch.setattr(module, name, real)
        act()
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, once)


def turn(owner):
    return lambda: custody.rotate_key(owner, "换机器", at=NOON)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (exporting, "key_of"),
        (making.report, "make"),
        (making.custody, "sign_statement"),
        (exporting, "record"),
    ],
)
def test_a_key_turned_while_a_pack_is_made_seals_nothing_and_the_next_try_does(  # noqa: PLR0917 - fixtures
    owner, case, monkeypatch, tmp_path, module, name
):
    first_then(monkeypatch, module, name, turn(owner))
    with pytest.raises(Conflict) as refused:
        service.build(owner, case.number, at=NOON)
    assert refused.value.problem_code == "key_changed"
    assert not Pack.objects.exists()
    assert form.SEALED_KIND not in {one.kind for one in ledger.history(owner, [case.public_id])}
    data = service.build(owner, case.number, at=NOON)
    report = check(data, tmp_path, ledger.vkey(owner), ANY_TIME)
    assert report.exit_code == 0, report.as_text()


def test_a_key_turned_right_after_the_export_leaves_a_pack_that_holds(owner, case, monkeypatch, tmp_path):
    old = ledger.vkey(owner)
    first_then(monkeypatch, exporting.custody, "checkpoint", turn(owner))
    data = service.build(owner, case.number, at=NOON)
    assert ledger.vkey(owner) != old
    report = check(data, tmp_path, old, ANY_TIME)
    assert report.exit_code == 0, report.as_text()


def test_a_pack_cut_off_before_its_bytes_were_written_is_called_so_and_never_handed_in(owner, case, monkeypatch):
    Case.objects.filter(pk=case.pk).update(stage="platform_dispute", status="needs_response")

    def stops(*_):
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(making.file_rows, "fill", stops)
        with pytest.raises(OSError, match="no space"):
            service.build(owner, case.number, at=NOON)
    [left] = sealed.sealed(owner, case)
    assert (left.number, left.file_sha256) == (1, "")
    with pytest.raises(Conflict) as refused:
        sealed.sealed_bytes(owner, case, "1")
    assert refused.value.problem_code == "pack_unfinished"
    case.refresh_from_db()
    assert not sealed.with_packs(owner, case, GuardFacts()).is_pack_sealed
    with pytest.raises(Conflict) as refused:
        service.submit(owner, case.number, confirmation=phrase("submit").zh, revision=case.revision, at=NOON)
    assert refused.value.problem_code == "pack_unfinished"
    web = Client()
    web.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    assert "没有写成，请再封存" in web.get(f"/cases/{case.number}/packs/").content.decode()
    later = NOON + timedelta(minutes=1)
    service.build(owner, case.number, at=later)
    assert [(one.number, one.state.value, bool(one.size)) for one in sealed.sealed(owner, case)] == [
        (1, "superseded", False),
        (2, "sealed", True),
    ]
    case.refresh_from_db()
    service.submit(owner, case.number, confirmation=phrase("submit").zh, revision=case.revision, at=later)


def test_a_version_that_was_never_written_takes_no_others_place(owner, case, monkeypatch):
    Case.objects.filter(pk=case.pk).update(stage="platform_dispute", status="needs_response")
    service.build(owner, case.number, at=NOON)

    def stops(*_):
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(making.file_rows, "fill", stops)
        with pytest.raises(OSError, match="no space"):
            service.build(owner, case.number, at=NOON + timedelta(minutes=1))
    first, second = sealed.sealed(owner, case)
    assert (first.state.value, bool(first.file_sha256), second.file_sha256) == ("sealed", True, "")
    case.refresh_from_db()
    assert sealed.with_packs(owner, case, GuardFacts()).is_pack_sealed
    assert not sealed.with_packs(owner, case, GuardFacts(), pack=second.pack).is_pack_sealed
    service.submit(
        owner, case.number, confirmation=phrase("submit").zh, revision=case.revision, at=NOON + timedelta(minutes=2)
    )
    assert [one.state.value for one in sealed.sealed(owner, case)] == ["submitted", "superseded"]


def test_a_letter_claims_no_more_than_was_checked_when_nothing_is_marked(owner, case):
    letter = service.preview(owner, case.number, at=NOON).letter
    assert "没有逐件判断利弊" in letter
    assert "没有登记为对店铺不利" not in letter
