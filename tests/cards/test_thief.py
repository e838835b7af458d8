"""What somebody finds who carries the database away without the keys: no code in any dress, nothing to guess from."""

import base64
import hashlib
import secrets
import string

import pytest
from django.db import connection

from cardcase.cards import service, vault
from cardcase.cards.models import Card
from cardcase.connectors.ports import CardNotice
from cardcase.kit.secret import CardCode
from cards.vault_world import opened, stock, use_folder

MANY = 1000
BEGIN = 8


def dresses(code: str) -> set[bytes]:
    """Every form in which a code, or a hash that anybody can make of it, could lie about."""
    plain = {code, code.lower(), CardCode(code).normal_form(), CardCode(code).normal_form().lower()}
    found: set[bytes] = set()
    for one in plain:
        raw = one.encode()
        found |= {raw, one.encode("utf-16-le"), raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")[:-1]}
        for algorithm in ("md5", "sha1", "sha256"):
            digest = hashlib.new(algorithm, raw).digest()
            found |= {digest, digest.hex().encode(), base64.b64encode(digest).rstrip(b"=")[:-1]}
    return found


def found_in(blob: bytes, codes: list[str]) -> list[str]:
    """Name the places of codes that lie in the bytes, never the codes: what is found goes into test output.

    Every place of the bytes is looked up by its first bytes, so that a thousand codes in fifty dresses take seconds.
    """
    wanted: dict[bytes, list[tuple[bytes, int]]] = {}
    for place, code in enumerate(codes):
        for dress in dresses(code):
            wanted.setdefault(dress[:BEGIN], []).append((dress, place))
    hits = set()
    for view in (blob, blob.lower()):
        for at in range(len(view) - BEGIN + 1):
            begun = wanted.get(view[at : at + BEGIN])
            if begun:
                hits |= {place for dress, place in begun if view.startswith(dress, at)}
    return sorted(f"code {place}" for place in hits)


def random_codes(count: int) -> list[str]:
    letters = string.ascii_uppercase + string.digits
    return ["-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4)) for _ in range(count)]


def test_the_search_finds_what_is_planted():
    codes = random_codes(3)
    for planted in dresses(codes[1]):
        assert found_in(b"\0before" + planted + b"after\0", codes) == ["code 1"]
    assert found_in(b"nothing here" * 10, codes) == []


@pytest.fixture
def files(shared_database, settings, tmp_path):
    use_folder(settings, tmp_path / "keys-and-data")
    return tmp_path


def raw_database(folder) -> bytes:
    """Return all that a thief of the database has: its files with the WAL (SQLite), and every cell of every table."""
    parts = [piece.read_bytes() for piece in sorted(folder.glob("shared.sqlite3*"))]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
            for row in cursor.fetchall():
                parts += [bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in row]
    return b"\n".join(parts)


def test_a_thousand_codes_leave_nothing_readable_in_the_database(files, owner, noon):
    codes = random_codes(MANY)
    service.stock(owner, [CardNotice(code=CardCode(code)) for code in codes], batch="stolen", at=noon)
    assert opened(owner) == codes
    blob = raw_database(files)
    assert len(blob) > MANY * 150
    assert found_in(blob, codes) == []
    for card in Card.objects.all()[:50]:
        assert bytes(card.code_sealed) in blob, "the search sees the rows"


def test_without_the_ring_no_value_opens(files, owner, noon, settings):
    stock(owner, 50, noon)
    (settings.CARDCASE.keys / "vault.json").unlink()
    for card in Card.objects.all():
        with pytest.raises(vault.VaultKeyMissing):
            vault.open_sealed(bytes(card.code_sealed), context=f"{card.shop_id}|{card.public_id}|code|1")


def test_nobody_without_the_index_key_finds_a_code_by_its_index_not_even_a_short_pin(files, owner, noon):
    """All million PINs of six digits would be tried in a second if the index were a plain hash."""
    service.stock(owner, [CardNotice(code=CardCode("482913"))], batch="pins", at=noon)
    kept = Card.objects.get(tail4="").code_index
    prefixes = (b"", b"%d|" % owner.shop_id)
    assert all(
        hashlib.sha256(prefix + b"%06d" % pin).hexdigest() != kept for prefix in prefixes for pin in range(1_000_000)
    )
    assert vault.blind_index(owner.shop_id, CardCode("482913")) == kept
