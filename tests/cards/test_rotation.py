"""A key is turned under everything that is sealed, nothing is opened, nobody is overwritten, the old key leaves last."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from cardcase.cards import queries, sealing, service, vault
from cardcase.cards.models import Card, KeptWrapping
from cardcase.cards.service import keys as rotation
from cardcase.cards.vault import keys
from cardcase.custody import files
from cardcase.custody import queries as record
from cardcase.intake.service import add_channel
from cardcase.kit.errors import NotAllowed
from cardcase.project.sealed import PLACES
from cards.transit_server import running
from cards.vault_world import opened, ring_document, stock, use_folder, use_transit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ring(settings, tmp_path):
    return use_folder(settings, tmp_path / "data")


def counts(actor) -> dict[str, dict[int, int]]:
    return {count.place: dict(count.by_version) for count in queries.sealed_counts(actor, PLACES) if count.by_version}


def kinds(actor, subject: str) -> list[str]:
    return [item.kind for item in record.history(actor, [subject])]


def test_everything_moves_and_the_old_key_leaves(owner, ring, noon):
    codes = stock(owner, 30, noon)
    add_channel(owner, "goofish", "闲管家", "app-1", "the-secret-of-the-app", at=noon)
    kept = files.keep(vault.seal(b"a file of codes", context="import:abc"))
    assert counts(owner) == {
        "cards.Card.code_sealed": {1: 30},
        "cards.Card.number_sealed": {1: 30},
        "intake.Channel.secret_sealed": {1: 1},
        "kept files": {1: 1},
    }
    done = service.rotate(owner, PLACES, at=noon)
    assert (done.version, done.is_new, done.moved, done.retired, done.kept) == (2, True, 62, (1,), ())
    assert {place: set(by) for place, by in counts(owner).items()} == {place: {2} for place in counts(owner)}
    assert opened(owner) == codes
    assert set(Card.objects.values_list("key_version", flat=True)) == {2}
    assert list(ring_document(ring)["wrapping"]) == ["2"]
    assert queries.open_original(owner, kept, context="import:abc") == b"a file of codes"


def test_kept_files_keep_their_bytes_and_move_again_by_their_row(owner, noon):
    sealed = vault.seal(b"a file of codes", context="import:abc")
    kept = files.keep(sealed)
    plain = files.keep(b"CV1 is how this letter begins")
    for version in (2, 3):
        service.rotate(owner, PLACES, at=noon)
        assert files.read(kept) == sealed
        assert KeptWrapping.objects.get().wrapping[3:5] == bytes((0, version))
        assert queries.open_original(owner, kept, context="import:abc") == b"a file of codes"
    assert files.read(plain) == b"CV1 is how this letter begins"
    assert KeptWrapping.objects.count() == 1


def test_no_value_is_decrypted_in_it(owner, noon, monkeypatch):
    stock(owner, 20, noon)
    real = AESGCM.decrypt

    def refuse(*_args):
        raise AssertionError("a value was opened")

    monkeypatch.setattr("cardcase.cards.vault.envelope.AESGCM", type("Sealing", (), {"decrypt": refuse, "encrypt": refuse, "__init__": lambda *_: None}))  # fmt: skip
    done = service.rotate(owner, PLACES, at=noon)
    assert done.retired == (1,)
    with pytest.raises(AssertionError):
        opened(owner)
    assert real is AESGCM.decrypt


def test_the_record_tells_of_both_ends_once_and_of_no_key(owner, ring, noon):
    stock(owner, 3, noon)
    before = ring_document(ring)
    service.rotate(owner, PLACES, at=noon)
    service.rotate(owner, PLACES, at=noon)
    assert kinds(owner, "vault_key_1") == ["vault.key_retired"]
    assert kinds(owner, "vault_key_2") == ["vault.rotated", "vault.key_retired"]
    assert kinds(owner, "vault_key_3") == ["vault.rotated"]
    told = str(record.history(owner, ["vault_key_1", "vault_key_2", "vault_key_3"]))
    assert all(secret not in told for secret in (*before["wrapping"].values(), before["index"]))


def test_a_rotation_that_was_killed_is_gone_on_with_and_adds_no_further_key(owner, noon, monkeypatch):
    codes = stock(owner, 30, noon)

    class Killed(BaseException):
        pass

    real, times = rotation._write, []

    def stops(place, pairs):
        times.append(place)
        if len(times) == 2:
            raise Killed
        return real(place, pairs)

    monkeypatch.setattr(rotation, "_write", stops)
    with pytest.raises(Killed):
        service.rotate(owner, PLACES, at=noon)
    monkeypatch.setattr(rotation, "_write", real)
    assert set(counts(owner)["cards.Card.number_sealed"]) == {1}
    assert opened(owner) == codes
    done = service.rotate(owner, PLACES, at=noon)
    assert (done.version, done.is_new, done.retired) == (2, False, (1,))
    assert opened(owner) == codes
    assert kinds(owner, "vault_key_2") == ["vault.rotated"]


def test_an_entry_that_a_killed_rotation_left_out_is_made_up_for(owner, noon, monkeypatch):
    stock(owner, 3, noon)
    monkeypatch.setattr(rotation, "_tell", lambda *_: None)
    service.rotate(owner, PLACES, at=noon)
    monkeypatch.undo()
    assert kinds(owner, "vault_key_1") == []
    service.rotate(owner, PLACES, at=noon)
    assert kinds(owner, "vault_key_1") == ["vault.key_retired"]


def test_what_somebody_else_writes_meanwhile_is_not_overwritten(owner, noon, monkeypatch):
    stock(owner, 3, noon)
    card = Card.objects.order_by("pk").first()
    changed = {}
    real = rotation.envelope.rewrap_many

    def while_somebody_writes(values):
        fresh = real(values)
        if not changed:
            changed["value"] = vault.seal(b"CHANGED-CODE-0001", context=f"{card.shop_id}|{card.public_id}|code|1")
            Card.objects.filter(pk=card.pk).update(code_sealed=changed["value"])
        return fresh

    monkeypatch.setattr(rotation.envelope, "rewrap_many", while_somebody_writes)
    done = service.rotate(owner, PLACES, at=noon)
    assert bytes(Card.objects.get(pk=card.pk).code_sealed) == changed["value"]
    assert sealing.open_code(Card.objects.get(pk=card.pk)).expose() == "CHANGED-CODE-0001"
    assert done.retired == (1,)


def test_what_is_written_under_the_old_key_during_the_last_pass_keeps_that_key(owner, noon, monkeypatch):
    """The look that counts is the one right before the key is taken out."""
    stock(owner, 3, noon)
    late = vault.seal(b"LATE-CODE-0000001", context="x")
    card = Card.objects.order_by("pk").first()
    real = rotation.guard.wait

    def somebody_commits_before_we_are_alone():
        Card.objects.filter(pk=card.pk).update(code_sealed=late)
        real()

    monkeypatch.setattr(rotation.guard, "wait", somebody_commits_before_we_are_alone)
    done = service.rotate(owner, PLACES, at=noon)
    assert (done.retired, done.kept, done.left) == ((), (1,), 1)
    assert vault.open_sealed(bytes(Card.objects.get(pk=card.pk).code_sealed), context="x") == b"LATE-CODE-0000001"
    monkeypatch.setattr(rotation.guard, "wait", real)
    done = service.rotate(owner, PLACES, at=noon)
    assert (done.is_new, done.retired, done.kept) == (False, (1,), ())


def test_a_damaged_value_keeps_its_key_and_is_said(owner, noon):
    codes = stock(owner, 3, noon)
    card = Card.objects.order_by("pk").first()
    damaged = bytearray(card.code_sealed)
    damaged[20] ^= 1
    Card.objects.filter(pk=card.pk).update(code_sealed=bytes(damaged))
    done = service.rotate(owner, PLACES, at=noon)
    assert (done.retired, done.kept, done.left) == ((), (1,), 1)
    with pytest.raises(vault.SealBroken):
        sealing.open_code(Card.objects.get(pk=card.pk))
    assert [sealing.open_code(row).expose() for row in Card.objects.order_by("pk")[1:]] == codes[1:]


def test_values_under_a_key_that_is_nowhere_are_counted_and_left_as_they_are(owner, ring, noon):
    stock(owner, 3, noon)
    before = list(Card.objects.order_by("pk").values_list("code_sealed", flat=True))
    ring.unlink()
    service.rotate(owner, PLACES, at=noon)
    assert [count.missing for count in queries.sealed_counts(owner, PLACES)][:2] == [3, 3]
    assert list(Card.objects.order_by("pk").values_list("code_sealed", flat=True)) == before


def test_codes_swapped_between_cards_or_shops_do_not_open(owner, stranger, noon):
    stock(owner, 2, noon)
    stock(stranger, 1, noon, first=50)
    first, second = Card.objects.filter(shop_id=owner.shop_id).order_by("pk")
    other = Card.objects.get(shop_id=stranger.shop_id)
    for mine, taken in ((first, second), (first, other), (other, first)):
        swapped = Card(shop_id=mine.shop_id, public_id=mine.public_id, code_sealed=taken.code_sealed)
        with pytest.raises(vault.SealBroken):
            sealing.open_code(swapped)
    moved = Card(shop_id=other.shop_id, public_id=first.public_id, code_sealed=first.code_sealed)
    with pytest.raises(vault.SealBroken):
        sealing.open_code(moved)
    numbered = Card(shop_id=first.shop_id, public_id=first.public_id, code_sealed=first.number_sealed)
    with pytest.raises(vault.SealBroken):
        sealing.open_code(numbered)


def test_only_an_owner_may_turn_the_key_or_count(agent, auditor, system, noon):
    keys.ring()
    for actor in (agent, auditor, system):
        with pytest.raises(NotAllowed):
            service.rotate(actor, PLACES, at=noon)
        with pytest.raises(NotAllowed):
            queries.sealed_counts(actor, PLACES)
    assert keys.key_version() == 1


def test_all_shops_move_together(owner, stranger, noon):
    mine, others = stock(owner, 2, noon), stock(stranger, 2, noon, first=50)
    service.rotate(owner, PLACES, at=noon)
    assert (opened(owner), opened(stranger)) == (mine, others)


def test_a_shop_moves_to_transit_and_back(owner, noon, settings, tmp_path, ring):
    codes = stock(owner, 5, noon)
    kept = files.keep(vault.seal(b"a file of codes", context="import:abc"))
    with running() as server:
        use_transit(settings, tmp_path / "data", server)
        done = service.rotate(owner, PLACES, at=noon)
        assert (done.version, done.retired) == (2, (1,))
        assert ring_document(ring)["wrapping"] == {}
        assert opened(owner) == codes
        server.asked.clear()
        assert service.rotate(owner, PLACES, at=noon).version == 3
        assert "/v1/transit/decrypt/cardcase" not in {path for _, path, body in server.asked if len(body.get("batch_input", [])) > 2}  # fmt: skip
        assert opened(owner) == codes
        assert stock(owner, 5, noon) == codes, "known codes are found again by their index"
        assert Card.objects.count() == 5
        settings.CARDCASE = settings.CARDCASE.model_copy(update={"vault_provider": "file"})
        assert service.rotate(owner, PLACES, at=noon).retired == (3,)
    assert opened(owner) == codes
    assert queries.open_original(owner, kept, context="import:abc") == b"a file of codes"


def test_a_server_that_goes_away_in_the_middle_leaves_everything_readable(owner, noon, settings, tmp_path):
    codes = stock(owner, 5, noon)
    with running() as server:
        use_transit(settings, tmp_path / "data", server)
        real = server.answer

        def away_after_the_first_batch(method, path, token, body):
            if len(body.get("batch_input", [])) > 2:
                return 503, {"errors": ["Vault is sealed"]}
            return real(method, path, token, body)

        server.answer = away_after_the_first_batch
        with pytest.raises(vault.VaultAway):
            service.rotate(owner, PLACES, at=noon)
        assert opened(owner) == codes
        server.answer = real
        assert service.rotate(owner, PLACES, at=noon).is_new is False
        assert opened(owner) == codes


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_the_last_look_waits_for_a_transaction_that_has_sealed(owner, noon, django_db_blocker):
    """Somebody seals under the old key and commits only after all passes: the key stays, or the value has moved."""
    import threading

    from django.db import transaction

    stock(owner, 3, noon)
    card = Card.objects.order_by("pk").first()
    sealed, go_on = threading.Event(), threading.Event()

    def slow_writer():
        try:
            with transaction.atomic():
                value = vault.seal(b"LATE-CODE-0000001", context="x")
                sealed.set()
                assert go_on.wait(20)
                Card.objects.filter(pk=card.pk).update(code_sealed=value)
        finally:
            connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    assert sealed.wait(20)
    done = []

    def rotates():
        try:
            done.append(service.rotate(owner, PLACES, at=noon))
        finally:
            connection.close()

    turner = threading.Thread(target=rotates)
    turner.start()
    turner.join(1)
    assert not done, "the key was taken out while somebody was about to write under it"
    go_on.set()
    writer.join(20)
    turner.join(20)
    assert (done[0].retired, done[0].kept) == ((), (1,))
    assert vault.open_sealed(bytes(Card.objects.get(pk=card.pk).code_sealed), context="x") == b"LATE-CODE-0000001"
    service.rotate(owner, PLACES, at=noon)
    assert keys.retired() == [1]
