"""Adding to the record, reading it back, signing it, and refusing to sign what is not its continuation."""

import json
import stat
import time

import pytest
from django.db import DatabaseError, connection, transaction

from cardcase.custody import erasing, keys, queries, service
from cardcase.custody import head as heads
from cardcase.custody.models import Checkpoint, Entry, Head, Opening
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import merkle, note
from cardcase.kit.errors import NotAllowed, Refused
from cardcase.staff.rules import Actor
from pace import pace

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system(0)


def record(subject: str = "case_1", at=None, kind: str = "case.opened", **changes) -> service.Record:
    return service.Record(kind, subject, at, changes.pop("facts", {"阶段": "退款"}), **changes)


def fill(actor, noon, count: int, subjects: int = 3) -> list[service.EntryRef]:
    return service.append_many(actor, [record(f"case_{n % subjects}", noon, facts={"n": n}) for n in range(count)])


def verifier() -> note.Verifier:
    return note.Verifier.parse(queries.vkey(SYSTEM))


# ---- appending --------------------------------------------------------------------------------------------------


def test_the_first_entry_opens_the_log_and_names_its_key(owner, noon):
    ref = service.append(owner, record(at=noon))
    first = form.decode(bytes(Entry.objects.get(seq=0).data))
    assert ref.seq == 1
    assert first.kind == "custody.opened"
    assert first.refs["vkey"] == queries.vkey(SYSTEM)
    assert first.cprev is None


def test_entries_of_a_subject_are_counted_and_chained(owner, noon):
    refs = fill(owner, noon, 7)
    later = service.append(owner, record("case_0", noon))
    entry = form.decode(bytes(Entry.objects.get(seq=later.seq).data))
    assert (entry.cseq, entry.cprev) == (4, refs[6].leaf)


def test_history_says_who_did_what_when(owner, agent, noon):
    service.append(owner, record(at=noon, facts={"amount_fen": 19300, "理由": "余额不足"}))
    service.append(agent, record(at=noon, kind="case.noted"))
    one, two = queries.history(owner, ["case_1"])
    assert (one.kind, one.actor_kind, one.actor_label, one.at) == ("case.opened", "staff", owner.label, noon)
    assert one.facts == {"amount_fen": 19300, "理由": "余额不足"}
    assert two.actor_label == agent.label
    assert one.seq < two.seq


def test_another_shop_reads_nothing(owner, stranger, noon):
    service.append(owner, record(at=noon))
    assert queries.history(stranger, ["case_1"]) == []
    assert queries.entries(stranger, ["case_1"]) == []


def test_a_leaf_holds_neither_words_nor_names(owner, noon):
    service.append(
        owner, record(at=noon, facts={"理由": "余额不足"}, contents=[service.Content("message", "卡是坏的".encode())])
    )
    for data in Entry.objects.values_list("data", flat=True):
        text = bytes(data).decode("ascii")
        assert owner.label not in text
        assert "余额" not in json.loads(text).__repr__()


def test_the_same_facts_twice_give_different_commitments(owner, noon):
    fill(owner, noon, 2)
    service.append_many(owner, [record(at=noon), record(at=noon)])
    commits = [
        one.commit for data in Entry.objects.values_list("data", flat=True) for one in form.decode(bytes(data)).contents
    ]
    assert len(set(commits)) == len(commits)


def test_a_person_has_one_pseudonym_in_a_case_and_another_in_the_next(owner, agent, noon):
    service.append_many(owner, [record("case_1", noon), record("case_1", noon), record("case_2", noon)])
    service.append(agent, record("case_1", noon))
    ids = [form.decode(bytes(data)).actor_id for data in Entry.objects.order_by("seq").values_list("data", flat=True)]
    assert ids[1] == ids[2]
    assert len({ids[1], ids[3], ids[4]}) == 3


