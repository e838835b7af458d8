import json
import stat
import threading

import pytest

from cardcase.cards import vault
from cardcase.kit.errors import Unavailable
from cardcase.kit.secret import CardCode

PLAIN = b"K7QM-92XF-LP3D-8WZA"


@pytest.fixture
def ring(tmp_path, settings):
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"data": tmp_path})
    vault._read.cache_clear()
    yield settings.CARDCASE.keys / "vault.json"
    vault._read.cache_clear()


def test_what_was_sealed_opens_in_its_own_place_only(ring):
    sealed = vault.seal(PLAIN, context="1|card_a|code")
    assert vault.open_sealed(sealed, context="1|card_a|code") == PLAIN
    with pytest.raises(vault.SealBroken):
        vault.open_sealed(sealed, context="1|card_b|code")


def test_nothing_of_the_code_is_in_the_sealed_bytes_and_two_seals_differ(ring):
    first, second = vault.seal(PLAIN, context="x"), vault.seal(PLAIN, context="x")
    assert first != second
    assert PLAIN not in first


def test_every_flipped_byte_is_noticed(ring):
    sealed = bytearray(vault.seal(PLAIN, context="x"))
    for place in range(len(sealed)):
        sealed[place] ^= 1
        with pytest.raises((vault.SealBroken, vault.VaultKeyMissing)):
            vault.open_sealed(bytes(sealed), context="x")
        sealed[place] ^= 1
    assert vault.open_sealed(bytes(sealed), context="x") == PLAIN


@pytest.mark.parametrize("damaged", [b"", b"CV1", b"x" * 200])
def test_bytes_that_were_never_sealed_are_refused(ring, damaged):
    with pytest.raises(vault.SealBroken):
        vault.open_sealed(damaged, context="x")


def test_the_key_ring_is_for_its_owner_only_and_nothing_is_left_beside_it(ring):
    vault.seal(PLAIN, context="x")
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert list(ring.parent.iterdir()) == [ring]


def test_two_first_starts_end_with_one_ring(ring):
    start = threading.Barrier(8)

    def first_start():
        start.wait()
        vault._make(ring)

    threads = [threading.Thread(target=first_start) for _ in range(8)]
    ring.parent.mkdir(parents=True)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(ring.parent.iterdir()) == [ring]
    assert len(json.loads(ring.read_text())["wrapping"]) == 1


def test_after_a_rotation_old_values_open_and_can_be_wrapped_anew(ring):
    sealed = vault.seal(PLAIN, context="x")
    assert vault.rotate() == 2
    assert vault.open_sealed(sealed, context="x") == PLAIN
    again = vault.rewrap(sealed)
    assert again[3:5] == b"\0\2"
    assert vault.open_sealed(again, context="x") == PLAIN
    assert vault.key_version() == 2
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600


def test_a_lost_ring_is_told_apart_from_a_damaged_value(ring):
    sealed = vault.seal(PLAIN, context="x")
    ring.unlink()
    vault._read.cache_clear()
    with pytest.raises(vault.VaultKeyMissing):
        vault.open_sealed(sealed, context="x")


def test_an_unreadable_ring_is_refused_and_its_content_is_not_quoted(ring):
    vault.seal(PLAIN, context="x")
    ring.write_text('{"wrapping": {"1": "c2VjcmV0a2V5"')
    vault._read.cache_clear()
    with pytest.raises(Unavailable) as refusal:
        vault.seal(PLAIN, context="x")
    assert refusal.value.problem_code == "vault_unreadable"
    assert refusal.value.__cause__ is None
    assert "c2Vj" not in repr(refusal.value)


def test_keys_do_not_show_in_a_repr(ring):
    held = vault._ring()
    assert held.index.hex() not in repr(held)
    assert repr(held) == "<KeyRing, versions [1]>"


def test_the_blind_index_ignores_writing_and_keeps_shops_apart(ring):
    index = vault.blind_index(1, CardCode("K7QM-92XF"))
    assert index == vault.blind_index(1, CardCode(" ｋ７ｑｍ 92xf"))
    assert index != vault.blind_index(2, CardCode("K7QM-92XF"))
    assert index != vault.keyed_digest(b"1|K7QM92XF")
    assert vault.keyed_digest(b"a") != vault.keyed_digest(b"b")
