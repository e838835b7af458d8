"""Everything that can be done to the live record is found, and named by its first bad entry: 100 %, with no false alarm.

The triggers are dropped first. What nobody can find from within – a whole unsigned end, cut off cleanly – is said.
Not evidence, and so not held to account: when a checkpoint's row was written, and the key of the pseudonyms.
"""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from cardcase.custody import guards, keys, log, queries, sealing, service, succession
from cardcase.custody import head as heads
from cardcase.custody.models import Checkpoint, Entry, Head, Opening, SubjectKey, stored
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import merkle, note
from custody.tampering import (
    LAST,
    SEQS,
    SIGNED,
    SIZE,
    TURNED,
    Change,
    build,
    data_of,
    drop_guards,
    entry,
    flipped,
    judge,
    openings_of,
    rebuild,
    sql,
    undone,
)  # fmt: skip

pytestmark = pytest.mark.django_db


def update(seq: int, **columns):
    return lambda: Entry.objects.filter(seq=seq).update(**columns)


# ---- entries ------------------------------------------------------------------------------------------------------


def entry_changes(other_shop, *, stride: int) -> Iterator[Change]:
    for seq in SEQS:
        row, data = entry(seq), data_of(seq)
        for at in range(0, len(data), stride):
            yield Change(f"byte {at} of entry {seq}", update(seq, data=flipped(data, at, 1 << at % 7)), seq)
        yield Change(f"entry {seq} cut", update(seq, data=data[:-1]), seq)
        yield Change(f"entry {seq} longer", update(seq, data=data + b" "), seq)
        yield Change(f"entry {seq} emptied", update(seq, data=b""), seq)
        yield Change(f"entry {seq} is another", update(seq, data=data_of((seq + 5) % SIZE)), seq)
        for at in range(0, 32, 5):
            yield Change(f"hash of {seq}", update(seq, leaf=flipped(bytes(row.leaf), at)), seq)
        yield Change(f"hash of {seq} cut", update(seq, leaf=bytes(row.leaf)[:-1]), seq)
        yield Change(f"subject of {seq}", update(seq, subject="case_9"), seq)
        yield Change(f"count of {seq}", update(seq, cseq=900), seq)
        yield Change(f"kind of {seq}", update(seq, kind="case.closed"), seq)
        yield Change(f"moment of {seq}", update(seq, at=row.at.replace(microsecond=1)), seq)
        if row.shop_id is not None:
            yield Change(f"shop of {seq}", update(seq, shop_id=other_shop.pk), seq)
            yield Change(f"no shop of {seq}", update(seq, shop_id=None), seq)


def test_every_region_of_an_entry(world, other_shop):
    count, missed = judge(entry_changes(other_shop, stride=29), world)
    assert missed == []
    assert count > 150


@pytest.mark.night
def test_every_byte_of_every_entry(world, other_shop):
    count, missed = judge(entry_changes(other_shop, stride=1), world)
    assert missed == []
    assert count > 2000


def renumber(seq: int, to: int) -> None:
    Entry.objects.filter(seq=seq).update(seq=to)
    for row in openings_of(seq):
        Opening.objects.filter(id=row.id).update(id=form.opening_id(to, form.place_of(row.id)[1]))


def swap(one: int, other: int, columns: tuple[str, ...]) -> None:
    first, second = entry(one), entry(other)
    Entry.objects.filter(seq=other).update(**{name: getattr(first, name) for name in columns})
    Entry.objects.filter(seq=one).update(**{name: getattr(second, name) for name in columns})


def swap_numbers(one: int, other: int) -> None:
    renumber(one, 10_000)
    renumber(other, one)
    renumber(10_000, other)


def remove(seq: int) -> None:
    openings_of(seq).delete()
    Entry.objects.filter(seq=seq).delete()


def insert(seq: int, **changes) -> None:
    row = entry(3)
    values = {
        name: getattr(row, name) for name in ("data", "leaf", "nodes", "subject", "cseq", "kind", "at", "shop_id")
    }
    Entry.objects.create(seq=seq, **{**values, "cseq": 900 + abs(seq) % 90, **changes})


