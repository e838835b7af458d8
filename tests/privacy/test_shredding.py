"""Kept files are destroyed only when nobody can still be about to name them, and a kill in between is made good."""

import os
from datetime import datetime, timedelta

import pytest

from cardcase.custody import files
from cardcase.custody.files import Shredding
from cardcase.kit import clock

LATER = timedelta(hours=1)


@pytest.fixture
def kept(data) -> str:
    return files.keep(b"a picture of his")


def now() -> datetime:
    return clock.now()


def test_a_file_goes_and_again_is_no_error(kept):
    assert files.shred(kept, at=now() + LATER) is Shredding.GONE
    assert not files.path_of(kept).exists()
    assert list(files.path_of(kept).parent.iterdir()) == []
    assert files.shred(kept, at=now() + LATER) is Shredding.GONE


def test_one_that_was_kept_a_moment_ago_waits_whole(kept):
    assert files.shred(kept, at=now()) is Shredding.WAITS
    assert files.read(kept) == b"a picture of his"


@pytest.mark.parametrize("keep", [files.keep, lambda data: files.keep_stream([data])])
def test_keeping_it_again_makes_it_young(kept, keep):
    os.utime(files.path_of(kept), (1, 1))
    assert keep(b"a picture of his") == kept
    assert files.shred(kept, at=now()) is Shredding.WAITS
    os.utime(files.path_of(kept), (1, 1))
    assert files.shred(kept, at=now()) is Shredding.GONE


def test_what_a_kill_left_half_destroyed_goes_the_next_time(kept):
    path = files.path_of(kept)
    grave = path.with_name(f".{path.name}.shredding")
    path.rename(grave)
    assert files.shred(kept, at=now() + LATER) is Shredding.GONE
    assert not grave.exists()


def test_what_is_kept_anew_while_it_goes_is_written_afresh(kept, monkeypatch):
    overwrite = files.keys.overwrite

    def meanwhile(path):
        assert files.keep(b"a picture of his") == kept
        overwrite(path)

    monkeypatch.setattr(files.keys, "overwrite", meanwhile)
    files.shred(kept, at=now() + LATER)
    assert files.read(kept) == b"a picture of his"


def test_the_bytes_are_overwritten_before_the_name_goes(kept, tmp_path):
    path = files.path_of(kept)
    os.link(path, tmp_path / "another name")
    files.shred(kept, at=now() + LATER)
    assert set((tmp_path / "another name").read_bytes()) == {0}
