"""The refuse form: words within the limit, pictures that read on a phone, nothing that must not be seen."""

import struct

import pytest

from cardcase.evidence import service as evidence
from cardcase.evidence.rules.covering import BAR
from cardcase.kit.errors import NotAllowed, NotFound
from cardcase.packs import refusal as forms
from cardcase.packs.rules import refusal
from packs import builders

pytestmark = pytest.mark.django_db
REASONS = ("商品已交付并已使用", "其他")
FORM = refusal.form_of("goofish")


@pytest.fixture
def case(owner, noon):
    return builders.a_case(owner, noon).build()


@pytest.mark.parametrize(("reason", "words", "failed"), [
    ("其他", "卡密已于 11 月 24 日交付，请核实。", []),
    ("我编的", "卡密已交付。", ["理由在平台的选项里"]),
    ("其他", "", ["0 / 200 字"]),
    ("其他", "长" * 201, ["201 / 200 字"]),
    ("其他", "卡密 7KQM-2XWP-94TJ-K4RT 已交付", ["像是有卡密，只写尾号"]),
])  # fmt: skip
def test_words_are_checked(reason, words, failed):
    found = [one.text.zh for one in refusal.check(reason, words, REASONS, FORM) if not one.ok]
    assert failed == found[: len(failed)]
    assert bool(found) is bool(failed)


def test_the_shops_own_words_are_looked_for_in_the_form(owner, case, request):
    words = "亲亲，卡密已交付，请核实。"
    assert not [one for one in forms.checks(owner, case.number, "其他", words) if "亲亲" in one.text.zh]
    request.getfixturevalue("dear_is_not_said")
    [failed] = [one for one in forms.checks(owner, case.number, "其他", words) if "亲亲" in one.text.zh]
    assert not failed.ok


def test_the_proposal_is_on_file_and_within_the_limit(owner, noon, case):
    told = forms.refusal_of(owner, case.number, at=noon)
    assert 0 < len(told.words) <= 200
    assert "卡密‥K4RT交付给买家" in told.words
    assert all(one.ok for one in forms.checks(owner, case.number, told.reasons[0], told.words))


def test_as_many_pictures_as_the_form_takes(owner, noon, case):
    told = forms.refusal_of(owner, case.number, at=noon)
    assert [one.name for one in told.pictures] == ["timeline", "delivery", "record"]
    assert len(told.pictures) <= told.form.pictures_max
    assert (
        refusal.pictures(builders_told(owner, case, noon), FORM.model_copy(update={"pictures_max": 1}))[0].name
        == "timeline"
    )


def builders_told(owner, case, noon):
    from cardcase.packs.gathering import gather

    return gather(owner, case.number, at=noon).told


def test_pictures_are_as_wide_as_a_phone_is_sharp_and_small_enough(owner, noon, case):
    for one in forms.refusal_of(owner, case.number, at=noon).pictures:
        data = forms.picture(owner, case.number, one.name, at=noon)
        width, height = struct.unpack(">2I", data[16:24])
        assert width in (1080, 720, 540)
        assert height <= 4 * width
        assert len(data) <= FORM.bytes_max
    tight = FORM.model_copy(update={"bytes_max": 130_000})
    told = builders_told(owner, case, noon)
    assert len(forms.draw(told, refusal.pictures(told, tight)[0], tight)) <= 130_000


def test_long_words_are_cut_and_many_steps_are_chosen(owner, noon):
    talk = tuple(("buyer", f"{n} " + "很长的话" * 90) for n in range(40))
    case = builders.a_case(owner, noon).with_talk(talk).build()
    told = builders_told(owner, case, noon)
    for one in refusal.pictures(told, FORM):
        assert len(one.rows) <= refusal.MOST_STEPS
        assert all(len(value) <= refusal.LONGEST_LINE + 12 for _, value in one.rows)


def test_covered_words_are_not_in_a_picture(owner, noon):
    case = builders.a_case(owner, noon).with_talk((("buyer", "张三丰说没收到"), ("seller", "好"))).build()
    evidence.cover_words(owner, case.number, "张三丰", "第三方", at=noon)
    rows = [value for one in forms.refusal_of(owner, case.number, at=noon).pictures for _, value in one.rows]
    assert f"{BAR}说没收到" in rows
    assert not any("张三丰" in value for value in rows)


def test_the_same_picture_comes_out_byte_for_byte(owner, noon, case):
    assert forms.picture(owner, case.number, "timeline", at=noon) == forms.picture(
        owner, case.number, "timeline", at=noon
    )


def test_who_may(owner, system, stranger, noon, case):
    with pytest.raises(NotFound):
        forms.picture(owner, case.number, "nothing", at=noon)
    with pytest.raises(NotAllowed):
        forms.refusal_of(system, case.number, at=noon)
    with pytest.raises(NotFound):
        forms.refusal_of(stranger, case.number, at=noon)


def test_a_shop_lays_its_own_limits_over_the_shipped_ones(tmp_path):
    own = tmp_path / "refusal.toml"
    head = refusal.FORMS_FILE.read_text("utf-8").partition("[[form]]")[0]
    own.write_text(f'{head}[[form]]\nid = "goofish"\ntext_max = 120\npictures_max = 1\nbytes_max = 500000\n', "utf-8")
    assert refusal.form_of("goofish", own, 1).text_max == 120
    assert refusal.form_of("goofish") == FORM != refusal.form_of("goofish", own, 1)


def test_what_is_only_learned_is_a_hint_and_stops_no_form(owner, case):
    told = forms.checks(owner, case.number, "其他", "别人都会用就你不会")
    [hint] = [one for one in told if not one.ok]
    assert (hint.is_hint, refusal.fits(told)) == (True, True)
    assert "可能看错" in hint.text.zh
    assert not refusal.fits(forms.checks(owner, case.number, "其他", "加我微信处理"))
