"""Owed time-stamps: when, at whom, what is kept, what the record says of it, and that a failure harms nobody."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

import hashlib
from datetime import timedelta

import pytest

from anchors.authority import OpenSsl, certomancer, issue, openssl_accepts, served
from anchors.conftest import one_authority
from cardcase.anchors import outside, queries, service, tasks
from cardcase.anchors.models import Reply, Stamp
from cardcase.anchors.rules import plan, stamp
from cardcase.anchors.rules.config import BadAnchors
from cardcase.anchors.rules.plan import StampState
from cardcase.anchors.service import stamping
from cardcase.connectors import egress
from cardcase.custody import queries as ledger
from cardcase.custody.models import Entry
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import note
from cardcase.jobs import service as jobs
from cardcase.jobs.models import Job
from cardcase.jobs.registry import Claim
from cardcase.jobs.runners.worker import Worker
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed
from conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ready(configure, authority, write_entries):
    configure(one_authority(authority))
    return write_entries(3, at=NOON)


def last_entry():
    row = Entry.objects.order_by("-seq").first()
    return form.decode(bytes(row.data))


def test_nothing_is_asked_of_anybody_until_it_is_configured(folder, write_entries, authority):
    write_entries(at=NOON)
    assert service.promise(None, at=NOON) is None
    assert authority.asked == []
    assert not Stamp.objects.exists()


def test_the_head_is_stamped_and_the_record_says_so(ready, authority, pki, tmp_path, owner):
    size = service.promise(None, at=NOON)
    row = Stamp.objects.get()
    assert (row.size, row.state) == (size, "waiting")
    assert queries.standing(owner, at=NOON).code == "E_TIME_PENDING"
    assert service.try_stamp(None, row.pk, at=NOON) == ""
    row.refresh_from_db()
    assert row.state == "verified"
    reply = bytes(row.reply.body)
    assert row.token_sha256 == hashlib.sha256(reply).hexdigest()
    assert authority.asked[0][1]["Content-Type"] == "application/timestamp-query"
    assert authority.asked[0][2] == bytes(row.reply.request)
    chain = b"".join(one.pem for one in pki.chain)
    assert openssl_accepts(tmp_path, reply, row.note.encode(), pki.root.pem, chain)
    told = last_entry()
    assert told.kind == "time.anchor"
    assert told.refs == {
        "authority": "first", "size": str(size), "token": row.token_sha256,
        "time": clock.iso(row.gen_time), "check": "verified",
    }  # fmt: skip
    assert told.seq == row.entry_seq == size
    assert ledger.verify_all().is_intact
    standing = queries.standing(owner, at=NOON)
    assert (standing.code, standing.stamped_size) == ("", size)


def test_an_idle_record_rests_and_a_busy_one_is_stamped_hourly(ready, write_entries):
    service.promise(None, at=NOON)
    service.try_stamp(None, Stamp.objects.get().pk, at=NOON)
    assert service.promise(None, at=NOON + timedelta(days=2)) is None  # only its own entry is new
    write_entries(at=NOON)
    assert service.promise(None, at=NOON + timedelta(minutes=59)) is None
    assert service.promise(None, at=NOON + timedelta(minutes=60)) is not None


@pytest.mark.parametrize("kind", sorted(plan.URGENT_KINDS))
def test_after_a_reveal_a_decision_or_an_export_one_does_not_wait(ready, write_entries, kind):
    service.promise(None, at=NOON)
    write_entries(at=NOON, kind=kind)
    assert service.promise(None, at=NOON + timedelta(minutes=4)) is None
    assert service.promise(None, at=NOON + timedelta(minutes=5)) is not None


def test_the_kinds_that_count_are_kinds_of_the_record():
    from cardcase.packs.rules import catalogues

    assert {one for one in plan.URGENT_KINDS | plan.OWN_KINDS if catalogues.kind(one).zh == one} == set()


def test_every_authority_is_asked_for_itself(configure, authority, honest, write_entries):
    with served(honest.answer) as second:
        configure(one_authority(authority) + one_authority(second, "second"))
        write_entries(at=NOON)
        service.promise(None, at=NOON)
        for row in Stamp.objects.all():
            service.try_stamp(None, row.pk, at=NOON)
    assert sorted(Stamp.objects.values_list("authority", "state")) == [("first", "verified"), ("second", "verified")]


def test_one_authority_that_is_away_leaves_the_other_ones_stamp(configure, authority, write_entries, owner):
    configure(one_authority(authority) + one_authority(authority, "away").replace(authority.url, "http://127.0.0.1:9/"))
    write_entries(at=NOON)
    service.promise(None, at=NOON)
    codes = {row.authority: service.try_stamp(None, row.pk, at=NOON) for row in Stamp.objects.all()}
    assert codes == {"first": "", "away": "not_reached"}
    assert queries.standing(owner, at=NOON).code == ""
    waiting = Stamp.objects.get(authority="away")
    assert (waiting.state, waiting.tries, waiting.last_code) == ("waiting", 1, "not_reached")
    assert Job.objects.filter(kind="anchors.stamp", key=f"{waiting.pk}:again1", state="waiting").count() == 1


def failing(pki, name, tmp_path):
    """Give (answer, code) of an authority that fails in one way."""
    wrong = issue("Odd", pki.between, usages=(stamp.ExtendedKeyUsageOID.CODE_SIGNING,))
    ended = issue("Ended", pki.between, end=NOON - timedelta(days=1), usages=(stamp.ExtendedKeyUsageOID.TIME_STAMPING,))
    return {
        "nonce": (certomancer(pki.good, pki.chain, nonce=5), "stamp_nonce_differs"),
        "imprint": (certomancer(pki.good, pki.chain, imprint=bytes(32)), "stamp_of_other_bytes"),
        "usage": (certomancer(wrong, pki.chain), "stamp_key_usage"),
        "expired": (certomancer(ended, pki.chain, at=NOON), "stamp_certificate_expired"),
        "rejected": (OpenSsl(tmp_path / "strict", pki.good, pki.chain, digests="sha512").answer, "stamp_rejected"),
        "garbage": (lambda _asked: b"<html>busy</html>", "stamp_unreadable"),
        "stranger": (certomancer(issue("S", usages=(stamp.ExtendedKeyUsageOID.TIME_STAMPING,)), []),
                     "stamp_chain_untrusted"),
    }[name]  # fmt: skip


@pytest.mark.parametrize("name", ["nonce", "imprint", "usage", "expired", "rejected", "garbage", "stranger"])
def test_what_does_not_hold_is_kept_told_and_asked_again(ready, authority, pki, name, tmp_path, owner):
    authority.answer, code = failing(pki, name, tmp_path)
    service.promise(None, at=NOON)
    pk = Stamp.objects.get().pk
    before = Entry.objects.count()
    assert service.try_stamp(None, pk, at=NOON) == code
    assert Entry.objects.count() == before
    kept = Reply.objects.get(stamp=pk)
    assert (kept.code, bool(bytes(kept.body))) == (code, True)
    view = queries.standing(owner, at=NOON).latest[0]
    assert (view.state, view.code, view.tries) == (StampState.WAITING, code, 1)
    assert view.text.zh
    assert queries.bounds(owner, [0])[0] == queries.Bounds(None, None)


def test_the_next_answer_heals_it(ready, authority, honest):
    authority.answer = lambda _asked: b"busy"
    service.promise(None, at=NOON)
    pk = Stamp.objects.get().pk
    service.try_stamp(None, pk, at=NOON)
    authority.answer = honest.answer
    assert service.try_stamp(None, pk, at=NOON + timedelta(minutes=1)) == ""
    assert Stamp.objects.get(pk=pk).state == "verified"
    assert Reply.objects.filter(stamp=pk).count() == 2


def test_a_huge_a_slow_and_a_broken_answer_come_to_nothing(ready, authority, monkeypatch):
    service.promise(None, at=NOON)
    pk = Stamp.objects.get().pk
    authority.answer = lambda _asked: b"x" * (outside.LARGEST_REPLY + 1)
    assert service.try_stamp(None, pk, at=NOON) == "too_large"
    assert len(bytes(Reply.objects.get(stamp=pk).body)) == outside.LARGEST_REPLY
    authority.status = 503
    assert service.try_stamp(None, pk, at=NOON) == "http_status"
    authority.status, authority.wait = 200, 1.0
    monkeypatch.setattr(egress, "ANSWER_SECONDS", 0.1)
    assert service.try_stamp(None, pk, at=NOON) == "broken"
    authority.wait, authority.drips, authority.answer = 0.0, True, lambda _asked: b"x" * 1000
    monkeypatch.setattr(egress, "ANSWER_SECONDS", 8.0)
    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.3)
    assert service.try_stamp(None, pk, at=NOON) in ("broken", "stamp_unreadable")


def test_a_private_address_is_not_called_unless_it_is_allowed(configure, authority, write_entries):
    configure(one_authority(authority).replace("private = true", "private = false"))
    write_entries(at=NOON)
    service.promise(None, at=NOON)
    assert service.try_stamp(None, Stamp.objects.get().pk, at=NOON) == "address_private"
    assert authority.asked == []


def test_a_revoked_certificate_is_found_by_the_list_that_its_settings_name(configure, authority, pki, write_entries):
    at = NOON - timedelta(days=1)
    authority.files["/ca.crl"] = pki.revocations(pki.good.certificate.serial_number, at)
    configure(one_authority(authority, revocations=f'["http://127.0.0.1:{authority.port}/ca.crl"]'))
    write_entries(at=NOON)
    service.promise(None, at=NOON)
    pk = Stamp.objects.get().pk
    assert service.try_stamp(None, pk, at=NOON) == "stamp_certificate_revoked"
    authority.files["/ca.crl"] = pki.revocations(None, NOON)
    assert service.try_stamp(None, pk, at=NOON + timedelta(hours=1)) == "stamp_certificate_revoked"  # the list is young
    assert service.try_stamp(None, pk, at=NOON + timedelta(hours=13)) == ""
    assert Stamp.objects.get(pk=pk).is_revocation_known


def test_a_list_that_is_away_is_told_as_not_known(configure, authority, write_entries):
    configure(one_authority(authority, revocations='["http://127.0.0.1:9/ca.crl"]'))
    write_entries(at=NOON)
    service.promise(None, at=NOON)
    service.try_stamp(None, Stamp.objects.get().pk, at=NOON)
    assert not Stamp.objects.get().is_revocation_known


def test_without_pinned_roots_a_token_is_kept_and_not_believed(configure, authority, write_entries, owner):
    configure(one_authority(authority).replace('roots = "roots.pem"\n', ""))
    seqs = write_entries(at=NOON)
    service.promise(None, at=NOON)
    assert service.try_stamp(None, Stamp.objects.get().pk, at=NOON) == "stamp_no_roots"
    assert Stamp.objects.get().state == "unverified"
    assert last_entry().refs["check"] == "unverified"
    assert queries.bounds(owner, seqs)[seqs[0]].not_after is None
    assert queries.standing(owner, at=NOON).code == "E_TIME_PENDING"


def test_a_later_head_takes_the_place_of_one_that_waits(ready, write_entries):
    service.promise(None, at=NOON)
    first = Stamp.objects.get()
    write_entries(at=NOON)
    service.promise(None, at=NOON + timedelta(hours=1))
    first.refresh_from_db()
    assert first.state == "superseded"
    assert service.try_stamp(None, first.pk, at=NOON) == ""
    assert Stamp.objects.get(state="waiting").size > first.size


def test_two_attempts_at_once_write_one_entry(ready, authority, honest, monkeypatch):
    """While the first attempt waits for its answer, a second one asks, is answered and writes."""
    service.promise(None, at=NOON)
    pk = Stamp.objects.get().pk

    real = stamping.outside.ask_time

    def twice(*words):
        came = real(*words)
        if len(authority.asked) == 1:
            assert service.try_stamp(None, pk, at=NOON) == ""
        return came

    monkeypatch.setattr(stamping.outside, "ask_time", twice)
    service.try_stamp(None, pk, at=NOON)
    assert len(authority.asked) == 2
    assert Entry.objects.filter(kind="time.anchor").count() == 1
    assert Stamp.objects.get(pk=pk).state == "verified"
    assert Reply.objects.filter(stamp=pk).count() == 2


def test_a_worker_that_lost_its_lease_writes_nothing(ready, authority):
    """Killed or too slow: whoever took the job over has asked anew, and only one of them may write."""
    service.promise(None, at=NOON)
    row = Stamp.objects.get()
    job = Job.objects.get(kind="anchors.stamp")
    gone = Claim(job.pk, job.kind, job.args, job.key, None, job.fence + 1, 1)
    with pytest.raises(jobs.LostLease):
        service.try_stamp(None, row.pk, at=NOON, writing=lambda: jobs.writing(gone, at=NOON))
    assert len(authority.asked) == 1
    assert not Reply.objects.exists()
    assert not Entry.objects.filter(kind="time.anchor").exists()
    assert service.try_stamp(None, row.pk, at=NOON) == ""
    assert Entry.objects.filter(kind="time.anchor").count() == 1


def test_a_password_goes_out_and_nowhere_else(configure, folder, authority, write_entries, caplog):
    (folder / "keys").mkdir(exist_ok=True)
    (folder / "keys" / "tsa.password").write_text("hunter2hunter2\n")
    configure(one_authority(authority, user='"app"', password_file='"tsa.password"'))
    write_entries(at=NOON)
    service.promise(None, at=NOON)
    service.try_stamp(None, Stamp.objects.get().pk, at=NOON)
    assert authority.asked[0][1]["Authorization"] == "Basic YXBwOmh1bnRlcjJodW50ZXIy"
    assert "hunter2" not in caplog.text
    assert not any(b"hunter2" in bytes(row.request) for row in Reply.objects.all())


@pytest.mark.parametrize(
    "text",
    [
        "[[authority]]\nname = 'X y'\nurl = 'https://a.example'",
        "[[authority]]\nname = 'x'",
        "[[authority]]\nname = 'x'\nurl = 'ftp://a.example'",
        "[[authority]]\nname = 'x'\nurl = 'https://u:p@a.example'",
        "[[authority]]\nname = 'x'\nurl = 'http://a.example'\nuser = 'u'",
        "[[authority]]\nname = 'x'\npreset = 'nobody'",
        "[[authority]]\nname = 'x'\nurl = 'https://a.example'\npassword = 'secretsecret'",
        "[[authority]]\nname='x'\nurl='https://a.example'\n[[authority]]\nname='x'\nurl='https://b.example'",
        "every_minutes = 0",
        "[[deposit]]\nname = 'x'\npreset = 'netcourt'\nurl = 'http://a.example'\nenabled = true",
        "not toml",
    ],
)
def test_bad_settings_are_named_and_quote_no_secret(configure, text):
    configure(text)
    with pytest.raises(BadAnchors) as refused:
        queries.check_data()
    assert "secretsecret" not in str(refused.value)


def test_bad_settings_are_told_and_stop_nothing_else(configure, write_entries, owner):
    configure("not toml")
    write_entries(at=NOON)
    standing = queries.standing(owner, at=NOON)
    assert standing.problem.problem_code == "bad_anchors"


def test_who_may_ask_for_it(ready, agent, owner):
    with pytest.raises(NotAllowed):
        service.force(agent, at=NOON)
    service.force(owner, at=NOON)
    service.force(owner, at=NOON)
    assert Job.objects.filter(kind="anchors.force").count() == 1


def test_the_jobs_do_it_all(ready, authority):
    from cardcase.jobs import registry

    registry.discover()
    tasks.promise(Claim(1, "anchors.promise", {}, "", None, 1, 1))
    Worker(queues=["anchors"]).run_due(limit=5, is_over=lambda: False)
    assert Stamp.objects.get().state == "verified"
    assert not Job.objects.filter(state__in=["stuck", "waiting"], queue="anchors").exists()


def test_at_the_command_line_one_waits_for_the_answer(ready, owner, authority):
    seen = service.stamp_now(owner, at=NOON)
    assert [(one.authority, one.state) for one in seen] == [("first", StampState.VERIFIED)]
    assert service.stamp_now(owner, at=NOON + timedelta(seconds=1))[0].state is StampState.VERIFIED


def test_a_record_is_bounded_on_both_sides(configure, authority, pki, write_entries, owner):
    configure(one_authority(authority))
    hours = [timedelta(hours=n) for n in range(4)]
    groups = []
    for at in (NOON + hour for hour in hours):
        authority.answer = certomancer(pki.good, pki.chain, at=at)
        groups.append(write_entries(2, at=at))
        size = service.promise(None, at=at + timedelta(minutes=1))
        service.try_stamp(None, Stamp.objects.get(size=size).pk, at=at)
    late = write_entries(1, at=NOON + timedelta(hours=9))
    found = queries.bounds(owner, [seq for group in [*groups, late] for seq in group])
    for number, group in enumerate(groups):
        for seq in group:
            assert found[seq].not_after == NOON + hours[number]
            assert found[seq].not_before == (NOON + hours[number - 1] if number else None)
    assert found[late[0]] == queries.Bounds(NOON + hours[3], None)
    second = sorted(Stamp.objects.values_list("size", flat=True))[1]  # a reader who holds the second head at most
    held = queries.bounds(owner, [groups[1][0], groups[3][0]], up_to=second)
    assert held[groups[1][0]] == found[groups[1][0]]
    assert held[groups[3][0]] == queries.Bounds(NOON + hours[1], None)


def test_accuracy_widens_the_bounds(ready, owner):
    service.stamp_now(owner, at=NOON)
    row = Stamp.objects.get()
    assert row.accuracy_ms == 1000
    assert queries.bounds(owner, ready)[ready[0]].not_after == row.gen_time + timedelta(seconds=1)


def test_what_is_given_to_buyers_is_the_newest_signed_head(ready, owner):
    assert queries.copy(owner) is None
    service.stamp_now(owner, at=NOON)
    told = queries.copy(owner)
    head = note.Checkpoint.parse(note.split(told.note)[0])
    assert (told.size, head.size) == (head.size, told.size)
    assert str(told.size) in told.line.zh
    assert told.root_short in told.line.en
