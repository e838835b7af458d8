"""A data folder of its own for each test, and a small shop that works."""

import pytest

from cardcase.project.config import Config
from evidence.world import World


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)
