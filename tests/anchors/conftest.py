"""A record with something in it, and a data folder of its own for the settings of anchoring."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from anchors.authority import OpenSsl, Pki, served
from cardcase.anchors.rules import config
from cardcase.custody import service as custody
from cardcase.kit import ids


@pytest.fixture(scope="session")
def pki():
    return Pki()


@pytest.fixture(scope="session")
def honest(pki, tmp_path_factory):
    return OpenSsl(tmp_path_factory.mktemp("tsa"), pki.good, pki.chain)


@pytest.fixture
def authority(honest):
    with served(honest.answer) as told:
        yield told


@pytest.fixture
def folder(tmp_path, monkeypatch, pki) -> Path:
    """A data folder of this test alone: settings, pinned roots, keys, the last signed head."""
    monkeypatch.setattr(settings, "CARDCASE", settings.CARDCASE.model_copy(update={"data": tmp_path}))
    (tmp_path / "roots.pem").write_bytes(pki.root.pem)
    return tmp_path


@pytest.fixture
def configure(folder):
    """Write ``anchors.toml``; a test that writes it twice waits for no clock."""

    def write(text: str) -> None:
        config._read.cache_clear()
        (folder / config.FILE).write_text(text, "utf-8")

    return write


def one_authority(told, name="first", **more) -> str:
    lines = [f'name = "{name}"', f'url = "{told.url}"', 'roots = "roots.pem"', "private = true"]
    return "[[authority]]\n" + "\n".join([*lines, *(f"{key} = {value}" for key, value in more.items())]) + "\n"


@pytest.fixture
def write_entries(system):
    """Append entries, each in a transaction of its own."""

    def write(count=1, *, at, kind="case.opened"):
        refs = []
        for number in range(count):
            with transaction.atomic():
                record = custody.Record(kind, ids.public_id("case"), at + timedelta(seconds=number), {"n": number})
                refs.append(custody.append(system, record))
        return [one.seq for one in refs]

    return write
