"""A data folder of its own for each test, so that the last signed head of one is not the past of another."""

from pathlib import Path

import pytest
from django.db import transaction

from cardcase.project.config import Config
from custody.tampering import build, drop_guards


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings) -> Path:
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path


@pytest.fixture
def world(owner, noon, data):
    """A record of 49 entries without its guards, as somebody with the database has it."""
    build(owner, noon)
    with transaction.atomic():
        drop_guards()
        yield data
        transaction.set_rollback(True)
