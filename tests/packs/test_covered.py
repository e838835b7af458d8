"""Covered pictures and words in a pack: the copy goes in, the original stays and is said to stay, leaks are found first."""

import hashlib
import json
import struct

import pytest
import typst

from cardcase.cards import file_rows
from cardcase.custody.models import Entry
from cardcase.evidence import queries as evidence_rows
from cardcase.evidence import service as evidence
from cardcase.evidence.models import Exhibit, Redaction
from cardcase.evidence.rules.covering import BAR, Area, BadArea, BadWords
from cardcase.kit.errors import NotAllowed, NotFound, WrongUse
from cardcase.packs import service
from cardcase.packs.gathering import NotLookedAt
from cardcase.packs.rules import form
from evidence.pictures import chunk, noise, pixels
from packs import builders
from packs.packing import members_of
from packs.reading import plain_words
from packs.test_service import CODE, keep_in_stock

pytestmark = pytest.mark.django_db
PHOTO = noise(60, 80)


@pytest.fixture
def case(owner, noon):
    return builders.a_case(owner, noon).with_exhibit("E10", "整屏截图", PHOTO, "image/png", {"tail4": "K4RT"}).build()


def the_exhibit(case) -> Exhibit:
    return Exhibit.objects.get(case=case)


def lines_of(members) -> list[dict]:
    return [json.loads(line) for line in members[form.RECORDS].splitlines()]


# ---- pictures ----------------------------------------------------------------------------------------------------


def test_the_copy_goes_in_and_the_original_stays(owner, noon, case, tmp_path):
    exhibit = the_exhibit(case)
    made = evidence.redact(owner, exhibit.public_id, [Area(10, 10, 20, 5)], "他人头像", at=noon)
    evidence.confirm_looked(owner, case.number, [exhibit.public_id], at=noon)
    members = members_of(service.build(owner, case.number, at=noon))
    assert PHOTO not in members.values()
    copy = members[f"{form.FILES}{made.file_sha256}.png"]
    assert pixels(copy)[2][12][15] == (0, 0, 0)
    assert file_rows.read(exhibit) == PHOTO  # kept, only not given away
    words = plain_words(members[form.REPORT], tmp_path)
    assert "这是遮盖件：遮盖1处（他人头像）" in words
    assert "原件另存，未放入本包" in words


def test_the_record_says_what_the_copy_was_made_from(owner, noon, case):
    made = evidence.redact(owner, the_exhibit(case).public_id, [Area(0, 0, 5, 5)], "他人头像", at=noon)
    evidence.confirm_looked(owner, case.number, [the_exhibit(case).public_id], at=noon)
    lines = lines_of(members_of(service.build(owner, case.number, at=noon)))
    added = next(one for one in lines if one["entry"]["type"] == "evidence.added")
    covered = next(one for one in lines if one["entry"]["type"] == "evidence.redacted")
    told = json.loads(covered["contents"][0]["text"])["facts"]
    assert told["derived_from"] == added["entry"]["content"][1]["commit"] == made.derived_from
    assert told["derived_from_seq"] == added["entry"]["seq"]
    assert added["contents"][1] == {"state": "withheld"}
    assert covered["contents"][1]["path"] == f"{form.FILES}{made.file_sha256}.png"


def test_a_lifted_cover_shows_the_original_again_and_is_on_record(owner, agent, noon, case):
    made = evidence.redact(owner, the_exhibit(case).public_id, [Area(0, 0, 5, 5)], "看错了", at=noon)
    with pytest.raises(WrongUse):
        evidence.lift_redaction(owner, made.public_id, " ", at=noon)
    evidence.lift_redaction(owner, made.public_id, "遮错了地方", at=noon)
    members = members_of(service.build(owner, case.number, at=noon))
    assert PHOTO in members.values()
    assert "evidence.redaction_lifted" in [one["entry"]["type"] for one in lines_of(members)]


def test_a_second_cover_takes_the_place_of_the_first(owner, noon, case):
    exhibit = the_exhibit(case)
    evidence.redact(owner, exhibit.public_id, [Area(0, 0, 5, 5)], "一", at=noon)
    second = evidence.redact(owner, exhibit.public_id, [Area(0, 0, 9, 9)], "二", at=noon)
    shown = evidence_rows.shown_files(owner, case)[exhibit.pk]
    assert shown.sha256 == second.file_sha256
    assert Redaction.objects.count() == 2


