"""What every test may lean on: a shop, its people by role, a stranger, and a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

import oracles
from cardcase.kit import clock
from cardcase.staff.models import Membership, Shop, Staff
from cardcase.staff.rules import Actor, ActorKind, Role

# No test judges seconds, and a machine may be busy; fixtures of one test may serve all its examples where it says so.
settings.register_profile(
    "cardcase", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("cardcase")

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.fixture
def agreed(record_property) -> Callable[[str, int], None]:
    """Note how many cases an outside opinion (``oracles.ORACLES``) agreed in; said at the end of the run."""

    def note(oracle: str, count: int) -> None:
        assert oracle in oracles.ORACLES
        assert count > 0
        record_property(oracles.PROPERTY, (oracle, count))

    return note


def pytest_terminal_summary(terminalreporter) -> None:
    lines = oracles.summary(terminalreporter.stats.get("passed", []))
    if lines:
        terminalreporter.section("oracles of the record")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def noon() -> Iterator[datetime]:
    with clock.fixed_at(NOON):
        yield NOON


@pytest.fixture
def shared_database(transactional_db, tmp_path) -> Iterator[None]:
    """Let threads with connections of their own work on one database: on SQLite, a file as the product has it.

    The SQLite of the other tests lives in memory, in one connection. Ask for this before anything that writes rows.
    """
    if connection.vendor != "sqlite":
        yield
        return
    memory, settings = connection.connection, connection.settings_dict
    name, settings["NAME"] = settings["NAME"], str(tmp_path / "shared.sqlite3")
    file = connection.Database.connect(settings["NAME"])
    memory.backup(file)
    file.close()
    connection.connection = None
    yield
    connection.close()
    connection.connection, settings["NAME"] = memory, name


@pytest.fixture
def shop(db) -> Shop:
    return Shop.objects.create(slug="lika", name="礼卡小铺")


@pytest.fixture
def other_shop(db) -> Shop:
    return Shop.objects.create(slug="other", name="别家")


def _actor(shop: Shop, role: Role) -> Actor:
    person = Staff.objects.create_user(username=f"{role.value}-{shop.slug}", password="correct horse battery")
    Membership.objects.create(shop=shop, staff=person, role=role.value)
    return Actor(ActorKind.STAFF, shop.pk, role, person.pk, person.username)


@pytest.fixture
def owner(shop) -> Actor:
    return _actor(shop, Role.OWNER)


@pytest.fixture
def lead(shop) -> Actor:
    return _actor(shop, Role.LEAD)


@pytest.fixture
def agent(shop) -> Actor:
    return _actor(shop, Role.AGENT)


@pytest.fixture
def auditor(shop) -> Actor:
    return _actor(shop, Role.AUDITOR)


@pytest.fixture
def stranger(other_shop) -> Actor:
    return _actor(other_shop, Role.OWNER)


@pytest.fixture
def system(shop) -> Actor:
    return Actor.system(shop.pk)


@pytest.fixture
def dear_is_not_said(shop, settings, tmp_path) -> None:
    """Let the shop have a list of its own words that its replies must not hold: 「亲亲」."""
    folder = tmp_path / "overrides" / shop.slug
    folder.mkdir(parents=True)
    (folder / "tone.toml").write_text(
        '[catalogue]\nid = "own"\nversion = "1"\nsource = "the shop"\ncertainty = "J"\n'
        '[[tone]]\nid = "own.dear"\ncheck = "calm"\nregex = "亲亲"\nhint_zh = "用您"\nhint_en = "say you"\n',
        "utf-8",
    )
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"data": tmp_path})
