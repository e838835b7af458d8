"""A case with a running clock, a target, and other sides on 127.0.0.1."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from cardcase.deadlines import service as deadlines
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import DEFAULT_OUTCOME, DeadlineKind, DeadlineSpec, Source
from cardcase.jobs import registry
from cardcase.jobs.runners.worker import Worker
from cardcase.kit import clock
from cardcase.kit.catalogue import Certainty
from cardcase.notices import service
from cardcase.notices.rules import TargetKind
from cardcase.notices.service import TargetWish
from cardcase.project.config import Config
from cases.conftest import make_order, make_refund, opened  # noqa: F401 - fixtures
from notices.servers import post_office, web

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.CARDCASE = Config(data=tmp_path, notice_allow_private=True, base_url="https://desk.example.com")
    registry.discover()
    return tmp_path


@pytest.fixture
def other_side():
    with web() as told:
        yield told


@pytest.fixture
def mailbox():
    with post_office() as told:
        yield told


@pytest.fixture
def make_target(owner, noon, other_side):
    """Add a webhook target that leads to the other side, unless told otherwise."""

    def make(name="值班群", *, kind=TargetKind.WEBHOOK.value, address=None, secret="", actor=None, **wish):
        wish.setdefault("events", ("half", "quarter", "margin", "missed"))
        return service.add_target(
            actor or owner,
            kind,
            TargetWish(name=name, **wish),
            address=address or f"{other_side.url}/hook?key=s3cret-of-the-hook",
            secret=secret,
            at=noon,
        )

    return make


@pytest.fixture
def arm(system, noon):
    """Arm a clock on a case; due in four hours, a margin of half an hour, unless told otherwise."""

    def make(case, kind=DeadlineKind.PLATFORM_RESPONSE, *, due=4 * HOUR, margin=HOUR / 2, started=None, at=None):
        spec = DeadlineSpec(
            kind=kind,
            due_at=noon + due,
            started_at=started or noon - 20 * HOUR,
            margin_at=noon + due - margin,
            source=Source.API,
            certainty=Certainty.OFFICIAL,
            rule="",
            if_missed=DEFAULT_OUTCOME[kind],
        )
        deadlines.arm(system, case.public_id, spec, at=at or noon)
        return Deadline.objects.get(subject=case.public_id, kind=kind.value, state="armed")

    return make


@pytest.fixture
def work():
    """Let the clock stand at a moment, sweep, and do all that is due."""

    def run(at, *, rounds=4):
        with clock.fixed_at(at):
            deadlines.sweep(at=at)
            for _ in range(rounds):
                if Worker().run_due() == 0:
                    break

    return run


@pytest.fixture
def case(opened):  # noqa: F811 - the fixture imported above
    return opened()


@pytest.fixture
def scene(case, make_target, arm, work, other_side, system, owner, noon):  # noqa: PLR0917 - so that its tests need not
    """What most of these tests need."""
    return SimpleNamespace(
        case=case,
        make_target=make_target,
        arm=arm,
        work=work,
        other_side=other_side,
        system=system,
        owner=owner,
        noon=noon,
    )
