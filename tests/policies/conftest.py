"""A data folder of its own for each test: the head of one record is not the past of another."""

import pytest

from cardcase.project.config import Config


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path
