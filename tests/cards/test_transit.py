"""Keys with Vault or OpenBao: against a server on loopback that behaves as their documentation says."""

import base64
import json
import socket
import sys
import traceback

import pytest

from cardcase.cards import vault
from cardcase.cards.vault import keys, transit
from cardcase.kit.errors import Problem, WrongUse
from cardcase.kit.secret import CardCode
from cardcase.project import config
from cards.transit_server import TransitServer, running
from cards.vault_world import ring_document, use_folder, use_transit

PLAIN = b"K7QM-92XF-LP3D-8WZA"


@pytest.fixture
def server():
    with running() as it:
        yield it


@pytest.fixture
def ring(server, settings, tmp_path):
    return use_transit(settings, tmp_path / "data", server)


def test_a_value_is_sealed_and_opened_and_its_key_never_lies_in_the_ring(ring, server):
    sealed = vault.seal(PLAIN, context="1|card_a|code")
    assert sealed[:3] == b"CT1"
    assert vault.open_sealed(sealed, context="1|card_a|code") == PLAIN
    with pytest.raises(vault.SealBroken):
        vault.open_sealed(sealed, context="1|card_b|code")
    document = ring_document(ring)
    assert document["wrapping"] == {}
    assert document["transit"] == {"1": {"mount": "transit", "name": "cardcase", "version": 1}}
    assert keys.index_key() not in base64.b64decode(document["index"])
    assert list(server.keys) == ["cardcase"]


def test_no_value_is_ever_sent_to_the_server(ring, server):
    sealed = vault.seal(PLAIN, context="1|card_a|code")
    vault.open_sealed(sealed, context="1|card_a|code")
    said = json.dumps([body for _, _, body in server.asked])
    assert PLAIN.decode() not in said
    assert base64.b64encode(PLAIN).decode()[:-2] not in said


def test_many_values_take_one_call_a_thousand(ring, server):
    keys.ring()
    server.asked.clear()
    contexts = [str(number) for number in range(2001)]
    sealed = vault.seal_many([PLAIN] * 2001, contexts)
    assert [len(body["batch_input"]) for _, _, body in server.asked] == [1000, 1000, 1]
    server.asked.clear()
    assert vault.open_many(sealed, contexts) == [PLAIN] * 2001
    assert len(server.asked) == 3


def test_every_flipped_byte_is_noticed(ring):
    sealed = bytearray(vault.seal(PLAIN, context="x"))
    for place in range(len(sealed)):
        sealed[place] ^= 1
        with pytest.raises((vault.SealBroken, vault.VaultKeyMissing)):
            vault.open_sealed(bytes(sealed), context="x")
        sealed[place] ^= 1


def test_one_damaged_value_among_many_is_told_apart_in_the_batch(ring):
    sealed = vault.seal_many([PLAIN] * 3, ["a", "b", "c"])
    damaged = bytearray(sealed[1])
    damaged[30] ^= 1
    keys.begin_rotation()
    fresh = vault.rewrap_many([sealed[0], bytes(damaged), sealed[2]])
    assert fresh[1] is None
    assert vault.open_many([fresh[0], fresh[2]], ["a", "c"]) == [PLAIN, PLAIN]


def test_turning_the_key_wraps_anew_inside_the_engine(ring, server):
    sealed = vault.seal(PLAIN, context="x")
    index = vault.blind_index(1, CardCode("K7QM-92XF"))
    assert keys.begin_rotation() == (2, True)
    server.asked.clear()
    fresh = vault.rewrap(sealed)
    assert [path for _, path, _ in server.asked] == ["/v1/transit/rewrap/cardcase"]
    assert vault.open_sealed(fresh, context="x") == PLAIN
    assert vault.open_sealed(sealed, context="x") == PLAIN
    keys.retire([1])
    server.keys["cardcase"].min_decryption_version = 2
    assert vault.open_sealed(fresh, context="x") == PLAIN
    assert vault.blind_index(1, CardCode("K7QM-92XF")) == index
    with pytest.raises(vault.VaultKeyMissing):
        vault.open_sealed(sealed, context="x")


def test_a_version_that_somebody_else_turned_to_is_taken_and_a_new_one_only_otherwise(ring, server):
    vault.seal(PLAIN, context="x")
    server.keys["cardcase"].versions[2] = b"2" * 32
    keys.begin_rotation()
    assert server.keys["cardcase"].latest == 2
    assert keys.key_versions()[-1].where == "transit/cardcase:v2"
    keys.retire([1])
    keys.begin_rotation()
    assert server.keys["cardcase"].latest == 3