@pytest.fixture
def coded(owner, noon):
    """A case with a picture on which somebody saw a card code, covered by whoever read it."""
    case = builders.a_case(owner, noon).build()
    exhibit = evidence.add_exhibit(
        owner, case.number, "E26", "聊天截图", PHOTO, "image/png", {}, at=noon, has_code=True
    )
    return case, exhibit


def test_the_copy_of_an_original_under_seal_goes_in(owner, noon, coded):
    case, exhibit = coded
    assert "file_withheld" in withheld(owner, case, noon)
    made = evidence.redact(owner, exhibit.public_id, [Area(10, 10, 20, 5)], "遮盖卡密", at=noon)
    assert "file_withheld" not in withheld(owner, case, noon)
    evidence.confirm_looked(owner, case.number, [exhibit.public_id], at=noon)
    members = members_of(service.build(owner, case.number, at=noon))
    assert PHOTO not in members.values()
    assert pixels(members[f"{form.FILES}{made.file_sha256}.png"])[2][12][15] == (0, 0, 0)
    evidence.lift_redaction(owner, made.public_id, "看看", at=noon)
    assert "file_withheld" in withheld(owner, case, noon)


def test_no_later_copy_shows_where_the_code_is(owner, agent, noon, coded):
    _, exhibit = coded
    with pytest.raises(NotAllowed):  # who may not see codes cannot say where one stands
        evidence.redact(agent, exhibit.public_id, [Area(0, 0, 5, 5)], "遮盖卡密", at=noon)
    evidence.cover_codes(agent, exhibit.public_id, [Area(10, 10, 20, 5)], "遮盖卡密", at=noon)
    later = evidence.redact(agent, exhibit.public_id, [Area(40, 40, 5, 5)], "他人头像", at=noon)
    assert later.areas == [[1, 40, 40, 5, 5], [1, 10, 10, 20, 5]]
    rows = pixels(file_rows.read(later))[2]
    assert rows[12][15] == rows[42][42] == (0, 0, 0)


def test_a_first_copy_of_an_original_under_seal_covers_something(owner, noon, coded):
    _, exhibit = coded
    with pytest.raises(BadArea):
        evidence.redact(owner, exhibit.public_id, [], "去掉拍摄地点", at=noon)


def test_who_may_not_see_codes_takes_nothing_off_that_anybody_covered(owner, agent, noon, coded):
    _, exhibit = coded
    evidence.cover_codes(agent, exhibit.public_id, [Area(10, 10, 20, 5)], "遮盖卡密", at=noon)
    evidence.redact(owner, exhibit.public_id, [Area(30, 30, 5, 5)], "还有一处", at=noon)
    third = evidence.redact(agent, exhibit.public_id, [], "重做", at=noon)
    assert sorted(third.areas) == [[1, 10, 10, 20, 5], [1, 30, 30, 5, 5]]
    fourth = evidence.redact(owner, exhibit.public_id, [], "那一处不是卡密", at=noon)
    assert fourth.areas == [[1, 10, 10, 20, 5]]


def test_a_copy_that_leaves_the_code_open_is_shown_nowhere(owner, noon, coded):
    case, exhibit = coded
    first = evidence.cover_codes(owner, exhibit.public_id, [Area(10, 10, 20, 5)], "遮盖卡密", at=noon)
    later = evidence.redact(owner, exhibit.public_id, [Area(40, 40, 5, 5)], "他人头像", at=noon)
    Redaction.objects.filter(pk=later.pk).update(areas=[[1, 40, 40, 5, 5]])  # as copies were made before
    assert evidence_rows.shown_files(owner, case)[exhibit.pk].sha256 == first.file_sha256


def test_an_original_under_seal_is_carried_to_another_case_with_its_cover_lifted_or_not(owner, noon, coded):
    case, exhibit = coded
    first = evidence.cover_codes(owner, exhibit.public_id, [Area(10, 10, 20, 5)], "遮盖卡密", at=noon)
    evidence.lift_redaction(owner, first.public_id, "看看", at=noon)
    assert evidence_rows.copies_at_hand(owner, case) == {exhibit.pk: first}


