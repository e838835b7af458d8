"""A data folder of its own for each test, a shop with a case, and pictures whose reading was recorded."""

import pytest

from cardcase.project.config import Config
from cardcase.screens import service
from evidence.world import World
from screens import recorded

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture that only the recorded reading looks into"


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)


@pytest.fixture
def pictures(monkeypatch):
    """Give pictures whose reading is a recorded one; the reader itself has tests of its own."""

    def of(name, *places):
        kept = recorded.seen(name)
        seen = [kept[place] for place in places] if places else list(kept)[: 4 if name == "light" else None]
        recorded.put_in_place_of_the_reader(monkeypatch, seen)
        return [service.Picture(f"/home/me/截图 {number}.png", PNG + bytes([number])) for number in range(len(seen))]

    return of
