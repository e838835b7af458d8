"""A key that follows another: named in the record, signed for by both, and whole again after a stop at any step."""

import pytest

from cardcase.custody import guards, keys, log, queries, service, signing, succession
from cardcase.custody import head as heads
from cardcase.custody.models import Checkpoint, Entry, Head, appending, stored
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import note
from cardcase.kit.errors import NotAllowed
from cardcase.staff.rules import Actor

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system(0)


def fill(actor, noon, count: int = 3) -> None:
    service.append_many(actor, [service.Record("case.opened", f"case_{n}", noon, {"n": n}) for n in range(count)])


def signed_by(text: str) -> set[str]:
    return {one.ident.hex() for one in note.split(text)[1]}


def ident(vkey: str) -> str:
    return note.Verifier.parse(vkey).ident.hex()


def files(data) -> set[str]:
    return {path.name for path in (data / "keys").iterdir() if path.is_file()}


@pytest.fixture
def begun(owner, noon, data) -> str:
    """A record with a signed head; the key that signed it."""
    fill(owner, noon)
    service.checkpoint(owner, at=noon)
    return queries.vkey(SYSTEM)


def test_the_next_head_is_signed_by_both_and_later_ones_by_the_new_key_only(owner, noon, data, begun):
    new = service.rotate_key(owner, "一年一换", at=noon)
    both = queries.latest_checkpoint(owner)
    fill(owner, noon)
    later = service.checkpoint(owner, at=noon)
    assert new != begun
    assert new == queries.vkey(SYSTEM)
    assert signed_by(both) == {ident(begun), ident(new)}
    assert note.split(both)[1][0].ident.hex() == ident(begun)
    assert signed_by(later) == {ident(new)}
    assert (data / "head.note").read_text() == later
    assert queries.verify_all().faults == ()


def test_the_entry_names_both_keys_and_says_why(owner, noon, begun):
    new = service.rotate_key(owner, "员工离职", at=noon)
    entry = form.decode(stored.last_of_kind([form.KEY_ROTATED], form.log_subject(Head.objects.get().origin)))
    assert entry.refs == {"origin": entry.log, "vkey": new, "prev_vkey": begun}
    assert queries.history(owner, [entry.subject]) == []  # it belongs to no shop


def test_the_old_private_key_is_gone(owner, noon, data, begun):
    old = (data / "keys" / "log.key").read_bytes()
    service.rotate_key(owner, "x", at=noon)
    assert files(data) == {"log.key"}
    assert (data / "keys" / "log.key").read_bytes() != old


def test_the_chain_of_keys_is_shown_in_order(owner, noon, begun):
    second = service.rotate_key(owner, "x", at=noon)
    third = service.rotate_key(owner, "y", at=noon)
    told = queries.signing_keys(owner)
    assert [(one.vkey, one.follows, one.state) for one in told] == [
        (begun, "", "former"),
        (second, begun, "former"),
        (third, second, "present"),
    ]
    assert signed_by(told[1].crossed) == {ident(begun), ident(second)}
    assert told[0].crossed == ""


def test_only_the_owner_turns_the_key(lead, owner, noon, begun):
    with pytest.raises(NotAllowed):
        service.rotate_key(lead, "x", at=noon)


def test_a_lost_key_is_not_followed_by_rotation(owner, noon, data, begun):
    (data / "keys" / "log.key").unlink()
    with pytest.raises(keys.NoSigningKey):
        service.rotate_key(owner, "x", at=noon)
    assert queries.vkey(SYSTEM) == begun
    assert files(data) == set()
    service.continue_as_new_log(owner, "密钥丢失", at=noon)
    service.checkpoint(owner, at=noon)
    assert queries.verify_all().faults == ()
    assert [one.state for one in queries.signing_keys(owner)] == ["former", "present"]


def test_a_record_that_is_not_continuous_gets_no_new_key(owner, noon, data, begun):
    (data / "head.note").write_bytes(b"\xff")
    with pytest.raises(service.NotContinuous):
        service.rotate_key(owner, "x", at=noon)
    assert queries.vkey(SYSTEM) == begun


def test_a_database_from_before_the_rotation_is_seen_to_be_old(owner, noon, data, begun):
    from django.db import transaction

    point = transaction.savepoint()
    service.rotate_key(owner, "x", at=noon)
    fill(owner, noon)
    service.checkpoint(owner, at=noon)
    transaction.savepoint_rollback(point)
    assert service.check_head().status is service.HeadStatus.SHRUNK
    with pytest.raises(service.NotContinuous):
        service.checkpoint(owner, at=noon)
    service.continue_as_new_log(owner, "恢复了备份", at=noon)
    service.checkpoint(owner, at=noon)
    assert queries.verify_all().faults == ()


# ---- a stop at every step -----------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


STEPS = [
    (keys, "write_once"), (appending, "rename_head"), (log, "write_own"), (service, "checkpoint"), (signing, "signed_note"),
    (heads, "remember"), (stored, "keep_note"), (heads, "add_up_notes"), (signing, "end_rotation"), (keys, "promote_next"),
]  # fmt: skip


