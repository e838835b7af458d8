"""The list of evidence and the cover letter: numbers, letters, what proves what, pages that are true."""

import csv
import io
import re
import subprocess

import pytest

from cardcase.evidence.models import Exhibit
from cardcase.packs import queries, report, service
from cardcase.packs.rules import form, listing
from cardcase.packs.rules.letter import default_letter
from packs import builders
from packs.packing import members_of
from packs.reading import plain_words


@pytest.mark.parametrize(
    ("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
)
def test_files_are_lettered(place, name):
    assert listing.letter(place) == name


@pytest.fixture
def told(owner, noon, db):
    case = (
        builders.a_case(owner, noon)
        .with_exhibit("E10", "整屏截图", builders.png(400, 800), "image/png", {"tail4": "K4RT"})
        .with_exhibit("E3", "发卡方查询", builders.png(800, 400), "image/png", {"tail4": "9999", "is_redeemed": True})
        .with_exhibit("E12", "客服答复", None, "", {"ticket_no": "T12345", "is_redeemed": True})
        .build()
    )
    Exhibit.objects.filter(kind="E12").update(is_against_seller=True)
    return queries.dossier(owner, case.number, at=noon)


def test_pieces_are_numbered_in_order_and_only_files_are_lettered(told):
    found = listing.pieces(told)
    assert [one.no for one in found] == list(range(1, len(found) + 1))
    assert [one.letter for one in found] == ["", "", "", "", "", "A", "B", ""]
    assert [one.title for one in found][-3:] == ["整屏截图", "发卡方查询", "客服答复"]


def test_each_piece_says_what_it_proves_and_against_which_claim(told):
    found = {one.title: one for one in listing.pieces(told)}
    assert found["发卡方查询"].purpose == "发卡方系统中该卡是否已兑换、何时兑换、余额多少"
    assert found["发卡方查询"].bearing == f"直接针对「{told.claim}」"
    assert found["整屏截图"].bearing == f"直接针对（由买家一方提供）「{told.claim}」"
    assert "背景" in found["订单"].bearing
    assert all(one.purpose != "见内容" for one in found.values())


def test_each_piece_says_who_captured_it_when_and_how(told):
    found = {one.title: one for one in listing.pieces(told)}
    assert found["整屏截图"].captured == "人工上传文件，客服，2026-11-24 09:00:00"
    assert found["客服答复"].captured.startswith("人工登记，没有文件，客服")
    assert "导入" in found["会话记录"].captured


def test_what_speaks_against_the_shop_is_kept_and_named(told):
    assert "对店铺不利的材料也一并提交，未作删减：客服答复（证据 8）" in default_letter(told)
    assert [one.title for one in listing.pieces(told) if one.is_against_seller] == ["客服答复"]


def test_contradictions_and_gaps_are_said(told):
    assert any("9999" in text for text in told.clashes)
    assert any("兑换账号或地区" in text for text in told.gaps)
    contradicting = [one for one in told.needs if one.state == "contradicts"]
    assert [one.title for one in contradicting] == ["发卡方官方查询"]
    assert "矛盾与缺口如实列明" in default_letter(told)


def test_the_letter_claims_no_more_than_is_held(told):
    words = default_letter(told, "court")
    assert words.startswith("致：人民法院")
    assert "发卡方官方查询" not in words  # it contradicts, so it is no ground
    assert "交付记录（证据 3）" in words


def test_names_of_suppliers_and_batches_stay_inside(owner, noon, told):
    from dataclasses import fields

    words = " ".join(str(getattr(told, one.name)) for one in fields(told))
    assert "某某供货" not in words
    assert "11 月星巴克" not in words


@pytest.mark.django_db
def test_the_pages_of_the_index_are_true(owner, noon, tmp_path):
    talk = tuple(("buyer" if n % 2 else "seller", f"第 {n} 句话，说了很多很多" * 6) for n in range(60))
    builder = builders.a_case(owner, noon).with_talk(talk)
    for n in range(3):
        builder.with_exhibit("E10", f"截图{n}", builders.png(400, 800, seed=n + 1), "image/png", {"tail4": "K4RT"})
    members = members_of(service.build(owner, builder.build().number, at=noon))
    rows = list(csv.DictReader(io.StringIO(members[report.INDEX_CSV].decode("utf-8-sig"))))
    assert [row["编号"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    path = tmp_path / "report.pdf"
    path.write_bytes(members[form.REPORT])
    text = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True).stdout.decode()
    pages = [re.sub(r"\s+", "", page) for page in text.split("\f")]
    for row in rows:
        first, _, last = row["页码"].partition("–")
        heading = f"证据{row['编号']}" + (f"（附件{row['附件']}）" if row["附件"] else "")
        wanted = f"会话记录（证据{row['编号']}）" if row["名称"] == "会话记录" else f"{heading}·{row['名称']}"
        assert wanted in pages[int(first) - 1], row
        if last:
            assert int(last) > int(first)
            assert row["名称"] != "会话记录" or "第59句话" in pages[int(last) - 1]
        shown = f"{row['名称']}" in pages[1]
        assert shown, "the list stands on the first pages"


@pytest.mark.django_db
def test_the_index_is_a_document_of_its_own(owner, noon, tmp_path):
    case = builders.a_case(owner, noon).with_exhibit("E10", "整屏截图", builders.png(40, 80), "image/png").build()
    members = members_of(service.build(owner, case.number, at=noon))
    words = plain_words(members[report.INDEX_PDF], tmp_path)
    for wanted in (
        "证据目录",
        "编号",
        "名称",
        "来源与取得",
        "证明目的",
        "页码",
        "附件A",
        "整屏截图",
        "签名",
        "礼卡小铺",
    ):
        assert wanted in words


def test_a_cell_that_looks_like_a_formula_stays_text():
    rows = [
        {
            **dict.fromkeys(("letter", "source", "captured", "purpose", "bearing", "at", "pages"), ""),
            "no": "1",
            "title": "=1+1",
        }
    ]
    assert "'=1+1" in report._csv(rows).decode()
