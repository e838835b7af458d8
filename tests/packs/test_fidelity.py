"""What the PDF says, read out of it again: every message comes back as it was said, character by character."""

import io
import json
import re
import unicodedata

import pytest

from cardcase.packs import fonts, queries, report, report_document, service
from cardcase.packs.rules import form
from cardcase.packs.rules.visible import make_visible, read_visible
from packs import builders
from packs.packing import members_of
from packs.reading import plain_words

pytestmark = pytest.mark.django_db

HARD = {
    "rare Han": "𠮷野家 㐂寿 鏿 𬭊 𪚥 龘 ⼀⽂ 﨑 里",
    "Tibetan": "བཀྲ་ཤིས་བདེ་ལེགས།",
    "emoji with joiners": "👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇨🇳 1️⃣ ☺️ ❤️",
    "bidi controls": "尾号\u202e4321\u202c \u2066x\u2069 \u200f",
    "right to left": "שלום مرحبا 100",
    "zero width": "零\u200b宽\u200d字\ufeff符\u2060 a\u00adb",
    "variation selectors": "葛\U000e0100 辻\ufe00 \u180b",
    "fillers": "a\u3164b\uffa0c\u115fd\u2800e",
    "spaces": "a\u00a0b\u2003c\u3000d\te",
    "combining": "e\u0301 か\u3099 Z\u0335\u0336\u0337\u0338a\u0300\u0301\u0302\u0303",
    "jamo": "\u1112\u1161\u11ab 한국어",
    "typst": '#set text(red) #import "x": y *粗* _斜_ $x^2$ @ref <label> `code` = 标题 \\ // /* */ ~ -- --- ... #show: it => []',
    "html": "<script>alert('1')</script> <b>&amp;&#x4e2d;</b> {{ 7*7 }} {% x %} ${x} %s %(a)s",
    "json": '{"a": [1, null]}\\u4e2d\\n"',
    "ligatures": "office ffi fl -> => != '' `` \"quotes\" “引号” ——…… 1/2",
    "typed marks": "他写的是[U+1F621]，不是表情😡，[U+4E2D U+6587] [U+",
    "controls": "a\x1bb\x07c\x7fd",
    "long run": "https://example.com/" + "a1b2" * 60,
}


@pytest.fixture(scope="module")
def covered() -> frozenset[int]:
    return fonts.coverage(fonts.require_cjk_font().regular)


def printed(pdf: bytes, tmp_path, number: int) -> str:
    """Read one message out of the PDF, without the white space that setting lines adds."""
    text = plain_words(pdf, tmp_path)
    start = text.index(f"会话起{number:05d}") + len("会话起00000：")
    return text[start : text.index(f"会话讫{number:05d}", start)]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def read_squeezed(shown: str) -> str:
    """Read marks back from words without white space."""
    return squeezed(read_visible(re.sub(r"(?<=[0-9A-F])U\+", " U+", shown)))


@pytest.mark.parametrize("name", list(HARD))
def test_a_hard_text_comes_back_out_of_the_pdf(name, owner, noon, tmp_path, covered):
    text = HARD[name]
    case = builders.a_case(owner, noon).with_talk((("buyer", f"会话起00001：{text}会话讫00001"),)).build()
    members = members_of(service.build(owner, case.number, at=noon))
    shown = printed(members[form.REPORT], tmp_path, 1)
    assert shown == squeezed(make_visible(text, covered)[0])
    assert read_squeezed(shown) == squeezed(text)
    assert text in members[form.RECORDS].decode() or name in ("json", "typst", "ligatures", "controls", "spaces")


def test_all_hard_texts_stay_whole_in_the_records(owner, noon, tmp_path):
    talk = tuple(("buyer", text) for text in HARD.values())
    case = builders.a_case(owner, noon).with_talk(talk).build()
    members = members_of(service.build(owner, case.number, at=noon))
    lines = [json.loads(line) for line in members[form.RECORDS].splitlines()]
    told = [one["text"] for line in lines for one in line["contents"] if "text" in one]
    for text in HARD.values():
        assert any(text in one or json.dumps(text, ensure_ascii=False)[1:-1] in one for one in told), text


def test_the_pack_reports_which_characters_it_shows_as_codes_and_where(owner, noon, tmp_path):
    talk = (("buyer", "a\u200bb\u200bc"), ("seller", "好"), ("buyer", "怎么回事😡\u202e"))
    case = builders.a_case(owner, noon).with_talk(talk).build()
    text = plain_words(members_of(service.build(owner, case.number, at=noon))[form.REPORT], tmp_path)
    part = text[text.index("以编码印出的字符") :]
    assert "[U+200B]ZEROWIDTHSPACE2次会话1" in part
    assert "[U+1F621]POUTINGFACE1次会话3" in part
    assert "[U+202E]RIGHT-TO-LEFTOVERRIDE1次会话3" in part


@pytest.mark.parametrize("unit", ["这张卡用不了，", "https://x.example/abcdefghij?k=v&", "啊", "行\n"])
def test_a_message_of_twenty_thousand_characters_comes_back_whole(unit, owner, noon, tmp_path, covered):
    text = (unit * (20_000 // len(unit) + 1))[:20_000]
    talk = (("buyer", f"会话起00001：{text}会话讫00001"), ("seller", "收到"))
    case = builders.a_case(owner, noon).with_talk(talk).build()
    pdf = members_of(service.build(owner, case.number, at=noon))[form.REPORT]
    assert printed(pdf, tmp_path, 1) == squeezed(text)


def test_characters_of_every_script_that_the_font_has_come_back(owner, noon, tmp_path, covered):
    """Each covered character beside each kind of neighbour: nothing is joined, reordered or exchanged in the print."""
    chosen = sorted(covered)
    some = [chr(code) for code in chosen[:: len(chosen) // 3000] if chr(code).strip()]
    lines = ["".join(some[at : at + 60]) for at in range(0, len(some), 60)]
    talk = tuple(("buyer", f"会话起{n:05d}：{line}会话讫{n:05d}") for n, line in enumerate(lines, 1))
    case = builders.a_case(owner, noon).with_talk(talk).build()
    pdf = members_of(service.build(owner, case.number, at=noon))[form.REPORT]
    for n, line in enumerate(lines, 1):
        shown = printed(pdf, tmp_path, n)
        assert read_squeezed(shown) == squeezed(line), [unicodedata.name(c, "?") for c in line]


def test_a_second_reader_finds_the_same_text(owner, noon, tmp_path, covered):
    pypdf = pytest.importorskip("pypdf")
    text = HARD["rare Han"] + HARD["typst"]
    case = builders.a_case(owner, noon).with_talk((("buyer", text),)).build()
    pdf = members_of(service.build(owner, case.number, at=noon))[form.REPORT]
    found = squeezed("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))
    # This one does not read the ActualText that tells radicals such as ⼀ from the characters that look the same.
    assert unicodedata.normalize("NFKC", squeezed(make_visible(text, covered)[0])) in unicodedata.normalize(
        "NFKC", found
    )


def test_the_report_names_its_marks_once_each(owner, noon):
    case = builders.a_case(owner, noon).with_talk((("buyer", "😡😡"),)).build()
    told = queries.dossier(owner, case.number)
    facts = report.Facts(
        "pack_1", noon, "t", "v", "f", "o", 1, "0" * 64, {"entries": 1, "files": 0}, [], {}, frozenset()
    )
    font = fonts.require_cjk_font()
    shown = report_document.shown(report_document.document(told, facts, font, {}), fonts.coverage(font.regular))
    assert [(one["mark"], one["times"]) for one in shown["marks"]] == [("[U+1F621]", 2)]
