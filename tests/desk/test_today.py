"""Today with more cases than a page shows: what it costs, and that what was made quick still says the same."""

import re
from datetime import datetime, timedelta

import pytest
from django.template.loader import get_template
from django.test import Client

from cardcase.cards import service as cards
from cardcase.cards.models import Card
from cardcase.cases.models import Case
from cardcase.connectors.ports import CardNotice
from cardcase.desk.queries import today_page
from cardcase.desk.queries.sheet import queue
from cardcase.kit.secret import CardCode
from cardcase.shell.parts import Tone
from cardcase.staff.models import Staff
from intake.world import order_row, orders_csv, take, upload

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
MANY = 55


@pytest.fixture
def busy(owner, system, noon) -> Client:
    """A shop in which everything that Today can show is there; its owner, signed in."""
    rows = (
        order_row(f"33101456905450{n:05d}", buyer=f"22{n:02d}", nick=f"云朵{n}号", refund=reason)
        for n, reason in zip(range(MANY), ["卡密无效", "不想要了", "没收到货"] * MANY, strict=False)
    )
    take(owner, [upload("orders.csv", orders_csv(*rows))], at=noon)
    notices = [
        CardNotice(code=CardCode(f"K7QM92XFLP3D{n:04d}"), brand="京东E卡", face_fen=10_000 if n < 5 else 20_000)
        for n in range(6)
    ]
    cards.stock(system, notices, batch="十一月", at=noon)
    first, second = Card.objects.order_by("pk")[:2]
    Card.objects.filter(pk=first.pk).update(state="voided")
    Card.objects.filter(pk=second.pk).update(state="revealed")
    Card.objects.filter(face_fen=20_000).update(state="revealed")
    Case.objects.filter(pk=Case.objects.order_by("pk")[MANY - 1].pk).update(is_incident=True)
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    client.get("/")
    return client


def test_today_with_all_it_can_show_takes_nine_queries(busy, django_assert_max_num_queries):
    """Eight for cases and stock, one for what waits to be given."""
    with django_assert_max_num_queries(9):
        body = busy.get("/").content.decode()
    assert body.count('class="case-row"') == 50
    for shown in ("错过了时限", "批次 十一月 有 1 张出错", "「京东E卡 ¥200.00」只剩 0 张", "第 1–50 单"):
        assert shown in body


def test_every_case_is_shown_once_and_leads_to_its_own_page(busy):
    first = re.findall(r'class="case-row" href="([^"]+)"', busy.get("/").content.decode())
    rest = re.findall(r'class="case-row" href="([^"]+)"', busy.get("/?after=50").content.decode())
    assert (len(first), len(rest)) == (50, MANY - 50)
    assert set(first + rest) == {f"/cases/{number}/" for number in Case.objects.values_list("number", flat=True)}
    assert busy.get(first[0]).status_code == 200


def test_each_row_says_what_is_true_of_its_own_case(busy, owner, noon):
    one, other = Case.objects.order_by("pk")[:2]
    Case.objects.filter(pk=one.pk).update(reason_confirmed_at=noon, sub_reason="A1", claimed_fen=5_000)
    Case.objects.filter(pk=other.pk).update(sub_reason="", claimed_reason="unstated", next_due_at=None)
    rows = {row.number: row for group in today_page(owner, now=noon).groups for row in group.rows}
    rows |= {row.number: row for group in today_page(owner, now=noon, after=50).groups for row in group.rows}
    assert (rows[one.number].amount, rows[one.number].reason.text, rows[one.number].is_held) == (
        "¥50.00",
        "卡密无效",
        True,
    )
    assert rows[one.number].title == "云朵0号 · 苹果充值卡 200"
    assert (rows[other.number].reason.text, rows[other.number].is_held) == ("未说明", False)
    assert (rows[other.number].next_step, rows[other.number].countdown.text) == ("确认原因", "时限未知")
    assert rows[one.number].next_step != "确认原因"


def test_no_clock_alarms_nobody_while_somebody_else_has_to_act(busy, owner, noon):
    ours, theirs = Case.objects.order_by("pk")[:2]
    Case.objects.filter(pk=ours.pk).update(next_due_at=None)
    Case.objects.filter(pk=theirs.pk).update(next_due_at=None, waiting_on="buyer", status="declined")
    pages = [today_page(owner, now=noon, after=after) for after in (0, 50)]
    clocks = {row.number: row.countdown for page in pages for group in page.groups for row in group.rows}
    assert (clocks[ours.number].short, clocks[theirs.number].short) == ("未知", "–")
    assert clocks[ours.number].tone is Tone.UNKNOWN


def test_a_row_is_drawn_as_the_parts_draw_it(busy, owner, noon):
    body = busy.get("/").content.decode()
    draw = get_template("desk/today.html").backend.env.get_template("shell/parts.html").module
    for group in today_page(owner, now=noon).groups:
        for row in group.rows:
            assert str(draw.countdown(row.countdown, "short")).strip() in body
            assert str(draw.pill(row.reason)).strip() in body


def test_all_forms_of_a_page_carry_one_token_that_is_accepted_and_new_with_each_page(busy, owner):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    seen = [re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', strict.get("/").content.decode()) for _ in "12"]
    assert len(seen[0]) > 1
    assert len(set(seen[0])) == len(set(seen[1])) == 1
    assert seen[0][0] != seen[1][0]
    sent = {"language": "en", "next": "/"}
    assert strict.post("/language/", sent).status_code == 403
    assert strict.post("/language/", {**sent, "csrfmiddlewaretoken": seen[0][0]}).status_code == 302


def test_a_case_that_was_put_off_says_until_when(busy, owner, noon):
    case, until = Case.objects.order_by("pk").first(), noon + timedelta(hours=2)
    Case.objects.filter(pk=case.pk).update(snoozed_until=until)
    assert busy.get("/").content.decode().count("搁置到") == 1
    [told] = [row for row in queue(owner, limit=100, now=noon) if row["snoozed_until"]]
    assert (told["number"], datetime.fromisoformat(told["snoozed_until"])) == (case.number, until)