def order_changes() -> Iterator[Change]:
    for seq in SEQS:
        yield Change(f"entry {seq} removed", lambda seq=seq: remove(seq), seq)
        yield Change(f"contents of {seq} removed", lambda seq=seq: openings_of(seq).delete(), seq)
        yield Change(f"{seq} renumbered far", lambda seq=seq: renumber(seq, 5000), seq)
        yield Change(f"{seq} renumbered below", lambda seq=seq: renumber(seq, -7), -7)
    for one, other in ((2, 7), (7, SIGNED + 1), (LAST - 1, LAST), (LAST + 1, SIZE - 1)):
        yield Change(f"{one} and {other} change places", lambda o=one, p=other: swap_numbers(o, p), one)
        yield Change(f"bytes of {one} and {other}", lambda o=one, p=other: swap(o, p, ("data", "leaf")), one)
    for cut in (1, SIGNED, LAST - 1, LAST, SIZE - 1):
        yield Change(f"cut at {cut}", lambda cut=cut: [remove(seq) for seq in range(SIZE - 1, cut - 1, -1)], cut)
    for at in (8, LAST + 1):
        yield Change(
            f"a gap closed at {at}",
            lambda at=at: [remove(at), *(renumber(seq, seq - 1) for seq in range(at + 1, SIZE))], at,
        )  # fmt: skip
    yield Change("one put behind", lambda: insert(SIZE), SIZE)
    yield Change("a well-formed one put behind", well_formed_behind, SIZE)
    yield Change("one put far behind", lambda: insert(SIZE + 40), SIZE)
    yield Change("one put before", lambda: insert(-1), -1)


def well_formed_behind() -> None:
    last = max(
        (one for one in map(form.decode, map(data_of, range(SIZE))) if one.subject == "case_2"), key=lambda o: o.seq
    )
    cprev = merkle.leaf_hash(data_of(last.seq)).hex()
    told = last._replace(seq=SIZE, cseq=last.cseq + 1, cprev=cprev, contents=())
    data = form.encode(told)
    insert(SIZE, data=data, leaf=merkle.leaf_hash(data), subject="case_2", cseq=told.cseq, kind=told.kind)


def test_order_numbers_gaps_and_strangers(world):
    count, missed = judge(order_changes(), world)
    assert missed == []
    assert count > 45


# ---- tree ---------------------------------------------------------------------------------------------------------


