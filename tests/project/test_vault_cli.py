"""``cardcase vault`` and what ``doctor`` says of the keys, called as people call them."""

import pyrage
import pytest

from project.command import cardcase, document

CODES = "K7QM-92XF-LP3D-0001\nK7QM-92XF-LP3D-0002\n"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    cards = tmp_path / "cards.txt"
    cards.write_text(CODES, encoding="utf-8")
    cardcase("import", "cards", cards, "--brand", "星巴克", "--face", "200", data=folder)
    return folder


def of_doctor(data, **more) -> dict[str, dict]:
    return {check["code"]: check for check in document("doctor", data=data, code=None, **more)["checks"]}


@pytest.mark.crash  # a dozen processes, not a crash: kept with the slow ones
def test_the_keys_from_first_look_to_a_lost_ring_and_back(tmp_path, data):
    seen = document("vault", "status", data=data)
    assert (seen["works"], seen["is_exported"], seen["missing"]) == (True, False, 0)
    assert {count["place"]: count["by_version"] for count in seen["counts"]}["cards.Card.code_sealed"] == {"1": 2}
    checks = of_doctor(data)
    assert {code: checks[code]["is_fine"] for code in ("keys_readable", "values_have_keys", "keys_apart", "keys_exported")} == {
        "keys_readable": True, "values_have_keys": True, "keys_apart": False, "keys_exported": False,
    }  # fmt: skip

    assert document("vault", "rotate", data=data)["version"] == 2
    identity = pyrage.x25519.Identity.generate()
    copy = tmp_path / "keys.age"
    cardcase("vault", "export", "-o", copy, "--to", str(identity.to_public()), data=data)
    assert oct(copy.stat().st_mode)[-3:] == "600"
    cardcase("vault", "export", "-o", copy, "--to", str(identity.to_public()), data=data, code=2)
    assert of_doctor(data)["keys_exported"]["is_fine"]

    ring = data / "keys" / "vault.json"
    kept = ring.read_bytes()
    ring.unlink()
    lost = document("vault", "status", data=data, code=1)
    assert lost["missing"] >= 2
    assert of_doctor(data)["values_have_keys"]["is_grave"]
    assert not of_doctor(data)["values_have_keys"]["is_fine"]
    secret = tmp_path / "identity"
    secret.write_text(f"# created today\n{identity}\n", encoding="utf-8")
    refused = cardcase("vault", "import", copy, "--identity", secret, data=data, code=3)
    assert "vault_other_ring" in refused.stderr
    cardcase("vault", "import", copy, "--identity", secret, "--replace", data=data)
    assert document("vault", "status", data=data)["missing"] == 0
    for said in (refused.stdout + refused.stderr, copy.read_bytes().decode("latin-1")):
        assert kept.decode()[20:60] not in said


@pytest.mark.crash  # as above
def test_keys_lie_where_the_setting_says_and_nowhere_else(tmp_path, data):
    elsewhere = tmp_path / "keys elsewhere"
    (data / "keys").rename(elsewhere)
    setting = {"CARDCASE_KEYS_FOLDER": str(elsewhere)}
    seen = document("vault", "status", data=data, **setting)
    assert (seen["folder"], seen["are_keys_with_data"], seen["missing"]) == (str(elsewhere), False, 0)
    assert of_doctor(data, **setting)["keys_apart"]["is_fine"]
    assert not (data / "keys").exists()
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery\n", encoding="utf-8")
    copy = tmp_path / "keys.age"
    cardcase("vault", "export", "-o", copy, "--passphrase-file", passphrase, data=data, **setting)
    cardcase("vault", "import", copy, "--passphrase-file", passphrase, data=data, **setting)
    (data / "link").symlink_to(elsewhere)
    assert document("vault", "status", data=data, CARDCASE_KEYS_FOLDER="link")["are_keys_with_data"] is False
