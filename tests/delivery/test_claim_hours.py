"""How long a claim link is good: set by the shop, on record, and held to."""

from datetime import timedelta

import pytest
from django.test import Client

from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.kit.errors import NotAllowed, WrongUse
from cardcase.staff.models import Shop, Staff
from delivery.world import KIND, orders, stock

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def test_the_shop_sets_how_long_its_links_are_good_and_that_is_on_record(owner, lead, stranger, noon):
    assert queries.claim_hours(owner) == 168
    for wrong in (0, -1, 721):
        with pytest.raises(WrongUse) as refusal:
            service.set_claim_hours(owner, wrong, at=noon)
        assert refusal.value.problem_code == "link_hours_wrong"
    with pytest.raises(NotAllowed):
        service.set_claim_hours(lead, 24, at=noon)
    service.set_claim_hours(owner, 36, at=noon)
    service.set_claim_hours(owner, 36, at=noon)
    assert (queries.claim_hours(owner), queries.claim_hours(stranger)) == (36, 168)
    slug = Shop.objects.get(pk=owner.shop_id).slug
    [entry] = [one for one in custody.history(owner, [f"shop:{slug}"]) if one.kind == "delivery.link_hours_set"]
    assert (entry.facts["before"], entry.facts["hours"]) == (168, 36)


def test_a_link_is_good_as_the_shop_has_set_unless_something_is_said(owner, system, noon):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    view = service.allocate(system, order.order_no, KIND, 1, at=noon)
    service.set_claim_hours(owner, 36, at=noon)
    assert service.issue_link(owner, view.public_id, at=noon).expires_at == noon + timedelta(hours=36)
    assert service.issue_link(owner, view.public_id, at=noon, days=3).expires_at == noon + timedelta(days=3)


def test_the_hours_are_set_on_their_settings_page(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    assert "/settings/links/" in client.get("/settings/").content.decode()
    assert 'value="168"' in client.get("/settings/links/").content.decode()
    refused = client.post("/settings/links/", {"hours": "9999"})
    assert refused.status_code == 422
    assert "1 到 720 小时" in refused.content.decode()
    assert client.post("/settings/links/", {"hours": "48"}).status_code == 302
    assert queries.claim_hours(owner) == 48