@pytest.fixture(
    params=[(where, name, after) for where, name in STEPS for after in (False, True)],
    ids=[f"{when} {name}" for _, name in STEPS for when in ("before", "after")],
)
def stopped(request, owner, noon, begun, monkeypatch) -> None:
    """A rotation that ended right before, or right after, one of its steps."""
    where, name, is_after = request.param
    real = getattr(where, name)

    def stops(*args, **kwargs):
        if is_after:
            real(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(where, name, stops)
        with pytest.raises(Killed):
            service.rotate_key(owner, "x", at=noon)


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("then", ["sign", "rotate", "die again"])
def test_a_stop_at_any_step_leaves_a_state_that_goes_on(owner, noon, data, monkeypatch, then):
    assert queries.verify_all().faults == ()
    assert service.check_head().may_sign
    if then == "die again":
        with monkeypatch.context() as patch:
            patch.setattr(keys, "promote_next", lambda: (_ for _ in ()).throw(Killed()))
            fill(owner, noon)
            with pytest.raises(Killed):
                service.rotate_key(owner, "x", at=noon)
            assert queries.verify_all().faults == ()
    if then == "sign":
        fill(owner, noon)
        service.checkpoint(owner, at=noon)
        assert queries.verify_all().faults == ()
    service.rotate_key(owner, "x", at=noon)
    fill(owner, noon)
    service.checkpoint(owner, at=noon)

    assert files(data) == {"log.key"}
    chain = succession.keys_of(Head.objects.get().origin)
    assert not any(one.is_pending for one in chain)
    assert chain[-1].verifier.vkey == queries.vkey(SYSTEM)
    report = queries.verify_all()
    assert report.faults == ()
    assert report.checked_checkpoints == Checkpoint.objects.count()
    for text in Checkpoint.objects.values_list("note", flat=True):
        size = note.Checkpoint.parse(note.split(text)[0]).size
        in_force = [one for one in chain if one.seq < size]
        crossed = {ident(one.follows.vkey) for one in in_force if one.crossed == text}
        assert signed_by(text) == {ident(in_force[-1].verifier.vkey)} | crossed


@pytest.mark.usefixtures("stopped")
def test_a_rotation_that_was_stopped_may_be_followed_by_a_new_name(owner, noon, data):
    """As when the backup that was restored had been made in the middle of one."""
    for name in files(data):
        (data / "keys" / name).unlink()
    former = Head.objects.get().origin
    service.continue_as_new_log(owner, "密钥丢失", at=noon)
    first = service.checkpoint(owner, at=noon)
    assert queries.verify_all().faults == ()
    assert len(signed_by(first)) == 1
    told = queries.signing_keys(owner)
    assert [one.origin == former for one in told] == [*[True] * (len(told) - 1), False]
    assert all(first not in one.crossed for one in told)
    service.rotate_key(owner, "一年一换", at=noon)
    fill(owner, noon)
    service.checkpoint(owner, at=noon)
    assert queries.verify_all().faults == ()


# ---- forged successions -------------------------------------------------------------------------------------------


def test_a_key_put_in_without_the_old_one_is_found(owner, noon, data, begun):
    """Somebody with database and files, but not with the key, names a key of their own and signs with it."""
    head = log.locked_head(noon)
    (data / "keys" / "log.key").unlink()
    head.vkey = forged = keys.signer(head.origin, make=True).verifier.vkey
    appending.rename_head(head)
    log.write_own(head, form.KEY_ROTATED, noon, {}, {"origin": head.origin, "vkey": forged, "prev_vkey": begun})
    checkpoint = note.Checkpoint(head.origin, head.size, heads.root_of(head))
    text = note.sign_checkpoint(checkpoint, keys.signer(head.origin))
    stored.keep_note(head.size, text, at=noon)
    heads.remember(text)
    heads.add_up_notes(head.origin)
    assert [one.code for one in queries.verify_all().faults] == ["checkpoint_differs"]


def test_a_key_that_follows_one_that_was_not_in_force_is_found(owner, noon, begun):
    head = log.locked_head(noon)
    stranger = note.Signer.of(head.origin, bytes(32)).verifier.vkey
    refs = {"origin": head.origin, "vkey": stranger, "prev_vkey": stranger}
    log.write_own(head, form.KEY_ROTATED, noon, {}, refs)
    report = queries.verify_all()
    assert (report.faults[0].code, report.first_bad) == ("key_out_of_turn", Entry.objects.count() - 1)


def test_another_key_in_the_head_row_is_found(owner, noon, begun):
    stranger = note.Signer.of(Head.objects.get().origin, bytes(32)).verifier.vkey
    with guards.opened():
        Head.objects.update(vkey=stranger)
    assert [one.code for one in queries.verify_all().faults] == ["head_differs"]


def test_a_head_that_only_the_former_key_signed_after_the_change_is_found(owner, noon, data, begun):
    old = keys.signer(Head.objects.get().origin)
    service.rotate_key(owner, "x", at=noon)
    fill(owner, noon)
    head = Head.objects.get()
    stored.keep_note(head.size, note.sign_checkpoint(
        note.Checkpoint(head.origin, head.size, heads.root_of(head)), old), at=noon)  # fmt: skip
    assert "checkpoint_differs" in [one.code for one in queries.verify_all().faults]