def test_who_may_cover(owner, auditor, stranger, noon, case):
    exhibit = the_exhibit(case)
    with pytest.raises(NotAllowed):
        evidence.redact(auditor, exhibit.public_id, [Area(0, 0, 5, 5)], "x", at=noon)
    with pytest.raises(NotFound):
        evidence.redact(stranger, exhibit.public_id, [Area(0, 0, 5, 5)], "x", at=noon)
    with pytest.raises(WrongUse):
        evidence.redact(owner, exhibit.public_id, [Area(0, 0, 5, 5)], "  ", at=noon)


# ---- a person looks ----------------------------------------------------------------------------------------------


def test_nothing_is_sealed_before_a_person_has_looked(owner, noon):
    case = builders.a_case(owner, noon).not_looked_at().with_exhibit("E10", "截图", PHOTO, "image/png").build()
    before = Entry.objects.count()
    with pytest.raises(NotLookedAt) as refusal:
        service.build(owner, case.number, at=noon)
    assert "证据 6（附件 A）" in refusal.value.message.zh
    assert Entry.objects.count() == before
    assert evidence.confirm_looked(owner, case.number, [the_exhibit(case).public_id], at=noon) == 1
    assert evidence.confirm_looked(owner, case.number, [the_exhibit(case).public_id], at=noon) == 0
    assert service.build(owner, case.number, at=noon)


def test_a_new_copy_must_be_looked_at_anew(owner, noon, case):
    evidence.redact(owner, the_exhibit(case).public_id, [Area(0, 0, 5, 5)], "他人头像", at=noon)
    with pytest.raises(NotLookedAt):
        service.build(owner, case.number, at=noon)


def test_exhibits_of_another_case_are_not_confirmed(owner, noon, case):
    with pytest.raises(WrongUse):
        evidence.confirm_looked(owner, case.number, ["ev_other"], at=noon)


# ---- words -------------------------------------------------------------------------------------------------------


@pytest.fixture
def talk(owner, noon):
    talk = (("buyer", "收货人张三丰电话13812345678"), ("seller", "好的"), ("buyer", "张三丰说没收到"))
    return builders.a_case(owner, noon).with_talk(talk).described_as("张三丰没有收到").build()


def test_covered_words_leave_nowhere(owner, noon, talk, tmp_path):
    evidence.cover_words(owner, talk.number, "张三丰", "第三方姓名", at=noon)
    evidence.cover_span(owner, talk.number, "1:9-19", "第三方电话", at=noon)
    members = members_of(service.build(owner, talk.number, at=noon))
    everything = "".join(data.decode("utf-8", "replace") for name, data in members.items() if name != form.REPORT)
    words = plain_words(members[form.REPORT], tmp_path)
    for secret in ("张三丰", "13812345678"):
        assert secret not in everything
        assert secret not in words
    assert f"收货人{BAR}电话{BAR}" in words
    assert f"{BAR}没有收到" in words
    assert "第三方资料有2处文字遮盖" in words


def test_covered_messages_are_withheld_and_their_copies_committed_to(owner, noon, talk):
    evidence.cover_words(owner, talk.number, "张三丰", "第三方姓名", at=noon)
    lines = lines_of(members_of(service.build(owner, talk.number, at=noon)))
    said = next(one for one in lines if one["entry"]["type"] == "conversation.received")
    assert [one["state"] for one in said["contents"][1:]] == ["withheld", "opened", "withheld"]
    covered = next(one for one in lines if one["entry"]["type"] == "evidence.words_covered")
    told = json.loads(covered["contents"][0]["text"])["facts"]
    commits = [one["commit"] for one in said["entry"]["content"]]
    assert told["derived_from"] == [commits[1], commits[3]]
    assert covered["contents"][1]["text"] == f"收货人{BAR}电话13812345678"


def test_lifted_words_are_shown_again(owner, noon, talk, tmp_path):
    made = evidence.cover_words(owner, talk.number, "张三丰", "第三方姓名", at=noon)
    evidence.lift_cover(owner, made.public_id, "是买家本人", at=noon)
    assert "张三丰说没收到" in plain_words(
        members_of(service.build(owner, talk.number, at=noon))[form.REPORT], tmp_path
    )


@pytest.mark.parametrize("words", ["李四", "张", " "])
def test_words_that_are_nowhere_or_too_short_are_refused(words, owner, noon, talk):
    with pytest.raises(BadWords):
        evidence.cover_words(owner, talk.number, words, "x", at=noon)


@pytest.mark.parametrize("span", ["9:1-2", "1:5-99", "1:0-2", "x"])
def test_places_that_are_not_there_are_refused(span, owner, noon, talk):
    with pytest.raises(BadWords):
        evidence.cover_span(owner, talk.number, span, "x", at=noon)


