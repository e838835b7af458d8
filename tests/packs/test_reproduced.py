"""Two exports of one state at one frozen moment: what is the same byte for byte, and what chance alone decides."""

import random
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from cardcase.kit import clock, ids
from cardcase.packs import service
from cardcase.packs.rules import bagit, form
from packs import builders
from packs.packing import members_of

pytestmark = pytest.mark.django_db
BY_CHANCE = {form.LOG_PROOF, bagit.PAYLOAD_HASHES, bagit.TAG_HASHES}
"""The export is an entry of the log with fresh salts; its proof holds them, and the bag lists hash the proof."""


@contextmanager
def one_state(data: Path) -> Iterator[None]:
    """Let something happen to database and data folder, then put both back as they were."""
    kept = data.with_name(f"{data.name}-kept")
    shutil.copytree(data, kept)
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)
    shutil.rmtree(data)
    kept.rename(data)


@pytest.fixture
def exports(owner, noon, data):
    """Export the same state twice; ``seeds`` take the place of chance."""

    def twice(*seeds: int, later: timedelta = timedelta()) -> list[bytes]:
        with clock.fixed_at(noon), pytest.MonkeyPatch.context() as patch:
            case = builders.a_case(owner, noon).with_exhibit("E10", "截图", builders.png(40, 80), "image/png").build()
            service.build(owner, case.number, at=noon)  # so that there is an earlier head, and an export to tell of
            done = []
            for number, seed in enumerate(seeds):
                with one_state(data):
                    if seed:
                        patch.setattr(secrets, "token_bytes", random.Random(seed).randbytes)
                    done.append(service.build(owner, case.number, at=noon + number * later))
        return done

    return twice


def test_with_the_same_chance_every_byte_is_the_same(exports):
    one, two = exports(7, 7)
    assert one == two


def test_without_it_all_that_is_sealed_is_the_same(exports):
    one, two = map(members_of, exports(0, 0))
    assert one.keys() == two.keys()
    assert {name for name in one if one[name] != two[name]} == BY_CHANCE
    assert one[form.SEAL] == two[form.SEAL]


def test_another_moment_is_another_pack(exports):
    one, two = map(members_of, exports(7, 7, later=timedelta(seconds=1)))
    assert one[form.MANIFEST] != two[form.MANIFEST]
    assert form.read_manifest(one[form.MANIFEST]).pack != form.read_manifest(two[form.MANIFEST]).pack


def test_a_derived_id_looks_like_any_other(noon):
    one = ids.derived_id("pack", noon, b"x")
    assert one == ids.derived_id("pack", noon, b"x") != ids.derived_id("pack", noon, b"y")
    with clock.fixed_at(noon):
        other = ids.public_id("pack")
    assert (len(one), one[:17], one[17]) == (len(other), other[:17], other[17])
    assert one[21] in "89ab"