def test_bytes_that_live_elsewhere_are_committed_to_but_not_kept(owner, noon):
    content = service.Content("exhibit/ev_1", "在吗".encode(), keep=False)
    service.append(owner, record(at=noon, contents=[content]))
    kept = queries.entries(owner, ["case_1"])[0].contents[1]
    assert kept.body is None
    assert form.opens(kept.salt, kept.role, "在吗".encode(), kept.commit)


def test_nothing_is_added_when_one_record_is_bad(owner, noon):
    with pytest.raises(service.BadEntry):
        service.append_many(owner, [record(at=noon), record("买家", noon)])
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_appending_outside_a_transaction_is_refused(owner, noon):
    with pytest.raises(service.OutsideTransaction):
        service.append(owner, record(at=noon))


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_the_transaction_that_it_was_written_in(owner, noon):
    def work() -> None:
        with transaction.atomic():
            fill(owner, noon, 5)
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        work()
    assert not Entry.objects.exists()
    with transaction.atomic():
        fill(owner, noon, 5)
    assert queries.verify_all().is_intact
    assert queries.verify_all().size == 6


def test_the_stored_tree_proves_every_entry_and_its_growth(owner, noon):
    fill(owner, noon, 40)
    size = Head.objects.get().size
    root = heads.root_of(Head.objects.get())
    entries = queries.entries(owner, [f"case_{n}" for n in range(3)])
    proofs = queries.inclusion_proofs(owner, [one.seq for one in entries], size)
    assert len(proofs) == 40
    assert all(merkle.is_included(one.leaf, one.seq, size, proofs[one.seq], root) for one in entries)
    fill(owner, noon, 9)
    grown = heads.root_of(Head.objects.get())
    assert merkle.is_consistent(size, size + 9, root, grown, queries.consistency_proof(owner, size, size + 9))


# ---- guards -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sql", [
    "UPDATE custody_entry SET kind = 'case.closed'", "DELETE FROM custody_entry WHERE seq = 2",
    "UPDATE custody_entry SET nodes = ''",
    "UPDATE custody_checkpoint SET note = ''", "DELETE FROM custody_checkpoint",
])  # fmt: skip
def test_the_database_refuses_to_change_or_remove(owner, noon, sql):
    fill(owner, noon, 4)
    service.checkpoint(owner, at=noon)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert queries.verify_all().is_intact


def test_a_missing_guard_is_noted(owner, noon):
    fill(owner, noon, 1)
    with connection.cursor() as cursor:
        on = " ON custody_entry" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER custody_entry_not_updated{on}")
    told = queries.verify_all().notes
    assert [one.place for one in told if one.code == "guard_missing"] == ["custody_entry_not_updated"]


def test_flush_refuses_a_database_that_is_not_for_tests(monkeypatch):
    from django.core.management import call_command

    monkeypatch.setitem(connection.settings_dict, "NAME", "cardcase")
    monkeypatch.setitem(connection.settings_dict["TEST"], "NAME", None)
    with pytest.raises(Refused, match="never emptied"):
        call_command("flush", interactive=False)


# ---- signing ----------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_signed_by_the_key_that_the_log_names(owner, noon, data):
    fill(owner, noon, 5)
    text = service.checkpoint(owner, at=noon)
    signed = note.open_checkpoint(text, verifier())
    assert (signed.size, signed.root) == (6, heads.root_of(Head.objects.get()))
    assert (data / "head.note").read_text() == text
    assert service.check_head().status is service.HeadStatus.GOOD


def test_an_unchanged_record_is_not_signed_twice(owner, noon):
    fill(owner, noon, 5)
    assert service.checkpoint(owner, at=noon) == service.checkpoint(owner, at=noon)
    assert Checkpoint.objects.count() == 1


def test_the_key_file_is_for_its_owner_only(owner, noon, data):
    fill(owner, noon, 1)
    path = data / "keys" / "log.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(one.name for one in path.parent.iterdir()) == ["log.key", "record"]


