"""One sealed pack for all tests that take packs apart, and a data folder of its own for each test that makes one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import TestCase, override_settings

from cardcase.custody import queries as ledger
from cardcase.kit import clock
from cardcase.packs import service
from cardcase.project.config import Config
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, ActorKind, Role
from packs import builders

AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings) -> Path:
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Sealed:
    """A pack and the key that a careful reader would have from elsewhere."""

    data: bytes
    vkey: str
    number: str
    later: bytes
    """A second pack of the same case, under the same key, an hour later."""


@pytest.fixture(scope="session")
def sealed(django_db_setup, django_db_blocker, tmp_path_factory) -> Sealed:
    """Build one pack in a transaction that is rolled back at once."""
    assert django_settings.CARDCASE is not None
    folder = tmp_path_factory.mktemp("sealed")
    with django_db_blocker.unblock(), override_settings(CARDCASE=Config(data=folder)), clock.fixed_at(AT):
        atomics = TestCase._enter_atomics()
        try:
            shop = Shop.objects.create(slug="sealed", name="礼卡小铺")
            actor = Actor(ActorKind.STAFF, shop.pk, Role.OWNER, 1, "店主")
            case = (
                builders.a_case(actor, AT)
                .with_exhibit("E10", "整屏截图", builders.png(60, 120), "image/png", {"tail4": "K4RT"})
                .with_exhibit("E12", "客服记录", "客服说这张卡已使用\n".encode(), "text/plain")
                .build()
            )
            data = service.build(actor, case.number, at=AT)
            later = service.build(actor, case.number, at=AT + timedelta(hours=1))
            sealed = Sealed(data, ledger.vkey(actor), case.number, later)
        finally:
            TestCase._rollback_atomics(atomics)
    return sealed