def test_what_seals_stays_with_the_version_of_the_ring_until_a_rotation(ring, server):
    vault.seal(PLAIN, context="x")
    server.keys["cardcase"].versions[2] = b"2" * 32
    vault.seal(PLAIN, context="y")
    asked = [item for _, path, body in server.asked if "encrypt" in path for item in body["batch_input"]]
    assert {item["key_version"] for item in asked} == {1}


def test_file_and_transit_know_each_others_values_and_move_both_ways(server, settings, tmp_path):
    use_folder(settings, tmp_path / "data")
    index = vault.blind_index(1, CardCode("K7QM-92XF"))
    filed = vault.seal(PLAIN, context="x")
    use_transit(settings, tmp_path / "data", server)
    assert vault.seal(PLAIN, context="y")[:3] == b"CV1", "the setting alone changes nothing"
    assert keys.begin_rotation() == (2, True)
    moved = vault.rewrap(filed)
    assert moved[:3] == b"CT1"
    assert vault.open_many([filed, moved], ["x", "x"]) == [PLAIN, PLAIN]
    keys.retire([1])
    assert ring_document(settings.CARDCASE.keys / "vault.json")["wrapping"] == {}
    assert vault.blind_index(1, CardCode("K7QM-92XF")) == index
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"vault_provider": "file"})
    assert keys.begin_rotation() == (3, True)
    back = vault.rewrap(moved)
    assert back[:3] == b"CV1"
    keys.retire([2])
    server.shutdown()
    assert vault.open_sealed(back, context="x") == PLAIN
    assert vault.blind_index(1, CardCode("K7QM-92XF")) == index


def refusal_of(call) -> Problem:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value


def test_a_server_that_is_away_sealed_or_refuses_is_told_apart(ring, server):
    sealed = vault.seal(PLAIN, context="x")
    server.is_sealed = True
    assert refusal_of(lambda: vault.open_sealed(sealed, context="x")).problem_code == "vault_sealed"
    server.is_sealed = False
    server.token = "s.other"
    assert refusal_of(lambda: vault.open_sealed(sealed, context="x")).problem_code == "vault_token_refused"
    server.token = "s.right"
    del server.keys["cardcase"]
    refused = refusal_of(lambda: vault.open_sealed(sealed, context="x"))
    assert (refused.problem_code, refused.exit_code) == ("vault_away", 4)
    assert "没有这把密钥" in refused.message.zh


def test_nobody_listening_is_said_and_ends(settings, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    (tmp_path / "token").write_text("s.right", encoding="utf-8")
    use_folder(settings, tmp_path, vault_provider="transit", vault_address=address, vault_token_file=tmp_path / "token")
    refused = refusal_of(lambda: vault.seal(PLAIN, context="x"))
    assert (refused.problem_code, refused.exit_code, refused.status) == ("vault_away", 4, 503)


def test_a_server_that_says_nothing_is_given_up(ring, server, monkeypatch):
    monkeypatch.setattr(transit, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(transit, "_here", transit.threading.local())
    with server.lock:  # it takes the question and does not answer
        assert refusal_of(lambda: vault.seal(PLAIN, context="x")).problem_code == "vault_away"


@pytest.mark.parametrize("said", [b"<html>", b"[]", b"{}", b'{"data": {}}', b'{"data": {"batch_results": []}}'])
def test_an_answer_that_makes_no_sense_is_refused(ring, server, said):
    sealed = vault.seal(PLAIN, context="x")
    server.nonsense = said
    assert refusal_of(lambda: vault.open_sealed(sealed, context="x")).problem_code == "vault_away"


def test_a_redirect_is_not_followed(ring, server):
    sealed = vault.seal(PLAIN, context="x")
    with running() as elsewhere:
        server.redirect = elsewhere.address
        assert refusal_of(lambda: vault.open_sealed(sealed, context="x")).problem_code == "vault_away"
        assert elsewhere.asked == []


def test_nothing_of_an_answer_is_in_an_error_not_even_in_its_cause(ring, server):
    """A batch that fails in part is answered with the data keys of the others, and hvac's error quotes the answer."""
    sealed = vault.seal_many([PLAIN] * 2, ["a", "b"])
    damaged = bytearray(sealed[1])
    damaged[30] ^= 1
    with pytest.raises(vault.SealBroken) as caught:
        vault.open_many([sealed[0], bytes(damaged)], ["a", "b"])
    server.keys["cardcase"].min_decryption_version = 9
    with pytest.raises(vault.VaultKeyMissing) as too_old:
        vault.open_many(sealed, ["a", "b"])
    server.token = "s.other"
    with pytest.raises(vault.VaultAway) as refused:
        vault.open_many(sealed, ["a", "b"])
    for error in (caught.value, too_old.value, refused.value):
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        text = "".join(traceback.format_exception(error)) + repr(error) + str(error.facts)
        assert "vault:v" not in text
        assert "s.right" not in text


def test_proxies_and_variables_of_the_environment_are_not_used(ring, server, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "VAULT_ADDR"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("VAULT_TOKEN", "s.other")
    monkeypatch.setattr(transit, "_here", transit.threading.local())
    assert vault.open_sealed(vault.seal(PLAIN, context="x"), context="x") == PLAIN


def test_a_renewed_token_is_read_from_its_file(ring, server, settings):
    sealed = vault.seal(PLAIN, context="x")
    server.token = "s.renewed"
    assert refusal_of(lambda: vault.open_sealed(sealed, context="x")).problem_code == "vault_token_refused"
    settings.CARDCASE.vault_token_file.write_text("s.renewed\n", encoding="utf-8")
    assert vault.open_sealed(sealed, context="x") == PLAIN


def test_a_missing_token_or_address_is_wrong_use_and_asks_nobody(ring, server, settings):
    sealed = vault.seal(PLAIN, context="x")
    asked = len(server.asked)
    settings.CARDCASE.vault_token_file.unlink()
    assert refusal_of(lambda: vault.open_sealed(sealed, context="x")).problem_code == "vault_token_missing"
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"vault_address": ""})
    assert refusal_of(lambda: vault.open_sealed(sealed, context="x")).problem_code == "vault_address_missing"
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("https://vault.example.com:8200", True),
        ("https://10.0.0.5:8200/", True),
        ("http://127.0.0.1:8200", True),
        ("http://localhost:8200", True),
        ("http://[::1]:8200", True),
        ("http://10.0.0.5:8200", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost@example.com", False),
        ("https://user:secret@vault.example.com", False),
        ("ftp://127.0.0.1", False),
    ],
)
def test_only_https_or_this_machine_is_taken_as_an_address(tmp_path, address, is_taken):
    environ = {"CARDCASE_DATA": str(tmp_path), "CARDCASE_VAULT_ADDRESS": address}
    if is_taken:
        assert config.load(environ).vault_address == address
    else:
        with pytest.raises(WrongUse):
            config.load(environ)


