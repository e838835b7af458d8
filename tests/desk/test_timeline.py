"""The timeline of a case: everything in one line of time, narrowed, linked, and told as text."""

import io
import zipfile
from datetime import timedelta

import pytest

from cardcase.cases.models import Case
from cardcase.desk.queries.timeline import Lane, Narrowing, as_text, document, narrowing, timeline
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.packs import service as packs
from desk.hand import Desk, picture
from evidence.mails import mail
from intake.world import CODES, INVALID, files, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, files(), at=noon)
    return Case.objects.get(order__order_no=INVALID)


@pytest.fixture
def desk(owner, case) -> Desk:
    desk = Desk(owner, case)
    desk.done("evidence", kind="E12", files=[("a.eml", mail("尾号无误", date="Sun, 22 Nov 2026 10:20:00 +0800"))])
    desk.done(
        "call",
        party="buyer",
        how="phone",
        at="2026-11-22T11:00",
        said="他说周五退卡",
        agreed="退卡后退款",
        witness="小李",
    )
    desk.done("evidence", kind="E10", files=[("a.png", picture())])
    desk.done("note", text="先等平台")
    return desk


def lanes(happenings):
    return {one.lane for one in happenings}


def test_chat_mail_calls_platform_and_decisions_stand_in_one_line_of_time(desk, owner, case, noon):
    happenings = timeline(owner, case.number, Narrowing(), now=noon)
    assert lanes(happenings) >= {Lane.TALK, Lane.MAIL, Lane.CALL, Lane.PLATFORM, Lane.DECISION, Lane.EVIDENCE}
    times = [one.at for one in happenings if one.at is not None]
    assert times == sorted(times)
    assert len({one.anchor for one in happenings}) == len(happenings)
    [call] = [one for one in happenings if one.lane is Lane.CALL]
    assert all(word in call.detail for word in ("他说周五退卡", "约定：退卡后退款", "在场：小李"))
    assert call.seq is not None


@pytest.mark.parametrize("lane", list(Lane))
def test_each_lane_alone_is_the_part_of_the_whole(desk, owner, case, noon, lane):
    whole = timeline(owner, case.number, Narrowing(), now=noon)
    assert timeline(owner, case.number, Narrowing(frozenset({lane})), now=noon) == [
        one for one in whole if one.lane is lane
    ]


def test_days_party_and_words_narrow(desk, owner, case, noon):
    that_day = timeline(
        owner, case.number, narrowing({"since": "2026-11-22", "until": "2026-11-22"}, ["mail", "call"]), now=noon
    )
    assert [one.lane for one in that_day] == [Lane.MAIL, Lane.CALL]
    assert not timeline(owner, case.number, narrowing({"until": "2026-11-21"}, ["mail", "call"]), now=noon)
    assert {one.by for one in timeline(owner, case.number, narrowing({"by": "buyer"}, []), now=noon)} == {"buyer"}
    assert [one.lane for one in timeline(owner, case.number, narrowing({"find": "周五退卡"}, []), now=noon)] == [
        Lane.CALL
    ]


@pytest.mark.parametrize(
    ("values", "shown"),
    [({"since": "gestern"}, []), ({"by": "aunt"}, []), ({}, ["gossip"]), ({"until": "9999-12-31"}, [])],
)
def test_what_cannot_be_read_is_refused_by_name(values, shown):
    with pytest.raises(WrongUse) as caught:
        narrowing(values, shown)
    assert caught.value.facts["field"] in {"since", "by", "show", "until"}


def test_the_text_tells_the_same_and_no_code(desk, owner, case, noon):
    happenings = timeline(owner, case.number, Narrowing(), now=noon)
    text = as_text(case.number, happenings, now=noon)
    assert all(one.what.splitlines()[0] in text for one in happenings)
    assert "2026-11-22 11:00  [通话]" in text
    assert not any(code in text for code in CODES)
    assert len(document(happenings)) == len(happenings)


def test_the_page_shows_it_links_it_and_keeps_what_was_chosen(desk, case):
    page = desk.client.get(f"{desk.url}timeline/", {"show": ["mail", "call"], "find": ""}).content.decode()
    assert "他说周五退卡" in page
    assert "先等平台" not in page
    assert 'href="?show=mail&amp;show=call#x-ev_' in page
    assert f'href="{desk.url}timeline/?show=mail&amp;show=call&amp;form=text"' in page
    odd = desk.client.get(f"{desk.url}timeline/", {"show": "gossip"})
    assert (odd.status_code, "没有这一类" in odd.content.decode()) == (200, True)


def test_the_export_is_a_file_of_plain_text(desk, case):
    answer = desk.client.get(f"{desk.url}timeline/", {"form": "text", "show": "call"})
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{case.number}-timeline.txt"'
    assert "他说周五退卡" in answer.content.decode()


def test_another_shop_sees_nothing(desk, stranger, case, noon):
    with pytest.raises(NotFound):
        timeline(stranger, case.number, Narrowing(), now=noon + timedelta(days=1))


def test_a_sealed_mail_shows_the_way_to_open_it_and_who_may(desk, case, owner):
    from cardcase.evidence.models import Exhibit

    desk.done("evidence", kind="E1", files=[("b.eml", mail(f"卡密 {CODES[0]}"))])
    exhibit = Exhibit.objects.get(kind="E1")
    page = desk.client.get(f"{desk.url}exhibits/{exhibit.public_id}/")
    assert "已经密封" in page.content.decode()
    assert CODES[0] not in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_sealed_mail_is_opened_on_record(owner, noon):
    from cardcase.custody import queries as custody
    from cardcase.evidence.models import Exhibit

    take(owner, files(), at=noon)
    case = Case.objects.get(order__order_no=INVALID)
    desk = Desk(owner, case)
    raw = mail(f"卡密 {CODES[0]}")
    desk.done("evidence", kind="E1", files=[("b.eml", raw)])
    exhibit = Exhibit.objects.get(kind="E1")
    assert desk.client.post(f"{desk.url}exhibits/{exhibit.public_id}/open/").status_code == 422
    answer = desk.client.post(f"{desk.url}exhibits/{exhibit.public_id}/open/", {"reason": "和平台核对"})
    assert answer.content == raw
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert custody.history(owner, [case.public_id])[-1].kind == "evidence.original_opened"
    packed = packs.build(owner, case.number, at=noon)
    with zipfile.ZipFile(io.BytesIO(packed)) as pack:
        assert not any(exhibit.file_sha256 in name for name in pack.namelist())
        assert not any(code.encode() in pack.read(name) for name in pack.namelist() for code in CODES)
