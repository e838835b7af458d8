"""Parcels: their videos are sealed file by file, so an erased one loses its key; the chain of steps stays readable."""

from datetime import timedelta

import pytest

from cardcase.custody import files
from cardcase.custody import queries as ledger
from cardcase.deadlines.models import Deadline
from cardcase.delivery import queries as delivery
from cardcase.delivery import service as deliveries
from cardcase.delivery.models import ParcelFile
from cardcase.kit.errors import Problem
from cardcase.orders.models import Order
from cardcase.privacy import queries, service
from delivery.parcels_world import WAYBILL, boxed, through
from privacy.conftest import AT, LATER, everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def parcel(owner, system, data):
    view = boxed(system, AT)
    through(owner, view, "inspected", AT)
    Deadline.objects.filter(state="armed").update(state="void")
    Order.objects.update(state="completed")
    return view


def erase(owner, order_no: str):
    plan = queries.plan(owner, order_no)
    return service.erase(owner, order_no, ground="retention_over", confirmation=plan.phrase.zh, at=LATER)


def test_an_erased_parcel_loses_its_videos_and_keeps_its_chain(owner, parcel):
    kept = list(ParcelFile.objects.values_list("sealed_sha256", flat=True))
    order = Order.objects.get()
    assert WAYBILL in everything()
    assert all(files.path_of(sha256).exists() for sha256 in kept)
    [done] = erase(owner, order.order_no)
    assert (done.state, done.files) == ("erased", len(kept))
    assert not any(files.path_of(sha256).exists() for sha256 in kept)
    assert {bytes(key) for key in ParcelFile.objects.values_list("key_sealed", flat=True)} == {b""}
    assert WAYBILL not in everything()
    chain = delivery.parcels_of(owner, [order.pk])[order.pk][0].chains[0]
    assert chain.is_intact
    assert len(chain.steps) == 7
    assert ledger.verify_all().is_intact


def test_a_restricted_parcel_is_not_opened_and_comes_back(owner, parcel):
    order, file = Order.objects.get(), ParcelFile.objects.order_by("pk").first()
    soon = AT + timedelta(days=100)
    service.restrict(owner, order.order_no, ground="buyer_request", at=soon)
    assert files.path_of(file.sealed_sha256).exists()  # sealed as it was; its key is locked away
    with pytest.raises(Problem):
        deliveries.open_file(owner, parcel.public_id, file.public_id, reason="看看", at=soon)
    service.lift(owner, order.order_no, reason="平台要求举证", at=soon)
    again = ParcelFile.objects.get(pk=file.pk)
    assert (again.sealed_sha256, bytes(again.key_sealed)) == (file.sealed_sha256, bytes(file.key_sealed))
    assert delivery.parcels_of(owner, [order.pk])[order.pk][0].chains[0].is_intact