def test_the_client_is_imported_only_when_it_is_used(tmp_path):
    import os
    import subprocess

    program = (
        "import os, sys; from cardcase.project import boot; boot.configure(sys.argv[1]); import django; django.setup();"
        "from cardcase.cards import vault;"
        "sealed = vault.seal(b'x', context='y'); assert vault.open_sealed(sealed, context='y') == b'x';"
        "assert not {'hvac', 'pyrage', 'requests'} & set(sys.modules), 'imported'"
    )
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=environ)


def test_the_server_of_these_tests_behaves_as_documented(server: TransitServer):
    """What the product relies on, asked as the documentation has it."""

    def ask(method, path, token="s.right", **body):
        return server.answer(method, path, token, body)

    assert ask("GET", "/v1/transit/keys/foo") == (404, {"errors": []})
    assert ask("POST", "/v1/transit/keys/foo") == (204, None)
    assert ask("GET", "/v1/transit/keys/foo", token=None)[0] == 403
    code, made = ask("POST", "/v1/transit/encrypt/foo", batch_input=[{"plaintext": "eA=="}, {"plaintext": "%"}])
    first, second = made["data"]["batch_results"]
    assert code == 400
    assert first["ciphertext"].startswith("vault:v1:")
    assert "error" in second
    lenient = {"partial_failure_response_code": 200}
    assert (
        ask("POST", "/v1/transit/encrypt/foo", batch_input=[{"plaintext": "eA=="}, {"plaintext": "%"}], **lenient)[0]
        == 200
    )
    assert ask("POST", "/v1/transit/keys/foo/rotate") == (204, None)
    code, fresh = ask(
        "POST", "/v1/transit/rewrap/foo", batch_input=[{"ciphertext": first["ciphertext"]}, {"ciphertext": "x"}]
    )
    assert code == 200
    assert fresh["data"]["batch_results"][0]["ciphertext"].startswith("vault:v2:")
    assert fresh["data"]["batch_results"][1]["error"] == "invalid ciphertext: no prefix"
    assert ask("POST", "/v1/transit/keys/foo/config", min_decryption_version=2) == (204, None)
    assert "too old" in ask("POST", "/v1/transit/decrypt/foo", ciphertext=first["ciphertext"])[1]["errors"][0]
    plain = ask("POST", "/v1/transit/decrypt/foo", ciphertext=fresh["data"]["batch_results"][0]["ciphertext"])
    assert plain[1]["data"]["plaintext"] == "eA=="
    assert ask("POST", "/v1/transit/decrypt/bar", ciphertext="vault:v1:x") == (
        400,
        {"errors": ["encryption key not found"]},
    )
    server.is_sealed = True
    assert ask("GET", "/v1/transit/keys/foo")[0] == 503
