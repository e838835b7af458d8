"""The tree against RFC 6962's own answers, against vectors of another implementation, and against itself."""

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.custody.rules import merkle
from custody.trees import tree_of

# The eight leaves and their roots that Certificate Transparency implementations have tested with since 2013.
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SHARED = os.environ.get("CARDCASE_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data"
VECTORS = Path(SHARED) / "merkle-vectors"
"""Vectors of transparency-dev/merkle, where they lie beside the repository; they are not part of it."""


def made(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


def textbook_root(leaves: list[bytes]) -> bytes:
    """The recursive definition of RFC 6962 §2.1, written without our code."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + textbook_root(leaves[:split]) + textbook_root(leaves[split:])).digest()


def test_the_empty_tree_has_the_hash_of_nothing(agreed):
    agreed("rfc", 1)
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_those_of_certificate_transparency(count, agreed):
    agreed("rfc", 1)
    assert merkle.root([merkle.leaf_hash(leaf) for leaf in LEAVES[:count]]).hex() == ROOTS[count - 1]


def test_inclusion_proof_is_the_known_one(agreed):
    agreed("rfc", 1)
    proof = merkle.prove_inclusion(5, 8, tree_of([merkle.leaf_hash(leaf) for leaf in LEAVES]))
    assert [one.hex() for one in proof] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_consistency_proof_is_the_known_one(agreed):
    agreed("rfc", 1)
    proof = merkle.prove_consistency(6, 8, tree_of([merkle.leaf_hash(leaf) for leaf in LEAVES]))
    assert [one.hex() for one in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(0, 70), st.data())
def test_growing_in_pieces_gives_the_root_of_the_definition(count, data):
    leaves = made(count)
    cut = data.draw(st.integers(0, count))
    before = merkle.Growth()
    for leaf in leaves[:cut]:
        before.add(leaf)
    tree = merkle.Growth(before.size, before.peaks)
    for leaf in leaves[cut:]:
        tree.add(leaf)
    assert tree.root == textbook_root(leaves) == merkle.root_at(count, tree_of(leaves))


@given(st.integers(1, 70), st.data())
def test_every_proof_holds_and_holds_for_nothing_else(count, data):
    leaves = made(count)
    root, read = merkle.root(leaves), tree_of(leaves)
    index = data.draw(st.integers(0, count - 1))
    proof = merkle.prove_inclusion(index, count, read)
    assert merkle.is_included(leaves[index], index, count, proof, root)
    other = data.draw(st.integers(0, count + 3).filter(lambda one: one != index))
    assert not merkle.is_included(leaves[index], other, count, proof, root)
    assert not merkle.is_included(leaves[index], index, count, [*proof, root], root)
    if proof:
        bit = data.draw(st.integers(0, 255))
        bent = bytearray(proof[-1])
        bent[bit // 8] ^= 1 << bit % 8
        assert not merkle.is_included(leaves[index], index, count, [*proof[:-1], bytes(bent)], root)
        assert not merkle.is_included(leaves[index], index, count, proof[:-1], root)


@given(st.integers(1, 70), st.data())
def test_a_log_is_consistent_with_its_past_and_not_with_another(count, data):
    leaves = made(count)
    old = data.draw(st.integers(1, count))
    proof = merkle.prove_consistency(old, count, tree_of(leaves))
    past, present = merkle.root(leaves[:old]), merkle.root(leaves)
    assert merkle.is_consistent(old, count, past, present, proof)
    forged = merkle.root([*leaves[: old - 1], merkle.leaf_hash(b"another past")])
    assert not merkle.is_consistent(old, count, forged, present, proof)


def _vectors(name: str) -> list[dict]:
    file = VECTORS / name
    if not file.exists():
        pytest.skip(f"NOT RUN: the {name} vectors of transparency-dev/merkle do not lie at {file.parent}")
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _hashes(values: list[str] | None) -> list[bytes]:
    return [base64.b64decode(value) for value in values or []]


def test_all_inclusion_vectors_of_transparency_dev(agreed):
    vectors = _vectors("inclusion.jsonl")
    wrong = [
        one["_path"]
        for one in vectors
        if merkle.is_included(
            base64.b64decode(one["leafHash"] or ""), one["leafIdx"], one["treeSize"],
            _hashes(one["proof"]), base64.b64decode(one["root"] or ""),
        ) is one["wantErr"]
    ]  # fmt: skip
    assert wrong == []
    assert (len(vectors), sum(one["wantErr"] for one in vectors)) == (98, 92)
    agreed("vectors", len(vectors))


def test_all_consistency_vectors_of_transparency_dev(agreed):
    vectors = _vectors("consistency.jsonl")
    wrong, no_hash = [], []
    for one in vectors:
        roots = [base64.b64decode(one[name] or "") for name in ("root1", "root2")]
        holds = merkle.is_consistent(one["size1"], one["size2"], *roots, _hashes(one["proof"]))
        # Their library leaves the lengths of hashes to its caller; refusing a root that is no hash is right for us.
        if not one["wantErr"] and any(len(root) != merkle.HASH_BYTES for root in roots):
            no_hash.append(one["_path"])
        if holds is not (not one["wantErr"] and one["_path"] not in no_hash):
            wrong.append(one["_path"])
    assert wrong == []
    assert (len(vectors), sum(one["wantErr"] for one in vectors), len(no_hash)) == (98, 92, 1)
    agreed("vectors", len(vectors))
