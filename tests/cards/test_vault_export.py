"""An encrypted copy of the ring, and the way back: nothing readable in it, nothing lost by it."""

import pyrage
import pytest

from cardcase.cards import service, vault
from cardcase.cards.vault import export, keys
from cardcase.custody import queries as record
from cardcase.kit.errors import NotAllowed, Problem
from cardcase.kit.secret import CardCode
from cardcase.project import sealed
from cardcase.project.sealed import PLACES
from cards.transit_server import running
from cards.vault_world import opened, ring_document, stock, use_folder, use_transit

PLAIN = b"K7QM-92XF-LP3D-8WZA"


@pytest.fixture
def ring(settings, tmp_path):
    path = use_folder(settings, tmp_path / "data")
    keys.ring()
    return path


@pytest.fixture
def pair():
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def take(data: bytes, identity: str, **more) -> tuple[int, ...]:
    return export.take(export.decrypt(data, identity=identity), **{"replace_other": False, "values": 0, **more})


def code_of(call) -> str:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value.problem_code


def test_a_lost_ring_comes_back_whole(ring, pair):
    identity, public = pair
    old = vault.seal(PLAIN, context="x")
    keys.begin_rotation()
    new, index = vault.seal(PLAIN, context="y"), vault.blind_index(1, CardCode("K7QM-92XF"))
    copy = export.encrypt(recipients=[public])
    document = ring_document(ring)
    assert copy.startswith(b"age-encryption.org/v1\n")
    assert document["wrapping"]["1"].encode() not in copy
    ring.unlink()
    assert take(copy, identity) == (1, 2)
    assert vault.open_many([old, new], ["x", "y"]) == [PLAIN, PLAIN]
    assert vault.blind_index(1, CardCode("K7QM-92XF")) == index
    assert oct(ring.stat().st_mode)[-3:] == "600"


def test_a_passphrase_does_it_too_and_a_wrong_one_does_not(ring):
    copy = export.encrypt(passphrase="correct horse battery")
    with pytest.raises(Problem) as caught:
        export.decrypt(copy, passphrase="correct horse buttery")
    assert caught.value.problem_code == "vault_export_unreadable"
    assert caught.value.__cause__ is None
    assert export.decrypt(copy, passphrase="correct horse battery").versions == (1,)


def test_a_retired_key_is_brought_back_and_nothing_else_changes(ring, pair):
    identity, public = pair
    old = vault.seal(PLAIN, context="x")
    copy = export.encrypt(recipients=[public])
    keys.begin_rotation()
    keys.retire([1])
    before = ring_document(ring)
    assert take(copy, identity) == (1,)
    after = ring_document(ring)
    assert (after["current"], after["index"], after["wrapping"]["2"]) == (2, before["index"], before["wrapping"]["2"])
    assert vault.open_sealed(old, context="x") == PLAIN
    assert take(copy, identity) == ()


@pytest.mark.parametrize("data", [b"", b"age-encryption.org/v1\n", b"\0" * 100])
def test_what_is_no_export_is_refused(ring, pair, data):
    assert code_of(lambda: export.decrypt(data, identity=pair[0])) == "vault_export_unreadable"
    assert code_of(lambda: export.decrypt(data, identity="nothing")) == "vault_export_unreadable"
    assert code_of(lambda: export.decrypt(data, passphrase="x" * 20)) == "vault_export_unreadable"


def test_an_encrypted_something_else_is_refused(ring, pair):
    identity, public = pair
    for plain in (b"{}", b"not json", b'{"cardcase-vault-ring": {"wrapping": {}}}', b"[]"):
        other = pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(public)])
        assert code_of(lambda other=other: export.decrypt(other, identity=identity)) == "vault_export_unreadable"


def test_a_bad_recipient_or_a_short_passphrase_is_wrong_use(ring):
    assert code_of(lambda: export.encrypt(recipients=["ssh-ed25519 AAAA"])) == "vault_recipient_bad"
    assert code_of(lambda: export.encrypt(passphrase="short")) == "vault_passphrase_short"


@pytest.mark.django_db
def test_another_ring_is_refused_with_what_would_be_lost_and_replaces_only_when_told(ring, pair, owner, agent, noon):
    identity, public = pair
    copy = export.encrypt(recipients=[public])
    sealed_before = vault.seal(PLAIN, context="x")
    ring.unlink()
    codes = stock(owner, 3, noon)
    found = export.decrypt(copy, identity=identity)
    with pytest.raises(NotAllowed):
        service.bring_back(agent, PLACES, found, replace_other=True, at=noon)
    with pytest.raises(Problem) as caught:
        service.bring_back(owner, PLACES, found, replace_other=False, at=noon)
    assert caught.value.problem_code == "vault_other_ring"
    assert (caught.value.facts["values"], caught.value.facts["versions"]) == (6, [1])
    assert opened(owner) == codes
    assert service.bring_back(owner, PLACES, found, replace_other=True, at=noon) == (1,)
    assert vault.open_sealed(sealed_before, context="x") == PLAIN
    aside = [path for path in ring.parent.iterdir() if path.name.startswith("vault.replaced.")]
    assert [oct(path.stat().st_mode)[-3:] for path in aside] == ["600"]
    aside[0].replace(ring)
    assert opened(owner) == codes
    assert [item.facts for item in record.history(owner, ["vault_ring"])] == [{"versions": [1], "replaced": True}]


@pytest.mark.django_db
def test_a_copy_counts_until_the_next_rotation(ring, owner, noon):
    assert sealed.status(owner).is_exported is False
    service.export_made(owner, to="age1abc", at=noon)
    seen = sealed.status(owner)
    assert (seen.is_exported, seen.exported_at) == (True, noon)
    service.rotate(owner, PLACES, at=noon)
    assert sealed.status(owner).is_exported is False
    assert record.history(owner, ["vault_ring"])[0].facts == {"versions": [1], "to": "age1abc"}


@pytest.mark.django_db
def test_the_status_tells_a_ring_that_does_not_fit(ring, owner, noon, settings, tmp_path):
    stock(owner, 2, noon)
    assert (sealed.status(owner).works, sealed.status(owner).missing) == (True, 0)
    assert sealed.status(owner).are_keys_with_data
    ring.unlink()
    assert (sealed.status(owner).works, sealed.status(owner).missing) == (True, 4)
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"keys_folder": tmp_path / "elsewhere"})
    assert sealed.status(owner).are_keys_with_data is False
    assert (tmp_path / "elsewhere" / "vault.json").exists()


def test_a_copy_of_a_ring_with_transit_opens_nothing_without_vault(settings, tmp_path, pair):
    identity, public = pair
    with running() as server:
        path = use_transit(settings, tmp_path / "data", server)
        value = vault.seal(PLAIN, context="x")
        index = keys.index_key()
        copy = export.encrypt(recipients=[public])
        plain = pyrage.decrypt(copy, [pyrage.x25519.Identity.from_str(identity)])
        assert index not in plain
        assert b'"wrapping": {}' in plain
        path.unlink()
        assert take(copy, identity) == (1,)
        assert vault.open_sealed(value, context="x") == PLAIN
