"""The picture of a batch: every link is there, what is missing is dashed and named, nothing leaves its box."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.template import engines

from cardcase.sourcing import queries, service
from cardcase.sourcing.present.picture import WIDTH, broken, picture
from cardcase.sourcing.service import LotTold, PaperTold
from evidence.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def view(shop, owner, system, noon):
    world = World(shop, owner, system, noon)
    bad, good, *_ = world.stock(4)
    world.check(bad, before=timedelta(days=5), is_usable=False, balance_fen=0)
    world.order(card=good)
    return queries.lot(owner, bad.batch.public_id)


def words(drawn):
    return [line.text for box in drawn.boxes for line in box.texts]


def test_it_goes_from_the_supplier_to_orders_and_cases_and_names_what_is_missing(view):
    drawn = picture(view)
    titles = [line.text for box in drawn.boxes for line in box.texts if line.kind == "title"]
    assert titles == ["货源方", "单据", "采购", "批次", "卡", "订单", "售后"]
    assert [box.is_gap for box in drawn.boxes if any(line.text == "单据" for line in box.texts)] == [True]
    dashed = " ".join(line.text for box in drawn.boxes if box.is_gap for line in box.texts)
    for gap in ("缺 货源方身份", "缺 付款凭证", "缺 序列号清单", "缺 索赔期限"):
        assert gap in dashed.replace("、", " ")


def test_what_is_there_is_not_dashed(view, owner, noon):
    told = PaperTold(kind="invoice", amount_fen=75_200)
    service.attach(owner, b"%PDF-1.7 x", told, batch=view.public_id, at=noon)
    service.set_lot(owner, view.public_id, LotTold(acquired_on=date(2026, 11, 1), total_fen=75_200), at=noon)
    drawn = picture(queries.lot(owner, view.public_id))
    assert "发票 × 1" in words(drawn)
    assert "发票或收据" not in " ".join(words(drawn))


def test_every_box_and_line_of_type_lies_inside_the_picture(view):
    name = "很长的批次名称" * 12
    drawn = picture(replace(view, name=name, supplier_name="A & B <b>公司</b>" * 9))
    for box in drawn.boxes:
        assert box.x >= 0
        assert box.x + box.width <= WIDTH
        assert box.y + box.height <= drawn.height
        for line in box.texts:
            assert box.y < line.y < box.y + box.height
            assert line.x > box.x
    assert sum(bar.width for bar in drawn.bars) <= WIDTH
    for bar in drawn.bars:
        assert bar.x + bar.width <= WIDTH


def test_what_it_says_is_escaped(view):
    drawn = picture(replace(view, supplier_name='<script>"x"</script>'))
    macro = engines["jinja2"].env.get_template("sourcing/picture.html").module.draw
    html = str(macro(drawn))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_batch_without_anything_is_drawn_too(view):
    empty = replace(view, supplier_name="", supplier_id="", cards=0, cards_by_state={}, acquired_on=None, orders=0)
    assert "还没有卡" in words(picture(empty))


def test_lines_are_broken_by_width_and_cut_at_the_last():
    assert broken("一二三四五", 4) == ["一二", "三四", "五"]
    assert broken("abcdef", 4) == ["abcd", "ef"]
    assert broken("一二三四五六七八", 4) == ["一二", "三四", "五…"]
    assert broken("  ", 4) == []


def test_the_page_shows_it_with_its_words_beside_it(view, owner, client):
    from cardcase.staff.models import Staff

    client.force_login(Staff.objects.get(pk=owner.staff_id), "django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/batches/{view.public_id}/").content.decode()
    assert re.search(r'<svg class="picture" viewBox="0 0 320 \d+" role="img" aria-labelledby="picture-title"', page)
    assert 'id="picture-words"' in page
    assert "style=" not in page[page.index('<svg class="picture"') : page.index("</svg>")]