def node_changes() -> Iterator[Change]:
    for row in Entry.objects.order_by("seq"):
        nodes, seq = bytes(row.nodes), row.seq
        for level in range(1, len(nodes) // 32 + 1):
            bent = flipped(nodes, (level - 1) * 32 + seq % 32)
            yield Change(f"node {level} at {seq}", update(seq, nodes=bent))
            gone = nodes[: (level - 1) * 32] + nodes[level * 32 :]
            yield Change(f"node {level} at {seq} removed", update(seq, nodes=gone))
        yield Change(f"a node put in at {seq}", update(seq, nodes=nodes + bytes(32)))
        if nodes:
            yield Change(f"nodes at {seq} cut", update(seq, nodes=nodes[:-1]))
            yield Change(f"no nodes at {seq}", update(seq, nodes=b""))


def test_every_node_of_the_tree(world):
    count, missed = judge(node_changes(), world)
    assert missed == []
    assert count == 2 * (SIZE - SIZE.bit_count()) + SIZE + 2 * (SIZE // 2)


# ---- signed heads, the head row, the files ------------------------------------------------------------------------


def checkpoint_changes(owner) -> Iterator[Change]:
    head = Head.objects.get()
    notes = dict(Checkpoint.objects.values_list("size", "note"))
    stranger = note.Signer.of(head.origin, bytes(32))
    for size, text in notes.items():
        mine = Checkpoint.objects.filter(size=size)
        for at in range(0, len(text), 11):
            other = "A" if text[at] != "A" else "B"
            yield Change(
                f"character {at} of head {size}",
                lambda m=mine, t=text, a=at, o=other: m.update(note=t[:a] + o + t[a + 1 :]),
            )
        for other in (size - 1, size + 1, SIZE + 9):
            yield Change(f"head {size} as {other}", lambda m=mine, o=other: m.update(size=o))
        yield Change(f"head {size} emptied", lambda m=mine: m.update(note=""))
        yield Change(f"head {size} removed", lambda m=mine: m.delete())
        others = [one for one in notes if one != size]
        yield Change(f"head {size} is another", lambda m=mine, o=notes[others[0]]: m.update(note=o))
        forged = note.sign_checkpoint(note.Checkpoint(head.origin, size, bytes(32)), stranger)
        yield Change(f"head {size} of a stranger", lambda m=mine, t=forged: m.update(note=t))
    right = note.Checkpoint(head.origin, SIZE, heads.root_of(head))
    wrong = note.Checkpoint(head.origin, SIZE, bytes(32))
    texts = [note.sign_checkpoint(right, stranger), note.sign_checkpoint(wrong, keys.signer(head.origin))]
    for text in texts:
        yield Change("a forged head put in", lambda t=text: stored.keep_note(SIZE, t, at=entry(0).at))


def head_changes() -> Iterator[Change]:
    rows, head = Head.objects.all(), Head.objects.get()
    peaks = bytes(head.peaks)
    for size in (0, 1, LAST, SIZE - 1):
        yield Change(f"head says {size}", lambda s=size: rows.update(size=s))
    for size in (SIZE + 1, 2 * SIZE):  # entries that the head speaks of are missing
        yield Change(f"head says {size}", lambda s=size: rows.update(size=s), SIZE)
    for at in range(0, len(peaks), 7):
        yield Change(f"peak byte {at}", lambda at=at: rows.update(peaks=flipped(peaks, at)))
    for what, value in (("cut", peaks[:-32]), ("longer", peaks + bytes(32)), ("gone", b"")):
        yield Change(f"peaks {what}", lambda v=value: rows.update(peaks=v))
    stranger = note.Signer.of(head.origin, bytes(32)).verifier.vkey
    yield Change("key of a stranger", lambda: rows.update(vkey=stranger))
    yield Change("the former key", lambda: rows.update(vkey=succession.keys_of(head.origin)[0].verifier.vkey))
    yield Change("no key", lambda: rows.update(vkey=""))
    yield Change("another name", lambda: rows.update(origin="cardcase.local/log_other"))
    yield Change("no head", rows.delete)


def file_changes(data, first: str) -> Iterator[Change]:
    for name in (heads.HEAD_FILE, heads.SUM_FILE):
        path = data / name
        kept = path.read_bytes()
        for at in range(0, len(kept), 3):
            yield Change(f"{name} byte {at}", lambda p=path, k=kept, a=at: p.write_bytes(flipped(k, a)), None,
                         name == heads.SUM_FILE and at < len(kept.split()[0]))  # fmt: skip
    path = data / heads.HEAD_FILE
    yield Change("head.note gone", path.unlink)
    yield Change("head.note emptied", lambda: path.write_bytes(b""))
    yield Change("head.note is an older one", lambda: path.write_text(first))
    yield Change("head.sum gone", (data / heads.SUM_FILE).unlink, None, is_noted=True)


def test_signed_heads_the_head_row_and_the_files(world, owner):
    first = stored.note_at(SIGNED)
    changes = [*checkpoint_changes(owner), *head_changes(), *file_changes(world, first)]
    count, missed = judge(iter(changes), world)
    assert missed == []
    assert count > 200


# ---- the careful forger -------------------------------------------------------------------------------------------


def rewrite(seq: int) -> None:
    """Change what an entry says and make everything in the database fit again: commitments, chains, tree, head."""
    row = openings_of(seq).first()
    key = sealing.cipher(row.key_id, bytes(SubjectKey.objects.get(id=row.key_id).half))
    salt, body = sealing.unseal(key, row.id, bytes(row.sealed))
    was = form.decode(data_of(seq)).contents[0]
    body = body.replace(b'"n":', b'"n":1')
    commitment = form.commit(salt, was.role, body)
    data = data_of(seq).replace(was.commit.hex().encode(), commitment.hex().encode())
    Opening.objects.filter(id=row.id).update(sealed=sealing.seal(key, row.id, salt, body))
    replaced = {merkle.leaf_hash(data_of(seq)).hex().encode(): merkle.leaf_hash(data).hex().encode()}
    Entry.objects.filter(seq=seq).update(data=data)
    for later in range(seq + 1, SIZE):
        before = after = data_of(later)
        for old, new in replaced.items():
            after = after.replace(old, new)
        if after != before:
            replaced[merkle.leaf_hash(before).hex().encode()] = merkle.leaf_hash(after).hex().encode()
            Entry.objects.filter(seq=later).update(data=after)
    rebuild(SIZE)


def test_a_past_that_was_rewritten_to_fit_is_found_by_the_heads(world):
    """No entry is bad by itself any more; the report says up to where the signed heads still fit."""
    for seq, fitting in ((3, 0), (SIGNED + 2, SIGNED), (TURNED + 3, TURNED + 1)):
        with undone(world):
            rewrite(seq)
            report = queries.verify_all()
        told = [one for one in report.faults if one.code == "checkpoint_differs"]
        assert told, seq
        assert f"up to size {fitting} they fit" in told[0].text.en
        assert "signed_head_forked" in [one.code for one in report.faults]


def test_what_is_rewritten_behind_the_last_head_is_said_to_be_unanchored(world):
    with undone(world):
        rewrite(LAST + 1)
        report = queries.verify_all()
    assert report.faults == ()
    (told,) = [one for one in report.notes if one.code == "unanchored"]
    assert f"Unanchored since entry {LAST}" in told.text.en
    assert report.anchored_size == LAST


def test_an_end_cut_off_behind_the_last_head_leaves_no_fault_but_the_saying(world):
    """Nothing can know of what was never signed: the report says from where on that holds, and until when it does not."""
    with undone(world):
        rebuild(SIZE - 2)
        report = queries.verify_all()
    assert report.faults == ()
    assert [one.place for one in report.notes if one.code == "unanchored"] == [f"entry {LAST}"]


def test_an_end_cut_off_before_the_last_head_is_found(world):
    with undone(world):
        rebuild(LAST - 3)
        report = queries.verify_all()
    assert {"signed_head_shrunk", "checkpoint_sum_differs"} <= {one.code for one in report.faults}


def test_who_has_database_and_files_is_found_by_a_copy_that_somebody_else_kept(world):
    """Everything goes back to an earlier state, files and all: only the copy knows better."""
    copy = stored.note_at(LAST)
    with undone(world):
        rebuild(TURNED + 1)
        (world / heads.HEAD_FILE).write_text(stored.note_at(TURNED + 1))
        (world / heads.SUM_FILE).unlink()
        heads.add_up_notes(Head.objects.get().origin)
        alone = queries.verify_all()
        against = queries.verify_all(copies=[copy])
    assert alone.faults == ()
    assert [one.code for one in against.faults] == ["copy_ahead"]
    assert against.first_bad == TURNED + 1


def test_a_past_that_was_rewritten_and_signed_anew_is_found_by_a_copy(world, owner, noon):
    copy = stored.note_at(SIGNED)
    with undone(world):
        rewrite(3)
        signer = keys.signer(Head.objects.get().origin)
        Checkpoint.objects.all().delete()
        (world / heads.SUM_FILE).unlink()
        (world / heads.HEAD_FILE).unlink()
        text = note.sign_checkpoint(note.Checkpoint(signer.name, SIZE, heads.root_of(Head.objects.get())), signer)
        heads.remember(text)
        stored.keep_note(SIZE, text, at=noon)
        against = queries.verify_all(copies=[copy])
    assert "copy_differs" in [one.code for one in against.faults]


def test_a_copy_that_is_no_head_is_said_to_be_none(world):
    assert [one.code for one in queries.verify_all(copies=["hello\n"]).faults] == ["copy_unreadable"]


# ---- guards and the gate ------------------------------------------------------------------------------------------


def test_missing_guards_and_an_open_gate_are_noted(owner, noon, data):
    build(owner, noon)
    names = [name for name, *_ in guards._triggers(connection.vendor)]
    with transaction.atomic():
        sql("INSERT INTO custody_gate (is_open) VALUES (1)")()
        assert [one.place for one in queries.verify_all().notes if one.code == "guard_missing"] == ["custody_gate"]
        transaction.set_rollback(True)
    with transaction.atomic():
        drop_guards()
        assert [one.place for one in queries.verify_all().notes if one.code == "guard_missing"] == names
        transaction.set_rollback(True)


# ---- no false alarm -----------------------------------------------------------------------------------------------


def test_a_record_of_any_size_raises_no_alarm(owner, noon, data):
    for n in range(70):
        service.append(owner, service.Record("case.opened", f"case_{n % 3}", noon, {"n": n}))
        if n % 4 == 1:
            service.checkpoint(owner, at=noon)
        if n % 23 == 20:
            service.rotate_key(owner, "x", at=noon)
        report = queries.verify_all(copies=[stored.last_note()] if n else [])
        assert report.faults == ()
        assert {one.code for one in report.notes} <= {"unanchored"}
        assert service.check_head().may_sign


def test_a_copied_out_and_copied_back_table_raises_no_alarm(world):
    with undone(world):
        for model in (Opening, SubjectKey, Checkpoint):
            rows = list(model.objects.all())
            model.objects.all().delete()
            model.objects.bulk_create(reversed(rows))
        assert queries.verify_all().faults == ()


def test_a_log_continued_twice_raises_no_alarm(owner, noon, data):
    for turn in range(3):
        log_size = 3 + turn
        service.append_many(owner, [service.Record("case.opened", "case_1", noon, {"n": n}) for n in range(log_size)])
        service.checkpoint(owner, at=noon)
        (data / "head.note").write_bytes(b"\xff")
        service.continue_as_new_log(owner, "恢复了备份", at=noon)
        service.checkpoint(owner, at=noon)
        service.rotate_key(owner, "x", at=noon)
        assert queries.verify_all().faults == ()
    assert log.appending.read_head().size == 3 + 4 + 5 + 1 + 3 + 3
