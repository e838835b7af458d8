"""From a draft to a sealed pack to one handed in: preview, typed confirmation, numbers, bytes that never change."""

import pytest
from django.db import IntegrityError, transaction

from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.evidence import service as evidence
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, Refused
from cardcase.packs import sealed, service
from cardcase.packs.models import Pack, PackDraft
from cardcase.packs.rules import form
from cardcase.packs.rules.sealing import BadLetter, Wanted
from cardcase.remedies.rules import NotConfirmed, phrase
from packs import builders
from packs.packing import members_of
from packs.reading import plain_words

pytestmark = pytest.mark.django_db
PHRASE = "封存证据包"


@pytest.fixture
def case(owner, noon):
    return builders.a_case(owner, noon).with_exhibit("E10", "截图", builders.png(40, 80), "image/png").build()


def test_versions_are_numbered_and_the_one_before_is_superseded(owner, noon, case):
    first = service.seal(owner, case.number, confirmation=PHRASE, at=noon)
    second = service.seal(owner, case.number, confirmation="seal the pack", at=noon)
    assert [first.number, second.number] == [1, 2]
    told = sealed.sealed(owner, case)
    assert [(one.number, one.state.value) for one in told] == [(1, "superseded"), (2, "sealed")]
    assert Pack.objects.get(number=1).state == "superseded"


def test_sealing_needs_the_typed_phrase(owner, noon, case):
    with pytest.raises(NotConfirmed):
        service.seal(owner, case.number, confirmation="好", at=noon)
    assert not Pack.objects.exists()


def test_what_is_sealed_is_what_was_previewed(owner, noon, case):
    seen = service.preview(owner, case.number, at=noon).digest
    cases.add_note(owner, case.number, "刚刚又发现一件事", at=noon)
    with pytest.raises(Conflict):
        service.seal(owner, case.number, confirmation=PHRASE, at=noon, seen=seen)
    seen = service.preview(owner, case.number, at=noon).digest
    assert service.seal(owner, case.number, confirmation=PHRASE, at=noon, seen=seen).number == 1


def test_sealed_bytes_are_kept_and_come_back_identical(owner, noon, case):
    data = service.build(owner, case.number, at=noon)
    evidence.set_aside(owner, case.exhibits.get().public_id, "放错了", at=noon)
    service.build(owner, case.number, at=noon)
    one, again = sealed.sealed_bytes(owner, case, "1")
    assert again == data
    assert one.size == len(data)
    assert sealed.sealed_bytes(owner, case)[1] != data  # the latest
    assert sealed.sealed_bytes(owner, case, one.pack)[1] == data
    with pytest.raises(NotFound):
        sealed.sealed_bytes(owner, case, "9")


def test_single_files_can_be_had_out_of_a_sealed_pack(owner, noon, case):
    data = service.build(owner, case.number, at=noon)
    assert sealed.member(data, form.REPORT).startswith(b"%PDF-")
    with pytest.raises(NotFound):
        sealed.member(data, "data/nothing")


def test_a_draft_words_the_letter_and_is_used_up_by_the_seal(owner, noon, case, tmp_path):
    service.stage(owner, case.number, Wanted("court", "致：某某法院\n请求驳回对方的全部主张。"), at=noon)
    planned = service.preview(owner, case.number, at=noon)
    assert planned.letter.startswith("致：某某法院")
    service.seal(owner, case.number, confirmation=PHRASE, at=noon, seen=planned.digest)
    words = plain_words(members_of(sealed.sealed_bytes(owner, case)[1])[form.REPORT], tmp_path)
    assert "请求驳回对方的全部主张。" in words
    assert sealed.sealed(owner, case)[-1].recipient == "court"
    assert not PackDraft.objects.exists()


def test_a_change_of_the_draft_after_the_preview_is_a_conflict(owner, noon, case):
    seen = service.preview(owner, case.number, at=noon).digest
    service.stage(owner, case.number, Wanted("platform", "另一封信"), at=noon)
    with pytest.raises(Conflict):
        service.seal(owner, case.number, confirmation=PHRASE, at=noon, seen=seen)
    service.unstage(owner, case.number)
    assert service.preview(owner, case.number, at=noon).digest == seen


@pytest.mark.parametrize("wanted", [Wanted("friends", ""), Wanted("court", "长" * 2001)])
def test_a_bad_draft_is_refused(wanted, owner, noon, case):
    with pytest.raises(BadLetter):
        service.stage(owner, case.number, wanted, at=noon)


def test_a_code_in_a_letter_is_masked(owner, noon, case):
    from packs.test_service import CODE, keep_in_stock

    keep_in_stock(owner, noon, CODE)
    draft = service.stage(owner, case.number, Wanted("platform", f"卡密是 {CODE}"), at=noon)
    assert CODE not in draft.letter


def hand_in(owner, case, noon, **more):
    case.refresh_from_db()
    return service.submit(owner, case.number, confirmation=phrase("submit").zh, revision=case.revision, at=noon, **more)


def test_a_pack_is_handed_in_once(owner, noon):
    case = builders.a_case(owner, noon).build()
    Case.objects.filter(pk=case.pk).update(stage="platform_dispute", status="needs_response")
    with pytest.raises(Refused):
        hand_in(owner, case, noon)  # nothing is sealed yet
    first = service.seal(owner, case.number, confirmation=PHRASE, at=noon)
    with pytest.raises(NotConfirmed):
        service.submit(owner, case.number, confirmation="x", revision=case.revision, at=noon)
    hand_in(owner, case, noon)
    told = sealed.sealed(owner, case)
    assert [(one.state.value, one.submitted_at) for one in told] == [("submitted", noon)]
    Case.objects.filter(pk=case.pk).update(status="needs_response")
    with pytest.raises(Refused):
        hand_in(owner, case, noon, pack=first.public_id)
    second = service.seal(owner, case.number, confirmation=PHRASE, at=noon)
    assert [one.state.value for one in sealed.sealed(owner, case)] == ["submitted", "sealed"]
    hand_in(owner, case, noon, pack=second.public_id)
    assert [one.state.value for one in sealed.sealed(owner, case)] == ["submitted", "submitted"]


def test_who_may(owner, agent, system, stranger, noon, case):  # noqa: PLR0917
    with pytest.raises(NotAllowed):
        service.preview(system, case.number, at=noon)
    with pytest.raises(NotFound):
        service.preview(stranger, case.number, at=noon)
    with pytest.raises(NotFound):
        service.seal(stranger, case.number, confirmation=PHRASE, at=noon)
    assert service.preview(agent, case.number, at=noon).digest


def test_no_number_is_given_twice(owner, noon, case):
    service.seal(owner, case.number, confirmation=PHRASE, at=noon)
    row = Pack.objects.get()
    row.pk, row.public_id = None, "pack_other"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_what_is_withheld_and_lacking_is_known_before_the_seal(owner, noon, case):
    told = service.preview(owner, case.number, at=noon).gathered
    assert told.told.gaps
    assert [one.is_withheld for one in told.files.values()] == [False]
    assert told.leaks == ()
