"""Who gets what from every address: a row for each, checked for every role, a stranger of another shop, and nobody.

An address that is not in the table fails the first test: whoever adds one says here who may use it.
"""

from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from cardcase.cards.models import Card
from cardcase.cards.rules import CardKind
from cardcase.cases.models import Case
from cardcase.delivery import service as delivery
from cardcase.evidence import service as evidence
from cardcase.intake import service as intake
from cardcase.notices import service as notices
from cardcase.notices.service import TargetWish
from cardcase.screens import service as screens
from cardcase.staff import service as staff
from cardcase.staff.models import ApiToken, Shop, Staff
from cardcase.staff.rules import Role
from contracts.role_table import ALL, LOGIN, OBJECT, OK, SHOP, TABLE, WHO, Row
from delivery.world import given, orders, stock
from evidence.pictures import noise
from intake.world import INVALID, files, take
from screens import recorded

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def patterns(resolver=None, before: str = "") -> list[str]:
    """List every address of the product as the URLconf writes it."""
    found = []
    for item in (resolver or get_resolver()).url_patterns:
        whole = before + str(item.pattern)
        found += patterns(item, whole) if hasattr(item, "url_patterns") else [whole]
    return found


def test_every_address_stands_in_the_table():
    listed = {row.pattern for row in TABLE}
    real = set(patterns())
    assert real - listed == set(), "say in TABLE who may use these"
    assert listed - real == set(), "these are gone"


def test_every_row_says_what_all_six_get():
    assert all(len(row.gets.split()) == len(WHO) for row in TABLE)


@pytest.fixture
def world(owner, noon, monkeypatch):
    cache.clear()  # what others asked within this minute
    report = take(owner, files(), at=noon)
    case = Case.objects.visible_to(owner).get(order__order_no=INVALID)
    exhibit = evidence.add_exhibit(
        owner,
        case.number,
        "E3",
        "查询",
        noise(8, 8),
        "",
        {"is_usable": False, "tail4": "81AB"},
        at=noon,
    )
    evidence.confirm_looked(owner, case.number, [exhibit.public_id], at=noon)
    from cardcase.cases import service as cases
    from cardcase.kit.text import Text

    cases.add_need(owner, case.number, "linked_by_nick", Text("看", "look"), at=noon)
    case.refresh_from_db()
    victim = staff.create_staff(owner, username="victim", role=Role.AGENT, at=noon)
    card = Card.objects.visible_to(owner).get(order__order_no=INVALID)
    stock(owner, 2, noon, batch="给")
    first, second, third = orders(owner, 3, noon)
    stock(owner, 1, noon, first=7700, batch="实体", form="physical")
    boxed = delivery.allocate(owner, third.order_no, CardKind("苹果充值卡", 20_000, form="physical"), 1, at=noon)
    from cardcase.sourcing import service as sourcing

    lot = card.batch.public_id
    lots = {"supplier": "测试货源", "unit_cost_fen": 100, "acquired_on": noon.date()}
    sourcing.set_lot(owner, lot, sourcing.LotTold(**lots), at=noon)
    card.batch.refresh_from_db()
    [flag] = [one for one in sourcing.evaluate_batch(owner, lot, at=noon) if one.rule == "J-no-identity"]
    paper = sourcing.attach(owner, b"%PDF-1.7", sourcing.PaperTold(kind="invoice"), batch=lot, at=noon)
    other = Card.objects.visible_to(owner).filter(batch=card.batch).exclude(pk=card.pk).first()
    claim = sourcing.open_claim(owner, lot, {other.public_id: 100}, reason="坏卡", at=noon)
    seen = recorded.seen("plain")[0]
    recorded.put_in_place_of_the_reader(monkeypatch, [seen])
    screen = noise(8, 16)  # drawn as large as the recorded picture was, which stood upright too
    capture = screens.capture(owner, [screens.Picture("a.png", screen)], taken_by="seller", at=noon)
    return SimpleNamespace(
        capture=capture.public_id,
        supplier=card.batch.supplier.public_id,
        batch=lot,
        lot=lot,
        flag=flag.public_id,
        paper=paper.public_id,
        claim=claim.public_id,
        number=case.number,
        delivery=given(owner, first, noon).public_id,
        exhibit=exhibit.public_id,
        public_id=card.public_id,
        run=report.run,
        staff_id=victim.id,
        token_id=staff.create_token(owner, label="x", role=Role.AGENT, at=noon).id,
        target=notices.add_target(
            owner, "webhook", TargetWish(name="值班群"), address="https://example.com", at=noon
        ).id,
        words={
            "REVISION": str(case.revision),
            "CARD": card.public_id,
            "EXHIBIT": exhibit.public_id,
            "BATCH": card.batch.public_id,
            "SHOP": str(owner.shop_id),
            "CALENDAR": notices.make_link(owner, at=noon),
            "WAITING": second.order_no,
            "BOXED": boxed.public_id,
            "HELD": intake.hold_uploads(owner, files()[:1], kind="auto", batch="", at=noon),
        },
    )


