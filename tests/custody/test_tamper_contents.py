"""What was told in the live record, and the keys that open it: every change is found; a lost key erases nothing."""

from collections.abc import Iterator

import pytest

from cardcase.custody import erasing, openings, queries, sealing
from cardcase.custody.models import Entry, Opening, SubjectKey, stored
from cardcase.custody.rules import entry as form
from custody.tampering import SEQS, SIZE, Change, flipped, judge, openings_of

pytestmark = pytest.mark.django_db


def content_changes() -> Iterator[Change]:
    places = [(seq, row) for seq in sorted({*SEQS, 15, 30, 45}) for row in openings_of(seq).order_by("id")]
    other_key = SubjectKey.objects.order_by("-id").first()
    for seq, row in places:
        mine = Opening.objects.filter(id=row.id)
        where = f"content {seq}/{form.place_of(row.id)[1]}"

        def change(what, mine=mine, where=where, seq=seq, **columns) -> Change:
            return Change(f"{where}: {what}", lambda: mine.update(**columns), seq)

        sealed = bytes(row.sealed)
        for at in range(0, len(sealed), 9):
            yield change(f"byte {at}", sealed=flipped(sealed, at))
        yield change("longer", sealed=sealed + b" ")
        yield change("cut", sealed=sealed[:-1])
        yield change("emptied", sealed=b"")
        yield change("erased by nobody", sealed=None)
        yield change("of another key", key_id=other_key.id if row.key_id != other_key.id else other_key.id - 1)
        yield change("of no key", key_id=900)
        yield change("elsewhere in the entry", id=row.id + 7)
        yield change("of the next entry", id=form.opening_id(seq + 1, 9) if seq + 1 < SIZE else form.opening_id(900, 0))
        yield Change(f"{where} removed", lambda mine=mine: mine.delete(), seq)
        yield from resealed_changes(seq, row)
    for seq in (3, SIZE + 5, -2):
        yield Change(f"content put to {seq}", lambda seq=seq: Opening.objects.create(
            id=form.opening_id(seq, 5), key_id=1, sealed=bytes(60)), seq)  # fmt: skip


def resealed_changes(seq: int, row: Opening) -> Iterator[Change]:
    """What somebody does who has the folder of the keys as well: he opens, changes and locks again."""
    key = sealing.cipher(row.key_id, bytes(SubjectKey.objects.get(id=row.key_id).half))
    salt, body = sealing.unseal(key, row.id, bytes(row.sealed))

    def put(salt: bytes, body: bytes | None):
        sealed = sealing.seal(key, row.id, salt, body)
        return lambda: Opening.objects.filter(id=row.id).update(sealed=sealed)

    if body is None:
        return
    for at in range(0, len(body), 9):
        yield Change(f"{seq}: byte {at} of the body", put(salt, flipped(body, at)), seq)
    yield Change(f"{seq}: a longer body", put(salt, body + b" "), seq)
    yield Change(f"{seq}: no body", put(salt, None), seq)
    yield Change(f"{seq}: another salt", put(flipped(salt, 31), body), seq)
    yield Change(f"{seq}: a shorter salt", put(salt[:16], body), seq)


def key_changes() -> Iterator[Change]:
    """Keys of subjects taken away, from the database or from the folder beside it."""
    for row in SubjectKey.objects.order_by("id"):
        mine, subject = SubjectKey.objects.filter(id=row.id), row.subject
        first = Entry.objects.filter(subject=subject).order_by("seq").values_list("seq", flat=True)[0]
        yield Change(f"half {row.id} bent", lambda m=mine, r=row: m.update(half=flipped(bytes(r.half), 5)), first)
        yield Change(f"half {row.id} gone", lambda m=mine: m.update(half=None), first)
        yield Change(f"key {row.id} gone", lambda m=mine: m.delete(), first)


def test_every_key_of_a_subject(world):
    count, missed = judge(key_changes(), world)
    assert missed == []
    assert count == 3 * 6


def test_one_number_sealed_twice_shares_nothing(world):
    """A database from yesterday gives its numbers a second time: what was told under them must not be comparable."""
    row = SubjectKey.objects.order_by("id").first()
    key = sealing.cipher(row.id, bytes(row.half))
    first, second = (sealing.seal(key, 512, bytes(32), b"x" * 64) for _ in range(2))
    assert first[:12] != second[:12]
    assert not set(zip(*[iter(first[12:76])] * 16, strict=True)) & set(zip(*[iter(second[12:76])] * 16, strict=True))
    assert sealing.unseal(key, 512, first) == sealing.unseal(key, 512, second)
    with pytest.raises(sealing.NoSubjectKey):
        sealing.unseal(key, 513, first)


def test_a_half_whose_sheet_is_away_is_destroyed_when_it_comes_back(world, owner, noon):
    erasing.withdraw(owner, "case_2", [2], kind="content.erased", ground="buyer_request", at=noon, refs={})
    (given_up,) = stored.keys_given_up()
    sheet = sealing.sheet_of(given_up)
    kept = sheet.read_bytes()
    sheet.unlink()
    assert erasing.destroy_keys() == 0
    assert stored.keys_given_up() == [given_up]
    sheet.write_bytes(kept)
    assert erasing.destroy_keys() == 1
    assert sheet.read_bytes()[given_up * 32 : given_up * 32 + 32] == bytes(32)


def test_a_sheet_of_halves_that_is_lost_is_said_and_nothing_is_taken_for_erased(world, owner):
    sheet = sealing.sheet_of(0)
    kept = sheet.read_bytes()
    sheet.unlink()
    sealing.forget()
    report = queries.verify_all()
    assert {one.code for one in report.faults} == {"content_locked"}
    assert (report.first_bad, report.erased_contents) == (0, 0)
    assert queries.missing_sheets(owner) == [sheet.name]
    with pytest.raises(sealing.NoSubjectKey):
        openings.of([3])
    sheet.write_bytes(kept)
    assert queries.missing_sheets(owner) == []
    assert queries.verify_all().faults == ()


def test_every_content(world):
    count, missed = judge(content_changes(), world)
    assert missed == []
    assert count > 300
