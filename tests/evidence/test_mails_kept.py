"""Mails and calls among the exhibits of a case: kept whole, sealed when a code stands in them, compared, and on record."""

import contextlib
from datetime import timedelta

import pytest

from cardcase.custody import queries as custody
from cardcase.evidence import queries, service
from cardcase.evidence.models import Exhibit
from cardcase.jobs.models import Job
from cardcase.kit.errors import NotAllowed, WrongUse
from evidence.mails import Domain, mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(world):
    world.complaint = world.case()
    return world


def add(world, data, **told):
    return service.add_exhibit(world.owner, world.complaint.number, "E12", "", data, "", told or None, at=world.noon)


def check(world, exhibit, lookup, *, later=0):
    return service.check_signature(
        world.system,
        exhibit.public_id,
        at=world.noon + timedelta(minutes=later),
        writing=contextlib.nullcontext(),
        lookup=lookup,
    )


def kinds(world):
    return [item.kind for item in custody.history(world.owner, [world.complaint.public_id])]


def test_a_mail_is_kept_byte_for_byte_with_its_facts_and_its_check_is_promised(world):
    raw = mail("尾号 ABCD")
    exhibit = add(world, raw)
    assert (exhibit.file_mime, exhibit.dkim) == ("message/rfc822", "pending")
    assert service.original(exhibit) == raw
    assert exhibit.facts["tail4"] == "ABCD"
    assert exhibit.event_at.isoformat() == "2026-11-24T02:20:00+00:00"
    assert Job.objects.filter(kind="evidence.check_mail", key=exhibit.public_id).count() == 1


def test_what_a_person_says_goes_before_what_was_read(world):
    assert add(world, mail("尾号 ABCD"), tail4="WXYZ").facts["tail4"] == "WXYZ"


def test_the_promise_is_not_made_where_nobody_is_to_be_asked(world, settings):
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"mail_keys": False})
    exhibit = add(world, mail("x"))
    assert not Job.objects.filter(kind="evidence.check_mail").exists()
    with pytest.raises(WrongUse):
        service.check_again(world.owner, world.complaint.number, exhibit.public_id, at=world.noon)


def test_a_signature_that_holds_is_noted_once_and_stays_when_the_key_goes(world):
    domain = Domain()
    exhibit = add(world, domain.signed(mail("已核实")))
    check(world, exhibit, domain.lookup)
    check(world, exhibit, domain.lookup, later=1)
    domain.is_published = False
    check(world, exhibit, domain.lookup, later=2)
    row = Exhibit.objects.get(pk=exhibit.pk)
    assert (row.dkim, row.dkim_domain, row.dkim_at) == ("passed", "support.example", world.noon)
    assert bytes(row.dkim_key).startswith(b"v=DKIM1")
    assert kinds(world).count("evidence.mail_checked") == 1


def test_a_forged_mail_contradicts(world):
    domain = Domain()
    exhibit = add(world, domain.signed(mail("已核实")).replace(b"help@", b"hell@"))
    check(world, exhibit, domain.lookup)
    facts = queries.case_facts(world.owner, world.complaint, at=world.noon)
    from cardcase.evidence.rules import contradictions

    assert [(one.exhibit, one.field) for one in contradictions(facts) if one.field == "dkim"] == [
        (exhibit.public_id, "dkim")
    ]


def test_a_call_is_noted_with_witness_and_time(world):
    exhibit = service.note_call(
        world.owner, world.complaint.number, party="buyer", how="phone", held_at=world.noon - timedelta(hours=2),
        said="买家说周五前把卡退回来", agreed="退卡后退 150 元", witness="店员小李", at=world.noon,
    )  # fmt: skip
    assert (exhibit.kind, exhibit.title, exhibit.party) == ("E25", "电话记录：有约定", "buyer")
    assert exhibit.event_at == world.noon - timedelta(hours=2)
    assert exhibit.facts["agreed"] == "退卡后退 150 元"
    assert exhibit.facts["witness"] == "店员小李"
    told = custody.history(world.owner, [world.complaint.public_id])[-1]
    assert told.kind == "evidence.added"
    assert told.facts["facts"]["said"] == "买家说周五前把卡退回来"


@pytest.mark.parametrize(
    "wrong", [{"how": "telepathy"}, {"said": "  "}, {"said": "话" * 2001}, {"held_at": None}, {"party": "aunt"}]
)
def test_a_note_that_says_too_little_is_refused(world, wrong):
    told = {"party": "buyer", "how": "phone", "held_at": world.noon, "said": "x"} | wrong
    with pytest.raises(WrongUse):
        service.note_call(world.owner, world.complaint.number, at=world.noon, **told)
    assert not Exhibit.objects.exists()


def test_a_call_of_tomorrow_is_refused(world):
    with pytest.raises(WrongUse):
        service.note_call(
            world.owner, world.complaint.number, party="buyer", how="phone", held_at=world.noon + timedelta(days=1), said="x",
            at=world.noon,
        )  # fmt: skip


def test_a_mail_that_delivers_a_code_is_sealed_and_opened_on_record_only(world, agent, data):
    [card] = world.stock()
    code = world.codes[card.public_id].expose()
    raw = mail(f"您的卡密是 {code}，请勿转发")
    exhibit = add(world, raw)
    assert exhibit.body_sealed is not None
    assert not (data / "files" / exhibit.file_sha256[:2] / exhibit.file_sha256).exists()
    assert code.encode() not in bytes(exhibit.body_sealed)
    with pytest.raises(NotAllowed):
        service.open_original(agent, world.complaint.number, exhibit.public_id, reason="核对", at=world.noon)
    assert "evidence.original_opened" not in kinds(world)
    assert service.original(exhibit) == raw