def address(row: Row, world) -> str:
    """Fill the places of a pattern."""
    import re

    def fill(match) -> str:
        name = match.group(1) or match.group(2)
        value = row.at.get(name) or str(getattr(world, name))
        return world.words.get(value, value)

    plain = re.sub(r"\^|\$$", "", row.pattern)
    return "/" + re.sub(r"\(\?P<(\w+)>[^()]*\)|<(?:\w+:)?(\w+)>", fill, plain)


def ask(row: Row, client: Client, headers: dict[str, str], world):
    """Send what a row says."""
    url = address(row, world)
    if row.method == "GET":
        return client.get(url, headers=headers)
    data = {
        key: SimpleUploadedFile(*value)
        if isinstance(value, tuple)
        else (
            world.words.get(value, value)
            if isinstance(value, str)
            else {world.words.get(one, one): part for one, part in value.items()}
            if isinstance(value, dict)
            else value
        )
        for key, value in row.data.items()
    }
    headers = {**headers, "Idempotency-Key": url[-90:]}  # a key for each act, as a caller would
    if not url.startswith("/api/") or {"files", "file", "pack"} & set(data):
        return client.post(url, data, headers=headers)
    if "/cases/" in url and "/acts/" in url:
        data = {"revision": int(world.words["REVISION"]), "fields": data}
    elif "/acts/" in url:
        data = {"fields": data}
    return client.post(url, data, content_type="application/json", headers=headers)


def told(answer) -> str:
    """Say in the table's words what came back."""
    if answer.status_code == 302:
        if answer.headers["Location"].startswith("/account/login/?next="):
            return LOGIN
        return "302"
    return OK if answer.status_code < 400 else str(answer.status_code)


def matches(got: str, wanted: str) -> bool:
    return got == wanted or (wanted == OK and got == "302")


@pytest.mark.parametrize("who", WHO)
def test_everybody_gets_what_the_table_says(request, world, who, noon):
    actor = None if who == "nobody" else request.getfixturevalue(who)
    token = ""
    if actor is not None:
        made = staff.create_token(_owner_of(actor), label="t", role=actor.role, at=noon)
        ApiToken.objects.filter(pk=made.id).update(staff_id=actor.staff_id)
        token = made.plain
    wrong = []
    for row in sorted(TABLE, key=lambda row: row.is_durable):
        client = Client()
        headers = {}
        if row.pattern.startswith("api/"):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
        elif actor is not None:
            client.force_login(Staff.objects.get(pk=actor.staff_id), BACKEND)
        if row.is_durable:
            got = told(ask(row, client, headers, world))
        else:
            with transaction.atomic():
                got = told(ask(row, client, headers, world))
                transaction.set_rollback(True)
        if not matches(got, row.expected(who)):
            wrong.append(f"{row.method} {row.pattern} {row.at.get('name', '')}: {got}, not {row.expected(who)}")
    assert not wrong, "\n".join(wrong)


def _owner_of(actor):
    from dataclasses import replace

    return replace(actor, role=Role.OWNER)


def test_a_person_without_a_shop_sees_no_page_of_any(world):
    lonely = Staff.objects.create_user("lonely", password="correct horse battery")
    client = Client()
    client.force_login(lonely, BACKEND)
    assert not Shop.objects.filter(memberships__staff=lonely).exists()
    for row in TABLE:
        if row.method == "GET" and row.gets in (ALL, OBJECT, SHOP) and not row.pattern.startswith("account/"):
            assert client.get(address(row, world)).status_code == 403, row.pattern
