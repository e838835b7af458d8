"""Whatever a stranger hands in is refused or judged within five seconds of work and 256 MB, and never believed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import cardcase
from packs import hostile
from packs.packing import members_of, zipped

pytestmark = pytest.mark.django_db  # makes the test database for `sealed`

MOST_CPU, MOST_BYTES = 5.0, 256 * 1024 * 1024
SOURCES = str(Path(cardcase.__file__).parent.parent)
CHILD = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from cardcase.packs import verifier
def used():
    told = resource.getrusage(resource.RUSAGE_SELF)
    return told.ru_utime + told.ru_stime
for line in sys.stdin:
    name, path, vkey = json.loads(line)
    Path("/proc/self/clear_refs").write_text("5")
    before = used()
    report = verifier.verify(path, vkey=vkey)
    cpu = used() - before
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    said = [one.code for one in report.findings]
    print(json.dumps([name, report.exit_code, cpu, int(peak.split()[1]) * 1024, said]), flush=True)  # noqa: T201 - the count is the proof
"""
"""Judges many packs in one process, since starting Python costs more than most of them; the peak of memory is forgotten
before each. The limit of its address space is the hard stop, the figures are what is asserted."""

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: peaks of memory are read from /proc")


def judged(packs: Iterable[tuple[str, Path]], vkey: str) -> list[tuple[str, int, float, int, list[str]]]:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": SOURCES},
    ) as child:
        assert child.stdin
        assert child.stdout
        told = []
        for name, path in packs:
            for key in (vkey, None):
                child.stdin.write(json.dumps([name, str(path), key]) + "\n")
                child.stdin.flush()
                line = child.stdout.readline()
                assert line, f"the checker died of {name}"
                told.append(tuple(json.loads(line)))
        child.stdin.close()
    return told


def hold(told: list[tuple[str, int, float, int, list[str]]], codes: set[int]) -> None:
    bad = [one for one in told if one[1] not in codes or one[2] > MOST_CPU or one[3] > MOST_BYTES]
    assert not bad, bad
    slowest, largest = max(told, key=lambda one: one[2]), max(told, key=lambda one: one[3])
    print(f"\n{len(told)} checks; slowest {slowest[2]:.2f} s of CPU ({slowest[0]}), largest {largest[3] >> 20} MiB ({largest[0]})")  # noqa: T201 - the count is the proof  # fmt: skip


@LINUX
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_archives_are_refused(sealed, tmp_path):
    members = members_of(sealed.data)

    def packs():
        for name, maker in hostile.archives():
            path = tmp_path / "pack.zip"
            path.write_bytes(maker(members))
            yield name, path

    hold(judged(packs(), sealed.vkey), {1, 3})


@LINUX
def test_hostile_insides_are_refused(sealed, tmp_path):
    members = members_of(sealed.data)

    def packs():
        for name, maker in hostile.insides():
            path = tmp_path / "pack.zip"
            path.write_bytes(maker(members))
            yield name, path

    hold(judged(packs(), sealed.vkey), {1, 3})


@LINUX
def test_hostile_folders_are_refused(sealed, tmp_path):
    told = judged(hostile.folders(tmp_path), sealed.vkey)
    assert len(told) == 10
    hold(told, {3})


@LINUX
def test_a_good_pack_is_judged_by_the_same_child(sealed, tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(zipped(members_of(sealed.data)))
    told = judged([("good", path)], sealed.vkey)
    hold(told, {2})
    assert sorted(told[0][4]) == ["no_trusted_time", "no_witness", "withheld"]


def test_a_pipe_is_not_waited_for(tmp_path):
    from cardcase.packs import verifier

    os.mkfifo(tmp_path / "pack.zip")
    assert verifier.verify(tmp_path / "pack.zip").exit_code == 3