def test_what_looks_like_personal_data_is_pointed_at(owner, noon, talk):
    leaks = {leak.code: leak for leak in service.preview(owner, talk.number, at=noon).gathered.leaks}
    assert leaks["personal_phone"].place == "会话 1"
    assert leaks["personal_phone"].words == "13812345678"


# ---- words inside files ------------------------------------------------------------------------------------------


def a_pdf(text: str, folder) -> bytes:
    source = folder / "a.typ"
    source.write_text(f"#set page(width: 300pt, height: 90pt)\n{text}", "utf-8")
    return typst.compile(str(source), format="pdf")


def withheld(owner, case, noon) -> list[str]:
    return [leak.code for leak in service.preview(owner, case.number, at=noon).gathered.leaks]


def test_a_code_in_the_text_layer_of_a_pdf_keeps_it_out(owner, noon, tmp_path):
    keep_in_stock(owner, noon, CODE)
    data = a_pdf(f"order {CODE} done", tmp_path)
    case = builders.a_case(owner, noon).with_exhibit("E12", "客服记录", data, "application/pdf").build()
    assert withheld(owner, case, noon) == ["file_withheld"]
    members = members_of(service.build(owner, case.number, at=noon))
    assert not [name for name in members if name.startswith(form.FILES)]
    evidence.redact(owner, the_exhibit(case).public_id, [Area(0, 0, 900, 900)], "卡密", at=noon)
    evidence.confirm_looked(owner, case.number, [the_exhibit(case).public_id], at=noon)
    members = members_of(service.build(owner, case.number, at=noon))
    assert len([name for name in members if name.startswith(form.FILES)]) == 1  # the copy has no text layer
    assert CODE.encode() not in b"".join(members.values())


def test_a_code_in_what_lies_beside_the_pixels_keeps_a_picture_out(owner, noon):
    keep_in_stock(owner, noon, CODE)
    data = noise(20, 20, chunk(b"tEXt", f"Comment\0{CODE}".encode()))
    case = builders.a_case(owner, noon).with_exhibit("E10", "截图", data, "image/png").build()
    assert withheld(owner, case, noon) == ["file_withheld"]


def test_a_number_that_only_looks_like_a_code_does_not_keep_a_photo_out(owner, noon):
    data = noise(20, 20, chunk(b"tEXt", b"Serial\0F2LX-KQ7R-94TJ-K4RT"))
    case = builders.a_case(owner, noon).with_exhibit("E10", "截图", data, "image/png").build()
    assert withheld(owner, case, noon) == []


def test_a_photo_that_tells_its_place_is_pointed_at(owner, noon):
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHII", 0x8825, 4, 1, 26)
    case = (
        builders.a_case(owner, noon)
        .with_exhibit("E10", "照片", noise(20, 20, chunk(b"eXIf", exif)), "image/png")
        .build()
    )
    assert withheld(owner, case, noon) == ["place_in_photo"]
    evidence.redact(owner, the_exhibit(case).public_id, [], "去掉拍摄地点", at=noon)
    evidence.confirm_looked(owner, case.number, [the_exhibit(case).public_id], at=noon)
    assert withheld(owner, case, noon) == []


def test_a_damaged_pdf_asks_for_a_look(owner, noon):
    case = (
        builders.a_case(owner, noon)
        .not_looked_at()
        .with_exhibit("E12", "坏", b"%PDF-1.7 nothing", "application/pdf")
        .build()
    )
    assert sorted(withheld(owner, case, noon)) == ["not_looked_at", "words_unread"]


def test_a_file_name_is_masked(owner, noon, tmp_path):
    keep_in_stock(owner, noon, CODE)
    case = builders.a_case(owner, noon).with_exhibit("E10", "截图", PHOTO, "image/png").build()
    Exhibit.objects.filter(case=case).update(source_file=f"{CODE}.png")
    assert CODE not in plain_words(members_of(service.build(owner, case.number, at=noon))[form.REPORT], tmp_path)


def test_hashes_name_what_is_shown(owner, noon, case):
    made = evidence.redact(owner, the_exhibit(case).public_id, [Area(1, 1, 2, 2)], "x", at=noon)
    assert hashlib.sha256(file_rows.read(made)).hexdigest() == made.file_sha256