def test_openssl_reads_the_key_and_agrees_on_the_signature(owner, noon, data, tmp_path):
    """The recipe for people who trust no Python: openssl pkeyutl over the text of the note."""
    import subprocess

    fill(owner, noon, 3)
    text, (signature,) = note.split(service.checkpoint(owner, at=noon))
    (tmp_path / "text").write_text(text)
    (tmp_path / "sig").write_bytes(signature.body)
    openssl = ["openssl", "pkeyutl", "-verify", "-rawin", "-inkey", data / "keys" / "log.key"]
    done = subprocess.run(
        [*openssl, "-in", tmp_path / "text", "-sigfile", tmp_path / "sig"], capture_output=True, text=True, check=False
    )
    assert "Verified Successfully" in done.stdout + done.stderr


def test_a_smaller_record_is_not_signed(owner, noon, data):
    fill(owner, noon, 9)
    point = transaction.savepoint()
    fill(owner, noon, 5)
    service.checkpoint(owner, at=noon)
    transaction.savepoint_rollback(point)
    assert service.check_head().status is service.HeadStatus.SHRUNK
    with pytest.raises(service.NotContinuous):
        service.checkpoint(owner, at=noon)
    assert "signed_head_shrunk" in [one.code for one in queries.verify_all().faults]


def test_a_different_record_of_the_same_size_is_not_signed(owner, noon, data):
    fill(owner, noon, 9)
    point = transaction.savepoint()
    fill(owner, noon, 5)
    service.checkpoint(owner, at=noon)
    transaction.savepoint_rollback(point)
    fill(owner, noon, 8)
    assert service.check_head().status is service.HeadStatus.FORKED
    with pytest.raises(service.NotContinuous):
        service.checkpoint(owner, at=noon)


def test_a_record_that_lost_its_past_in_silence_is_not_signed(owner, noon, data):
    fill(owner, noon, 2)
    elsewhere = note.Signer.of("cardcase.local/log_elsewhere", bytes(32))
    (data / "head.note").write_text(note.sign_checkpoint(note.Checkpoint(elsewhere.name, 90, bytes(32)), elsewhere))
    assert service.check_head().status is service.HeadStatus.FOREIGN
    with pytest.raises(service.NotContinuous):
        service.checkpoint(owner, at=noon)


def test_a_new_record_names_the_head_of_the_one_before_and_keeps_it(owner, noon, data):
    elsewhere = note.Signer.of("cardcase.local/log_elsewhere", bytes(32))
    former = note.sign_checkpoint(note.Checkpoint(elsewhere.name, 90, bytes(32)), elsewhere)
    (data / "head.note").write_text(former)
    fill(owner, noon, 2)
    assert service.check_head().status is service.HeadStatus.SUCCEEDED
    service.checkpoint(owner, at=noon)
    assert [path.read_text() for path in data.glob("head.*.note")] == [former]
    assert service.check_head().status is service.HeadStatus.GOOD


def test_a_damaged_head_file_is_not_signed_over(owner, noon, data):
    fill(owner, noon, 2)
    service.checkpoint(owner, at=noon)
    fill(owner, noon, 2)
    (data / "head.note").write_bytes(b"\xff\x00")
    assert service.check_head().status is service.HeadStatus.UNREADABLE
    with pytest.raises(service.NotContinuous):
        service.checkpoint(owner, at=noon)


def test_an_owner_lets_a_restored_record_go_on_under_a_new_name(owner, noon, data):
    fill(owner, noon, 9)
    point = transaction.savepoint()
    fill(owner, noon, 5)
    service.checkpoint(owner, at=noon)
    transaction.savepoint_rollback(point)
    old = queries.vkey(SYSTEM)
    new = service.continue_as_new_log(owner, "恢复了昨晚的备份", at=noon)
    assert new != old
    assert service.check_head().status is service.HeadStatus.SUCCEEDED
    fill(owner, noon, 5)
    signed = note.open_checkpoint(service.checkpoint(owner, at=noon), verifier())
    assert signed.size == 16
    report = queries.verify_all()
    assert report.is_intact, report.faults


