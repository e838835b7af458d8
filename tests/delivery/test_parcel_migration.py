"""Parcels that were noted while a delivery had one each way stay valid: they are its first chain."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cardcase.delivery import queries
from cardcase.delivery.rules.parcels import StepName
from delivery.parcels_world import boxed, go, through

pytestmark = pytest.mark.django_db(transaction=True)


def migrate_to(name):
    executor = MigrationExecutor(connection)
    executor.migrate([("delivery", name)])


@pytest.fixture
def latest():
    yield MigrationExecutor(connection).loader.graph.leaf_nodes("delivery")[0][1]
    migrate_to(MigrationExecutor(connection).loader.graph.leaf_nodes("delivery")[0][1])


def test_old_parcels_keep_their_hashes_and_go_on(agent, system, noon, latest):
    view = boxed(system, noon)
    before = through(agent, view, "received", noon)
    migrate_to("0004_parcels")
    with connection.cursor() as cursor:
        columns = {one.name for one in connection.introspection.get_table_description(cursor, "delivery_parcel")}
    assert not {"round", "card_id", "order_id"} & columns
    migrate_to(latest)
    found = queries.parcels(agent, view.public_id)
    assert [chain.round for chain in found.chains] == [1]
    assert [step.chain_sha256 for step in found.last.steps] == [step.chain_sha256 for step in before.steps]
    assert found.last.is_intact
    assert go(agent, view, "inspected", noon).step(StepName.INSPECTED).previous == before.steps[-1].public_id
