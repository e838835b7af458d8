import hmac
import json
import stat
import threading

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardcase.cards import vault
from cardcase.cards.vault import envelope, keys
from cardcase.kit.errors import Refused, Unavailable
from cardcase.kit.secret import CardCode
from cards.vault_world import ring_document, use_folder

PLAIN = b"K7QM-92XF-LP3D-8WZA"


@pytest.fixture
def ring(tmp_path, settings):
    return use_folder(settings, tmp_path)


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


REGIONS = {
    "mark": range(3),
    "version": range(3, 5),
    "fingerprint": range(5, 9),
    "wrapped key": range(9, 49),
    "nonce": range(49, 61),
    "ciphertext": range(61, 61 + len(PLAIN)),
    "tag": range(61 + len(PLAIN), 77 + len(PLAIN)),
}


@pytest.mark.parametrize("region", REGIONS)
def test_a_byte_of_every_region_is_noticed_in_every_bit(ring, region):
    sealed = vault.seal(PLAIN, context="x")
    assert len(sealed) == REGIONS["tag"].stop
    expected = {
        "mark": (vault.SealBroken, vault.VaultKeyMissing),  # one bit makes the mark of the other provider of it
        "version": vault.VaultKeyMissing,
        "fingerprint": vault.VaultKeyMissing,
    }.get(region, vault.SealBroken)
    for place in REGIONS[region]:
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            with pytest.raises(expected):
                vault.open_sealed(bytes(changed), context="x")


@pytest.mark.parametrize("length", [0, 8, 9, 48, 49, 60, 76])
def test_a_cut_value_is_refused(ring, length):
    with pytest.raises(vault.SealBroken):
        vault.open_sealed(vault.seal(PLAIN, context="x")[:length], context="x")


def test_many_values_are_sealed_and_opened_as_single_ones_are(ring):
    contexts = [f"1|card_{number}|code|1" for number in range(50)]
    plains = [b"%04d-CODE" % number for number in range(50)]
    sealed = vault.seal_many(plains, contexts)
    assert len({one[9:49] for one in sealed}) == len({one[49:61] for one in sealed}) == 50
    assert vault.open_many(sealed, contexts) == plains
    assert [vault.open_sealed(one, context=context) for one, context in zip(sealed, contexts, strict=True)] == plains
    single = vault.seal(b"alone", context="y")
    keys.begin_rotation()
    fresh = vault.seal(b"fresh", context="z")
    assert vault.open_many([single, fresh, *sealed], ["y", "z", *contexts]) == [b"alone", b"fresh", *plains]
    with pytest.raises(vault.SealBroken):
        vault.open_many(sealed, [contexts[1], contexts[0], *contexts[2:]])
    with pytest.raises(ValueError, match="one context"):
        vault.seal_many(plains, contexts[1:])
    assert vault.seal_many([], []) == []


def test_a_value_in_the_form_of_before_the_port_still_opens(ring):
    """The bytes of a value, made by hand as version 0.1 wrote them."""
    from hashlib import sha256

    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    wrapping, key, nonce = keys.ring().own[1], b"k" * 32, b"n" * 12
    head = b"CV1\0\1" + sha256(wrapping).digest()[:4]
    sealed = head + aes_key_wrap(wrapping, key) + nonce + AESGCM(key).encrypt(nonce, PLAIN, b"CV1" + b"1|card_a|code")
    assert vault.open_sealed(sealed, context="1|card_a|code") == PLAIN
    assert vault.open_sealed(vault.rewrap(sealed), context="1|card_a|code") == PLAIN


def test_a_ring_in_the_form_of_before_the_port_is_read(ring):
    sealed = vault.seal(PLAIN, context="x")
    document = ring_document(ring)
    before = {name: document[name] for name in ("wrapping", "current", "index", "digest")}
    ring.write_text(json.dumps(before), encoding="utf-8")
    assert vault.open_sealed(sealed, context="x") == PLAIN


def test_wrapping_anew_changes_the_head_only_and_leaves_damaged_values_alone(ring):
    sealed = vault.seal_many([PLAIN, PLAIN], ["x", "y"])
    damaged = bytearray(sealed[1])
    damaged[20] ^= 1
    keys.begin_rotation()
    fresh = vault.rewrap_many([sealed[0], bytes(damaged), b"never sealed", b""])
    assert fresh[0][49:] == sealed[0][49:]
    assert fresh[0][:49] != sealed[0][:49]
    assert fresh[1:] == [None, None, None]
    with pytest.raises(vault.SealBroken):
        vault.rewrap(bytes(damaged))


