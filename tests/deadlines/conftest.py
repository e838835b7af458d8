"""A data folder of its own for each test: the head of one record is not the past of another. And clocks to arm."""

from datetime import timedelta

import pytest

from cardcase.deadlines.rules import DeadlineKind, DeadlineSpec, Source
from cardcase.kit.catalogue import Certainty
from cardcase.project.config import Config

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path


@pytest.fixture
def spec(noon):
    """Make a clock of the platform's, so many hours from noon."""

    def make(hours: float = 10, kind=DeadlineKind.PLATFORM_RESPONSE, since: float = 0, **changes) -> DeadlineSpec:
        values = {"source": Source.API, "certainty": Certainty.OFFICIAL, "rule": "timeout_time"}
        return DeadlineSpec.of(
            kind, started_at=noon - since * HOUR, due_at=noon + hours * HOUR, **{**values, **changes}
        )

    return make


@pytest.fixture
def goal(spec):
    """Make our own goal: so many hours of working time from noon."""

    def make(hours: float = 12) -> DeadlineSpec:
        return spec(
            hours, kind=DeadlineKind.FIRST_RESPONSE, source=Source.RULE, certainty=Certainty.JUDGEMENT, rule="G1"
        )

    return make