def test_a_lost_key_stops_signing_until_the_owner_names_a_new_one(owner, noon, data):
    fill(owner, noon, 3)
    service.checkpoint(owner, at=noon)
    fill(owner, noon, 3)
    (data / "keys" / "log.key").unlink()
    with pytest.raises(keys.NoSigningKey):
        service.checkpoint(owner, at=noon)
    service.continue_as_new_log(owner, "密钥丢失", at=noon)
    service.checkpoint(owner, at=noon)
    assert queries.verify_all().is_intact


def test_only_the_owner_and_only_in_need_may_begin_a_new_name(owner, lead, noon):
    fill(owner, noon, 3)
    with pytest.raises(NotAllowed):
        service.continue_as_new_log(lead, "x", at=noon)
    with pytest.raises(Refused):
        service.continue_as_new_log(owner, "x", at=noon)


@pytest.mark.django_db(transaction=True)
def test_what_is_not_committed_is_not_signed(owner, noon):
    def work() -> None:
        with transaction.atomic():
            fill(owner, noon, 3)
            service.checkpoint(owner, at=noon)

    with pytest.raises(RuntimeError, match="durable"):
        work()
    assert not Checkpoint.objects.exists()


# ---- verifying everything ---------------------------------------------------------------------------------------


def tamper(sql: str, *values) -> None:
    """Change the tables the way somebody with the database file would: past the guards."""
    from cardcase.custody import guards

    with guards.opened(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def codes(report) -> set[str]:
    return {one.code for one in report.faults}


def test_an_intact_record_verifies_and_tells_its_progress(owner, noon):
    fill(owner, noon, 30)
    service.checkpoint(owner, at=noon)
    fill(owner, noon, 1500, subjects=40)
    service.checkpoint(owner, at=noon)
    seen = []
    report = queries.verify_all(lambda done, total: seen.append((done, total)))
    assert report.is_intact, report.faults
    assert (report.size, report.checked_checkpoints, report.signed_size) == (1531, 2, 1531)
    assert report.checked_contents == 1531
    assert seen == [(1024, 1531), (1531, 1531)]
    assert "不说明记录时的内容属实" in report.as_text()


def test_an_empty_record_is_intact(db):
    assert queries.verify_all().is_intact


def test_altered_bytes_are_found_and_named(owner, noon):
    fill(owner, noon, 20)
    service.checkpoint(owner, at=noon)
    data = bytes(Entry.objects.get(seq=11).data).replace(b"case.opened", b"case.closed")
    tamper("UPDATE custody_entry SET data = %s WHERE seq = 11", data)
    report = queries.verify_all()
    assert report.first_bad == 11
    assert {"leaf_differs", "columns_differ", "chain_broken", "checkpoint_differs"} <= codes(report)
    assert report.faults[0].place == "entry 11"
    assert "第 11 条" in report.faults[0].text.zh


def test_altered_bytes_with_a_new_hash_are_found_too(owner, noon):
    fill(owner, noon, 20)
    data = bytes(Entry.objects.get(seq=20).data).replace(b"case.opened", b"case.closed")
    tamper(
        "UPDATE custody_entry SET data = %s, leaf = %s, kind = 'case.closed' WHERE seq = 20",
        data, merkle.leaf_hash(data),
    )  # fmt: skip
    assert codes(queries.verify_all()) >= {"head_differs"}


@pytest.mark.parametrize(("sql", "code", "first"), [
    ("DELETE FROM custody_entry WHERE seq = 7", "entry_missing", 7),
    ("DELETE FROM custody_entry WHERE seq >= 18", "entries_missing", 18),
    ("UPDATE custody_entry SET subject = 'case_9' WHERE seq = 5", "columns_differ", 5),
    ("UPDATE custody_entry SET kind = 'case.closed' WHERE seq = 5", "columns_differ", 5),
    ("UPDATE custody_opening SET key_id = 77 WHERE id = 4 * 256", "content_locked", 4),
    ("DELETE FROM custody_opening WHERE id = 6 * 256", "contents_differ", 6),
    ("UPDATE custody_entry SET nodes = leaf WHERE seq = 7", "node_differs", None),
    ("UPDATE custody_head SET size = 3", "signed_head_broken", None),
])  # fmt: skip
def test_what_was_done_to_the_tables_is_found(owner, noon, sql, code, first):
    fill(owner, noon, 20)
    if sql.startswith("DELETE FROM custody_entry"):  # somebody with the file would remove both
        tamper(sql.replace("custody_entry", "custody_opening").replace("seq", "id / 256"))
    tamper(sql)
    report = queries.verify_all()
    assert code in codes(report)
    assert report.first_bad == first


def test_an_altered_fact_is_found(owner, noon):
    fill(owner, noon, 20)
    sealed = bytearray(Opening.objects.get(id=form.opening_id(9, 0)).sealed)
    sealed[40] ^= 1
    tamper("UPDATE custody_opening SET sealed = %s WHERE id = 9 * 256", bytes(sealed))
    report = queries.verify_all()
    assert (codes(report), report.first_bad) == ({"content_locked"}, 9)


def test_an_entry_moved_to_another_shop_is_found(owner, noon, other_shop):
    fill(owner, noon, 5)
    tamper("UPDATE custody_entry SET shop_id = %s WHERE seq = 3", other_shop.pk)
    assert codes(queries.verify_all()) == {"shop_differs"}


def test_an_erased_content_leaves_the_record_intact(owner, noon):
    fill(owner, noon, 5)
    with transaction.atomic():
        erasing.withdraw(owner, "case_2", [3], kind="content.erased", ground="buyer_request", at=noon, refs={})
    report = queries.verify_all()
    assert report.is_intact
    assert report.erased_contents == 1
    assert queries.history(owner, ["case_2"])[0].facts == {}


def test_a_content_that_is_gone_without_an_entry_that_names_it_is_a_fault(owner, noon):
    fill(owner, noon, 5)
    Opening.objects.filter(id=form.opening_id(3, 0)).update(sealed=None)
    report = queries.verify_all()
    assert (codes(report), report.first_bad) == ({"content_missing"}, 3)


def test_a_checkpoint_of_somebody_else_is_found(owner, noon):
    fill(owner, noon, 5)
    service.checkpoint(owner, at=noon)
    forged = note.sign_checkpoint(note.Checkpoint(Head.objects.get().origin, 6, bytes(32)),
                                  note.Signer.of(Head.objects.get().origin, bytes(32)))  # fmt: skip
    tamper("UPDATE custody_checkpoint SET note = %s", forged)
    assert codes(queries.verify_all()) == {"checkpoint_differs", "checkpoint_sum_differs"}


# ---- figures ----------------------------------------------------------------------------------------------------


def test_ten_thousand_entries_go_in_at_a_good_rate(owner, noon):
    """A loose floor beside a plain loop."""
    records = [record(f"conv_{n % 400}", noon, facts={"n": n, "words": "你好"}) for n in range(10_000)]
    began = time.process_time()
    service.append_many(owner, records)
    spent = time.process_time() - began
    assert spent < 35 * pace()
    assert queries.verify_all().size == 10_001


def test_the_system_writes_as_the_system(system, noon):
    service.append(system, record(at=noon))
    assert queries.history(system, ["case_1"])[0].actor_kind == "system"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shared_database")
def test_writers_at_the_same_time_make_one_log(owner, noon):
    """Eight threads append at once; every entry is there once, the chains hold and the tree is one."""
    import threading

    from django.db import connections

    def work(number: int) -> None:
        try:
            for n in range(10):
                with transaction.atomic():
                    service.append(owner, record(f"case_{n % 3}", noon, facts={"by": number}))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = queries.verify_all()
    assert (report.size, report.faults) == (81, ())
