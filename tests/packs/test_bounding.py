"""The bounds of records in time as packs tell them: in the report, on its first page, in the preview."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anchors.authority import Pki, certomancer, served
from cardcase.anchors import service as anchoring
from cardcase.anchors.models import Stamp
from cardcase.anchors.rules import config
from cardcase.custody import queries as ledger
from cardcase.kit import clock
from cardcase.packs import plain, service, verifier
from cardcase.packs.bounding import bounding
from cardcase.packs.rules import form
from cardcase.packs.rules.bounding import Bounding, Span
from cardcase.staff.models import Staff
from conftest import NOON
from packs import builders
from packs.packing import lines_of, members_of
from packs.reading import plain_words
from packs.test_stamps import World

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BACKEND = "django.contrib.auth.backends.ModelBackend"
stored = pytest.mark.django_db(transaction=True)


def utc(*told: int) -> datetime:
    return datetime(2026, 11, 24, *told, tzinfo=UTC)


# ---- the words -----------------------------------------------------------------------------------------------------


def test_each_record_says_its_bounds_in_shanghai_time():
    told = Bounding(
        is_asked=True,
        spans={
            1: Span(utc(3, 30), utc(5)),
            2: Span(None, utc(5)),
            3: Span(utc(5), None),
            4: Span(),
        },
    )
    assert told.said_of(1) == "不早于 2026-11-24 11:30:00\n不晚于 2026-11-24 13:00:00"
    assert told.said_of(2) == "尚无下界\n不晚于 2026-11-24 13:00:00"
    assert told.said_of(3) == "不早于 2026-11-24 13:00:00\n尚无上界"
    assert told.said_of(4) == "还没有时间戳"
    assert (told.both, told.only_after, told.only_before, told.unbounded) == (1, 1, 1, 1)
    said = told.summary()
    assert said.zh.startswith("4 条记录中，1 条由第三方时间戳两头界定")
    assert said.zh.endswith("，1 条尚无下界、1 条尚无上界、1 条还没有时间戳")
    assert said.en.endswith("; 1 only not after, 1 only not before, 1 without a time-stamp")


def test_a_bound_is_never_said_tighter_than_it_is():
    told = Bounding(is_asked=True, spans={1: Span(utc(3, 0, 0, 999_999), utc(5, 59, 59, 1))})
    assert told.said_of(1) == "不早于 2026-11-24 11:00:00\n不晚于 2026-11-24 14:00:00"


def test_none_set_and_none_yet_are_two_things():
    spans = {1: Span(), 2: Span()}
    nobody, waiting = Bounding(is_asked=False, spans=spans), Bounding(is_asked=True, spans=spans)
    assert "没有设置可用的时间戳机构" in nobody.summary().zh
    assert nobody.said_of(1) == "没有时间戳"
    assert "还没有核对过的时间戳" in waiting.summary().zh
    assert waiting.said_of(1) == "还没有时间戳"
    whole = Bounding(is_asked=False, spans={1: Span(utc(1), utc(2))})  # asked once, and no more
    assert whole.summary().zh == "1 条记录中，1 条由第三方时间戳两头界定（不早于、不晚于都有）"


def test_a_record_whose_own_time_contradicts_its_bounds_is_named_and_only_the_first_few():
    one = Bounding(is_asked=True, spans={7: Span(utc(3), utc(5))}, astray=frozenset({7}))
    assert one.said_of(7).splitlines()[-1] == "所写时间在此之外"
    assert "；第 7 条自己写的时间不在此范围内" in one.summary().zh
    assert "; the times that 1 entries state (7) lie outside" in one.summary().en
    many = replace(one, spans=dict.fromkeys(range(9), Span(utc(3), utc(5))), astray=frozenset(range(9)))
    assert "第 0、1、2、3、4 条等 9 条" in many.summary().zh


# ---- the report ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pki():
    return Pki()


@pytest.fixture
def world(data, owner, pki):
    with served(lambda _asked: b"") as authority:
        yield World(data, owner, authority, pki)


def a_case(owner):
    with clock.fixed_at(NOON):
        return builders.a_case(owner, NOON).build()


@pytest.fixture
def case(world, owner):
    """A case between two stamps, and one more entry of it after both."""
    world.something(at=NOON - HOUR)
    world.stamp(NOON - HOUR / 2)
    case = a_case(owner)
    world.stamp(NOON + HOUR)
    world.something(at=NOON + 2 * HOUR, subject=case.public_id)
    return case


def sealed_at(owner, case, at) -> dict[str, bytes]:
    with clock.fixed_at(at):
        return members_of(service.build(owner, case.number, at=at))


def first_page(pdf: bytes, folder) -> str:
    path = folder / "first.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", "-l", "1", path, "-"], capture_output=True, check=True)
    return "".join(done.stdout.decode().split())


@stored
def test_the_report_tells_the_bounds_of_every_record(world, owner, case, tmp_path):
    with clock.fixed_at(NOON + 3 * HOUR):
        data = service.build(owner, case.number, at=NOON + 3 * HOUR)
    held = members_of(data)
    total = len(lines_of(held))
    words, cover = plain_words(held[form.REPORT], tmp_path), first_page(held[form.REPORT], tmp_path)
    assert words.count("不早于2026-11-2411:30:00不晚于2026-11-2413:00:00") == total - 1
    assert words.count("不早于2026-11-2413:00:00尚无上界") == 1
    assert f"{total}条记录中，{total - 1}条由第三方时间戳两头界定（不早于、不晚于都有），1条尚无上界" in cover
    assert "没有时间戳" not in words
    assert words.count("原件在data/tsa/") == 1
    # The check of the pack, by the tokens in it and the reader's roots, comes to the same numbers.
    path = tmp_path / "pack.zip"
    path.write_bytes(data)
    trust = verifier.trust_of(vkey=ledger.vkey(owner), tsa_roots=world.roots)
    facts = verifier.verify(path, trust=trust).facts
    assert (facts["records_not_before"], facts["records_not_after"]) == (total, total - 1)


@stored
def test_the_report_itself_tells_of_a_record_that_states_an_impossible_time(world, owner, case, tmp_path):
    world.something(at=NOON - 5 * HOUR, subject=case.public_id)  # written after the stamp of NOON + 1 h
    astray = max(one.seq for one in ledger.entries(owner, [case.public_id]))
    held = sealed_at(owner, case, NOON + 3 * HOUR)
    words, cover = plain_words(held[form.REPORT], tmp_path), first_page(held[form.REPORT], tmp_path)
    assert f"第{astray}条自己写的时间不在此范围内" in cover
    assert words.count("所写时间在此之外") == 1


@stored
@pytest.mark.parametrize("settings_text", [None, "not toml"])
def test_a_report_without_trusted_time_says_so(data, owner, tmp_path, settings_text):
    if settings_text:
        (data / config.FILE).write_text(settings_text)
    config._read.cache_clear()
    held = sealed_at(owner, a_case(owner), NOON)
    words, cover = plain_words(held[form.REPORT], tmp_path), first_page(held[form.REPORT], tmp_path)
    assert "没有设置可用的时间戳机构：时间只出自店铺自己的时钟，没有第三方作证" in cover
    assert words.count("没有时间戳") == len(lines_of(held))
    assert "data/tsa/" not in words
    assert "界限见附录" not in words
    assert "不早于2026" not in words
    assert "不晚于2026" not in words


@stored
def test_a_report_whose_stamp_is_still_on_its_way_says_so(world, owner, tmp_path):
    case = a_case(owner)
    with clock.fixed_at(NOON):
        anchoring.promise(None, at=NOON, is_forced=True)
    held = sealed_at(owner, case, NOON)
    words, cover = plain_words(held[form.REPORT], tmp_path), first_page(held[form.REPORT], tmp_path)
    assert "还没有核对过的时间戳" in cover
    assert words.count("还没有时间戳") == len(lines_of(held))


@stored
def test_a_stamp_that_cannot_be_checked_here_bounds_nothing_and_is_not_denied(world, owner, tmp_path):
    case = a_case(owner)
    world.configure("")
    path = world.folder / config.FILE
    path.write_text(path.read_text().replace('roots = "roots.pem"\n', ""))
    config._read.cache_clear()
    world.authority.answer = certomancer(world.pki.good, world.pki.chain, at=NOON + HOUR)
    with clock.fixed_at(NOON + HOUR):
        anchoring.promise(None, at=NOON + HOUR, is_forced=True)
        anchoring.try_stamp(None, Stamp.objects.get().pk, at=NOON + HOUR)
    assert Stamp.objects.get().state == "unverified"
    held = sealed_at(owner, case, NOON + 2 * HOUR)
    words, cover = plain_words(held[form.REPORT], tmp_path), first_page(held[form.REPORT], tmp_path)
    assert "另有时间戳未能在这里核对" in cover
    assert words.count("没有核对过的时间戳") == len(lines_of(held)) + 2  # and in the sentence, twice
    assert "还没有时间戳" not in words


# ---- the preview ---------------------------------------------------------------------------------------------------


@stored
def test_the_preview_says_how_many_are_bounded(owner, case):
    planned = service.preview(owner, case.number, at=NOON + 3 * HOUR)
    told = plain.preview(planned)
    total = told["entries"]
    time = {name: told["time"][name] for name in ("is_configured", "both", "only_not_after", "only_not_before", "none")}
    assert time == {
        "is_configured": True, "both": total - 1, "only_not_after": 0, "only_not_before": 1, "none": 0,
    }  # fmt: skip
    web = Client()
    web.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    page = web.get(f"/cases/{case.number}/packs/")
    assert f"{total} 条记录中，{total - 1} 条由第三方时间戳两头界定" in page.content.decode()


@stored
def test_a_stamp_between_looking_and_sealing_is_no_conflict(world, owner, case):
    seen = service.preview(owner, case.number, at=NOON + 3 * HOUR)
    world.stamp(NOON + 3 * HOUR)
    now = service.preview(owner, case.number, at=NOON + 3 * HOUR)
    assert now.bounding.both > seen.bounding.both
    assert now.digest == seen.digest


@stored
def test_the_bounds_are_two_questions_however_many_records(owner, case):
    [entry, *_] = ledger.entries(owner, [case.public_id])
    for count in (1, 2000):
        with CaptureQueriesContext(connection) as asked:
            assert len(bounding(owner, [replace(entry, seq=seq) for seq in range(count)]).spans) == count
        assert len(asked) == 2


@stored
def test_sealing_asks_for_a_stamp_soon_and_waits_for_none(world, owner):
    case = a_case(owner)
    world.stamp(NOON + HOUR)
    calls = len(world.authority.asked)
    assert anchoring.promise(None, at=NOON + HOUR + 10 * MINUTE) is None  # nothing is new
    sealed_at(owner, case, NOON + HOUR + 11 * MINUTE)
    assert len(world.authority.asked) == calls
    size = anchoring.promise(None, at=NOON + HOUR + 12 * MINUTE)
    exported = max(one.seq for one in ledger.entries(owner, [case.public_id]))
    assert size is not None
    assert size > exported
    assert Stamp.objects.filter(size=size, state="waiting").exists()
