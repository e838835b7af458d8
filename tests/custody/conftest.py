"""A data folder of its own for each test, so that the last signed head of one is not the past of another."""

from pathlib import Path

import pytest

from cardcase.project.config import Config


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings) -> Path:
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path
