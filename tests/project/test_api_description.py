"""The description of the API, and that every address in it answers."""

import json
import re

import pytest
from django.test import Client

from cardcase.cards.models import Card, CardBatch
from cardcase.cards.service import reserve_equal
from cardcase.cases.models import Case
from cardcase.notices import service as notices
from cardcase.notices.service import TargetWish
from cardcase.sourcing import service as suppliers
from cardcase.sourcing.rules.suppliers import SupplierTold
from cardcase.staff import service as staff
from cardcase.staff.rules import Role
from delivery.world import given, orders, stock
from intake.world import CODES, INVALID, files, take, upload
from project.calling import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(owner, noon) -> Caller:
    return Caller(staff.create_token(owner, label="脚本", role=Role.OWNER, at=noon).plain)


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, files(), at=noon)
    return Case.objects.visible_to(owner).get(order__order_no=INVALID)


def test_the_description_is_openapi_3_1_and_hangs_together(db):
    document = Client().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Cardcase"
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))) <= known
    schemes = set(document["components"]["securitySchemes"])
    names = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            names.append(operation["operationId"])
            told = {item["name"] for item in operation.get("parameters", []) if item["in"] == "path"}
            assert told == set(re.findall(r"{(\w+)}", path))
            assert operation["summary"]
            assert operation["responses"]
            assert all(set(need) <= schemes for need in operation["security"])
    assert len(names) == len(set(names))


NAMES = {"/cards/": "check", "/packs/": "index.csv", "/refusal/": "timeline"}
"""What stands in the place of {name}; elsewhere it is an act of a case."""
UNMADE = ("{goods}", "/papers/{paper}", "{capture}")
"""Things that this test does not make: parcels of physical goods, papers, captures. Their addresses answer that there is none."""


def test_every_path_of_the_description_answers(api, case, owner, system, noon):
    stock(system, 2, noon)
    [order] = orders(system, 1, noon)
    target = notices.add_target(owner, "webhook", TargetWish(name="群"), address="https://example.com/x", at=noon)
    delivery = given(system, order, noon)
    card = Card.objects.visible_to(owner).filter(order=order).get()
    kept = reserve_equal(owner, card.public_id, order_no=order.order_no, at=noon)
    run = take(owner, [upload("cards.txt", CODES[0])], at=noon)
    CardBatch.objects.get_or_create(shop_id=owner.shop_id, name="b", defaults={"public_id": "batch_1"})
    lot = CardBatch.objects.visible_to(owner).first().public_id
    supplier = suppliers.add_supplier(owner, "货源", SupplierTold(), at=noon)[0].public_id
    assert api.post(f"/cases/{case.number}/pack").status_code == 200
    document = api.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        act = next((name for part, name in NAMES.items() if part in path), "note")
        real = path.removeprefix("/api/v1").replace("{number}", case.number).replace("{name}", act)
        real = real.replace("{target}", target.id).replace("{delivery}", delivery.public_id)
        real = real.replace("{public_id}", card.public_id).replace("{run}", run.run)
        real = real.replace("{version}", "1").replace("{lot}", lot).replace("{supplier}", supplier)
        real = real.replace("{card}", kept if "/replacements/" in path else card.public_id)
        for method in operations:
            answer = api.get(real) if method == "get" else api.post(real)
            if answer.status_code == 404 and any(part in path for part in UNMADE):
                assert answer.json()["detail"] != "There is no such address", (method, path)
                continue
            assert answer.status_code not in (401, 403, 404, 405, 500), (method, path)