def test_another_process_that_rotated_is_noticed_at_once(ring):
    vault.seal(PLAIN, context="x")
    other = ring_document(ring)
    other["wrapping"]["2"], other["current"] = other["wrapping"]["1"], 2
    aside = ring.with_name("other")
    aside.write_text(json.dumps(other), encoding="utf-8")
    aside.replace(ring)
    assert vault.seal(PLAIN, context="x")[3:5] == b"\0\2"


def test_a_key_in_use_is_not_retired_and_a_retired_number_is_not_used_again(ring):
    old = vault.seal(PLAIN, context="x")
    keys.begin_rotation()
    with pytest.raises(Refused) as refusal:
        keys.retire([2])
    assert refusal.value.problem_code == "vault_key_in_use"
    keys.retire([1])
    with pytest.raises(vault.VaultKeyMissing):
        vault.open_sealed(old, context="x")
    assert keys.retired() == [1]
    assert keys.begin_rotation() == (3, True)


def test_a_half_written_ring_of_a_killed_process_is_swept_away_and_opens_nothing(ring):
    vault.seal(PLAIN, context="x")
    ring.with_name("vault.json.0123456789abcdef").write_text("{", encoding="utf-8")
    keys.begin_rotation()
    assert [path.name for path in ring.parent.iterdir()] == ["vault.json"]


def test_the_head_tells_the_key_of_a_value_without_opening_it(ring):
    head = envelope.head_of(vault.seal(PLAIN, context="x")[: envelope.HEAD])
    assert (head.mark, head.version) == (b"CV1", 1)
    assert envelope.head_of(b"CV1") is None
    assert envelope.head_of(b"%PDF-1.7 something") is None


def test_guessing_at_a_blind_index_needs_its_key(ring):
    """A thousand short codes: with the key each index is found at once; without it no hash of theirs is the index."""
    import hashlib

    codes = [CardCode(f"{number:06d}") for number in range(1000)]
    kept = {vault.blind_index(1, code) for code in codes}
    assert len(kept) == 1000
    guesses = set()
    for code in codes:
        form = code.normal_form().encode()
        for said in (form, b"1|" + form, form.lower()):
            guesses |= {hashlib.new(name, said).hexdigest() for name in ("sha256", "md5", "sha1")}
            guesses |= {hmac.digest(key, said, "sha256").hex() for key in (b"", b"0" * 32, b"cardcase")}
    assert not kept & guesses
    assert keys.index_key() not in (keys.digest_key(), keys.ring().own[1])


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
        keys.ring()

    threads = [threading.Thread(target=first_start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(ring.parent.iterdir()) == [ring]
    assert len(json.loads(ring.read_text())["wrapping"]) == 1


def test_after_a_rotation_old_values_open_and_can_be_wrapped_anew(ring):
    sealed = vault.seal(PLAIN, context="x")
    assert keys.begin_rotation() == (2, True)
    assert vault.open_sealed(sealed, context="x") == PLAIN
    again = vault.rewrap(sealed)
    assert again[3:5] == b"\0\2"
    assert vault.open_sealed(again, context="x") == PLAIN
    assert vault.key_version() == 2
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600


def test_a_lost_ring_is_told_apart_from_a_damaged_value(ring):
    sealed = vault.seal(PLAIN, context="x")
    ring.unlink()
    with pytest.raises(vault.VaultKeyMissing):
        vault.open_sealed(sealed, context="x")


def test_an_unreadable_ring_is_refused_and_its_content_is_not_quoted(ring):
    vault.seal(PLAIN, context="x")
    ring.write_text('{"wrapping": {"1": "c2VjcmV0a2V5"')
    with pytest.raises(Unavailable) as refusal:
        vault.seal(PLAIN, context="x")
    assert refusal.value.problem_code == "vault_unreadable"
    assert refusal.value.__cause__ is None
    assert "c2Vj" not in repr(refusal.value)


def test_keys_do_not_show_in_a_repr(ring):
    held = keys.ring()
    assert held.index.hex() not in repr(held)
    assert repr(held) == "<KeyRing, versions [1], current 1>"


def test_the_blind_index_ignores_writing_and_keeps_shops_apart(ring):
    index = vault.blind_index(1, CardCode("K7QM-92XF"))
    assert index == vault.blind_index(1, CardCode(" ｋ７ｑｍ 92xf"))
    assert index != vault.blind_index(2, CardCode("K7QM-92XF"))
    assert index != vault.keyed_digest(b"1|K7QM92XF")
    assert vault.keyed_digest(b"a") != vault.keyed_digest(b"b")
