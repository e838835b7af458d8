"""Examples of the standards themselves, as constants: RFC 6962 §2.1.3 and the C2SP texts at 5ba5ee83."""

import base64
import struct

import pytest

from cardcase.custody.rules import merkle, note

# ---- RFC 6962 §2.1.3: the tree of seven leaves, its subtrees by the letters of the figure ------------------------------

LETTERS = {
    "a": (0, 1), "b": (1, 2), "c": (2, 3), "d": (3, 4), "e": (4, 5), "f": (5, 6), "j": (6, 7),
    "g": (0, 2), "h": (2, 4), "i": (4, 6), "k": (0, 4), "l": (4, 7),
}  # fmt: skip


@pytest.mark.parametrize(("index", "path"), [(0, "bhl"), (3, "cgl"), (4, "fjk"), (6, "ik")])
def test_audit_paths_are_those_of_the_figure(index, path, agreed):
    assert merkle.inclusion_ranges(index, 7) == [LETTERS[one] for one in path]
    agreed("rfc", 1)


@pytest.mark.parametrize(("old", "path"), [(3, "cdgl"), (4, "l"), (6, "ijk")])
def test_consistency_proofs_are_those_of_the_figure(old, path, agreed):
    assert merkle.consistency_ranges(old, 7) == [LETTERS[one] for one in path]
    agreed("rfc", 1)


# ---- C2SP signed-note, and the example that its first implementation (golang.org/x/mod/sumdb/note) documents -----------

POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore"
    " NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
NEUMANN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_with_an_empty_line_in_its_text_is_taken_apart_at_the_last_one(agreed):
    text, (signature,) = note.split(POEM)
    assert text.endswith("\n\ned è subito sera.\n")
    assert signature.name == "quasimodo.example/salvatore"
    assert (signature.ident.hex(), len(signature.body)) == ("367ba04b", 64)
    agreed("c2sp", 1)


def test_the_documented_key_signs_the_documented_note(agreed):
    verifier = note.Verifier.parse(NEUMANN_KEY)
    signer = note.Signer.of("PeterNeumann", base64.b64decode(NEUMANN_SEED)[1:])
    assert signer.verifier == verifier
    text = note.open_note(NEUMANN, verifier)
    assert note.sign(text, signer) == NEUMANN
    agreed("c2sp", 2)


# ---- C2SP tlog-checkpoint and tlog-cosignature -------------------------------------------------------------------------

HEAD = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa"
    " Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
COSIGNED = (
    HEAD + "— witness.example.com/w1"
    " jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def test_the_head_of_the_standard_is_read_and_written_back(agreed):
    """Its key is not published, so that only the reading can be held against it."""
    text, (signature,) = note.split(HEAD)
    head = note.Checkpoint.parse(text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert head.text() == text
    assert (signature.name, signature.ident.hex()) == (head.origin, "033de0ae")
    agreed("c2sp", 1)


def test_the_cosigned_head_carries_a_witness_and_the_moment_of_the_standard(agreed):
    text, (log, witness) = note.split(COSIGNED)
    assert note.Checkpoint.parse(text) == note.Checkpoint.parse(note.split(HEAD)[0])
    assert (log.name, witness.name) == ("example.com/behind-the-sofa", "witness.example.com/w1")
    assert struct.unpack(">Q", witness.body[:8]) == (1679315147,)  # "time 1679315147" in the text
    assert len(witness.body) == 8 + 64
    agreed("c2sp", 1)


def test_a_cosignature_of_somebody_else_does_not_stand_for_the_log(agreed):
    """Unknown signatures are passed over, and none of the known ones is there."""
    known = note.Signer.of("example.com/behind-the-sofa", bytes(32)).verifier
    with pytest.raises(note.BadNote, match="not signed by this key"):
        note.open_checkpoint(COSIGNED, known)
    agreed("c2sp", 1)


def test_up_to_sixteen_signatures_are_read_as_the_standard_asks(agreed):
    signer = note.Signer.of("example.com/log", bytes(32))
    others = [note.Signer.of(f"w{number}.example", bytes(32)) for number in range(15)]
    head = note.Checkpoint("example.com/log", 1, bytes(32))
    text = note.sign(head.text(), signer, *others)
    assert note.open_checkpoint(text, signer.verifier) == head
    agreed("c2sp", 1)


# ---- C2SP tlog-proof ---------------------------------------------------------------------------------------------------

PROOF_LINES = [
    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=", "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=",
    "EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=", "RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=",
    "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=",
]  # fmt: skip


def test_the_hashes_of_the_example_proof_are_canonical(agreed):
    """The text elides the rest of the proof (a leaf among 109,482 has 17 hashes), and so it proves nothing."""
    hashes = [note.decode64(line) for line in PROOF_LINES]
    assert [note.encode64(one) for one in hashes] == PROOF_LINES
    assert {len(one) for one in hashes} == {merkle.HASH_BYTES}
    assert len(merkle.inclusion_ranges(73894, 109482)) == 17
    root = note.decode64("sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=")
    assert not merkle.is_included(bytes(32), 73894, 109482, hashes, root)
    agreed("c2sp", 1)


def test_an_elided_signature_is_no_signature(agreed):
    with pytest.raises(note.BadNote):
        note.split("example.com/fancylog\n109482\nx\n\n— example.com/fancylog hI2DJw[...]1roloI=\n")
    agreed("c2sp", 1)
