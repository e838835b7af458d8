"""Go's checksum-database code judges our heads and proofs: it accepts what we write and refuses what we refuse.

The program in ``oracle/`` is compiled offline from Debian's golang-go and golang-golang-x-mod-dev; one process answers
all questions. We keep no tiles, so there are none to hold against it.
"""

import base64
import hashlib
import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cardcase.custody import queries, service
from cardcase.custody.rules import merkle, note
from cardcase.staff.rules import Actor
from custody import trees

SOURCE = Path(__file__).parent / "oracle"
GOPATH = Path("/usr/share/gocode")
BUILD = Path(__file__).parents[2] / "build" / "oracle"
SIGNER = note.Signer.of("cardcase.local/log_test", bytes(range(32)))
OTHER = note.Signer.of("cardcase.local/log_test", bytes(range(1, 33)))
SIZES = range(1, 34)
Question = dict[str, Any]


class Go:
    """The running program."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def ask(self, questions: Iterable[Question]) -> list[dict[str, Any]]:
        """Put all questions to one process and return its answers, in order."""
        asked = [json.dumps(one, default=encoded) for one in questions]
        done = subprocess.run(
            [self._program], input="\n".join(asked), capture_output=True, text=True, check=True, timeout=120
        )
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(told) == len(asked), done.stderr[-500:]
        return told

    def accepts(self, questions: Iterable[Question]) -> list[bool]:
        return [one["ok"] for one in self.ask(questions)]


def encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


@pytest.fixture(scope="module")
def go() -> Go:
    if shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb").exists():
        pytest.skip("NOT RUN: Go or x/mod is missing: apt-get install golang-go golang-golang-x-mod-dev")
    source = (SOURCE / "main.go").read_bytes()
    program = BUILD / f"oracle-{hashlib.sha256(source).hexdigest()[:12]}"
    if not program.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        mine = program.with_suffix(f".{os.getpid()}")
        offline = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "GOPROXY": "off", "CGO_ENABLED": "0"}
        environment = {**os.environ, **offline, "GOCACHE": str(BUILD / "cache")}
        subprocess.run(["go", "build", "-o", mine, "."], cwd=SOURCE, env=environment, check=True, capture_output=True)
        mine.replace(program)
    return Go(program)


def made(count: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(count)]


def tree_of(entries: list[bytes]) -> merkle.NodeReader:
    return trees.tree_of([merkle.leaf_hash(entry) for entry in entries])


def included(entries: list[bytes], index: int) -> Question:
    read, size = tree_of(entries), len(entries)
    return {
        "op": "included", "leaf": merkle.leaf_hash(entries[index]), "index": index, "size": size,
        "proof": merkle.prove_inclusion(index, size, read), "root": merkle.root_at(size, read),
    }  # fmt: skip


def consistent(entries: list[bytes], old: int) -> Question:
    read, size = tree_of(entries), len(entries)
    return {
        "op": "consistent", "old": old, "size": size, "proof": merkle.prove_consistency(old, size, read),
        "past": merkle.root_at(old, read), "root": merkle.root_at(size, read),
    }  # fmt: skip


def our_answer(asked: Question) -> bool:
    if asked["op"] == "included":
        return merkle.is_included(asked["leaf"], asked["index"], asked["size"], asked["proof"], asked["root"])
    return merkle.is_consistent(asked["old"], asked["size"], asked["past"], asked["root"], asked["proof"])


def bent(value: bytes, dice: random.Random) -> bytes:
    changed = bytearray(value)
    changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def mutations(asked: Question, dice: random.Random) -> Iterator[Question]:
    """Every field made wrong in every way that a forger has."""
    proof = asked["proof"]
    for name in ("leaf", "root", "past"):
        if name in asked:
            yield {**asked, name: bent(asked[name], dice)}
            yield {**asked, name: asked[name][:-1]}
            yield {**asked, name: asked[name] + b"\0"}
            yield {**asked, name: b""}
    for name in ("index", "old", "size"):
        if name in asked:
            for other in {0, asked[name] - 1, asked[name] + 1, asked[name] * 2, asked[name] ^ 2, 2**40, -1}:
                if other != asked[name]:
                    yield {**asked, name: other}
    yield {**asked, "proof": [*proof, asked["root"]]}
    yield {**asked, "proof": [asked["root"], *proof]}
    for at in range(len(proof)):
        yield {**asked, "proof": [*proof[:at], *proof[at + 1 :]]}
        yield {**asked, "proof": [*proof[:at], bent(proof[at], dice), *proof[at + 1 :]]}
        yield {**asked, "proof": [*proof[:at], proof[at][:31], *proof[at + 1 :]]}
        yield {**asked, "proof": [*proof[:at], proof[at], *proof[at:]]}
    if len(proof) > 1:
        yield {**asked, "proof": proof[::-1]}


def all_proofs() -> list[Question]:
    return [
        question
        for size in SIZES
        for at in range(size)
        for question in (included(made(size), at), consistent(made(size), at + 1))
    ]


def test_go_builds_the_same_trees_and_the_same_proofs(go, agreed):
    asked = [{"op": "prove", "leaves": made(one["size"]), "index": one.get("index", 0), "old": one.get("old", 0)}
             for one in all_proofs()]  # fmt: skip
    for ours, theirs in zip(all_proofs(), go.ask(asked), strict=True):
        assert theirs["ok"], theirs
        assert base64.b64decode(theirs["root"]) == ours["root"]
        assert [base64.b64decode(one) for one in theirs.get("proof", [])] == ours["proof"]
    agreed("go", len(asked))


def test_go_accepts_every_proof_of_ours(go, agreed):
    asked = all_proofs()
    assert all(go.accepts(asked))
    agreed("go", len(asked))


def test_go_and_we_give_one_answer_to_every_changed_proof(go, agreed):
    dice = random.Random(20261129)
    pairs = [(one, changed) for one in all_proofs() for changed in mutations(one, dice)]
    # Of the tree without entries RFC 9162 says nothing to be proved; Go refuses to speak of it, so these are left out.
    pairs = [(one, changed) for one, changed in pairs if changed.get("old") != 0]
    asked = [changed for _, changed in pairs]
    answers = go.accepts(asked)
    ours = [our_answer(one) for one in asked]
    assert [one for one, mine, theirs in zip(asked, ours, answers, strict=True) if mine is not theirs] == []
    # A proof alone does not fix the size of the tree – the signed head does. Nothing else may be changed unseen.
    passed = [pair for pair, mine in zip(pairs, ours, strict=True) if mine]
    assert {name for one, changed in passed for name in one if one[name] != changed[name]} == {"size"}
    assert len(asked) > 40_000
    agreed("go", len(asked))


# ---- notes --------------------------------------------------------------------------------------------------------


def signed(size: int, *signers: note.Signer) -> bytes:
    root = merkle.root([merkle.leaf_hash(one) for one in made(size)])
    return note.sign_checkpoint(note.Checkpoint(SIGNER.name, size, root), *(signers or (SIGNER,))).encode()


def head(text: bytes, *signers: note.Signer) -> Question:
    return {"op": "checkpoint", "note": text, "keys": [one.verifier.vkey for one in signers or (SIGNER,)]}


def we_accept(asked: Question) -> bool:
    try:
        note.open_checkpoint(asked["note"].decode(), *(note.Verifier.parse(key) for key in asked["keys"]))
    except (note.BadNote, UnicodeDecodeError):
        return False
    return True


def test_go_reads_our_heads_as_we_mean_them(go, agreed):
    asked = [head(signed(size)) for size in range(1, 60)]
    for size, told in enumerate(go.ask(asked), 1):
        assert told["ok"], told
        assert told["size"] == size
        assert base64.b64decode(told["root"]) == merkle.root([merkle.leaf_hash(one) for one in made(size)])
    agreed("go", len(asked))


def test_go_sees_both_signatures_of_a_head_between_two_keys(go, agreed):
    both = signed(7, SIGNER, OTHER)
    assert go.accepts([head(both), head(both, OTHER), head(both, SIGNER, OTHER)]) == [True] * 3
    assert go.accepts([head(signed(7), SIGNER, OTHER)]) == [False]
    agreed("go", 4)


def test_go_refuses_every_changed_byte_and_bit_of_a_head(go, agreed):
    whole = signed(12, SIGNER, OTHER)
    dice = random.Random(20261129)
    changed = [whole[:at] + whole[at + 1 :] for at in range(len(whole))]
    changed += [whole[:at] + bytes([dice.randrange(256)]) + whole[at:] for at in range(len(whole) + 1)]
    for at in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[at // 8] ^= 1 << at % 8
        changed.append(bytes(flipped))
    asked = [head(one, SIGNER, OTHER) for one in changed if one != whole]
    theirs = go.accepts(asked)
    ours = [we_accept(one) for one in asked]
    assert not any(ours)
    # Go reads base64 leniently: stray bits in the last character of a signature. That is all it lets pass.
    lenient = [one["note"] for one, ok in zip(asked, theirs, strict=True) if ok]
    assert all(canonical(one) == whole for one in lenient)
    assert len(lenient) <= 8
    agreed("go", len(asked))


def canonical(text: bytes) -> bytes:
    """Write the signatures of a note as base64 has to be written."""
    body, _, lines = text.partition(b"\n\n")
    again = []
    for line in lines.splitlines():
        start, _, encoded_ = line.rpartition(b" ")
        again.append(start + b" " + base64.b64encode(base64.b64decode(encoded_)))
    return body + b"\n\n" + b"\n".join(again) + b"\n"


def test_we_open_what_go_signs(go, agreed):
    seed = bytes(range(32))
    ident = SIGNER.verifier.ident.hex()
    key = f"PRIVATE+KEY+{SIGNER.name}+{ident}+{base64.b64encode(note.ED25519 + seed).decode()}"
    texts = [note.Checkpoint(SIGNER.name, size, bytes([size]) * 32).text() for size in range(1, 40)]
    told = go.ask([{"op": "sign", "note": text.encode(), "keys": [key]} for text in texts])
    for text, one in zip(texts, told, strict=True):
        theirs = base64.b64decode(one["note"]).decode()
        assert note.open_note(theirs, SIGNER.verifier) == text
        assert theirs == note.sign(text, SIGNER)  # Ed25519 leaves no choice: to the byte
    agreed("go", len(texts))


@pytest.mark.django_db
def test_go_accepts_what_the_record_gives_out(go, agreed, owner, noon):
    """The whole way: rows to proofs to the signed head, through a change of the key."""
    sizes, asked = [], []
    for turn in range(6):
        records = [service.Record("case.opened", f"case_{n % 5}", noon, {"n": n}) for n in range(7 + turn)]
        service.append_many(owner, records)
        if turn == 3:
            service.rotate_key(owner, "一年一换", at=noon)
        text = service.checkpoint(owner, at=noon)
        now = note.Checkpoint.parse(note.split(text)[0])
        vkey = queries.vkey(Actor.system(0))
        asked.append({"op": "checkpoint", "note": text.encode(), "keys": [vkey]})
        sizes.append((now.size, now.root))
        kept = queries.entries(owner, [f"case_{n}" for n in range(5)])
        proofs = queries.inclusion_proofs(owner, [one.seq for one in kept], now.size)
        asked += [{"op": "included", "leaf": merkle.leaf_hash(one.data), "index": one.seq, "size": now.size,
                   "proof": proofs[one.seq], "root": now.root} for one in kept]  # fmt: skip
        asked += [{"op": "consistent", "old": old, "past": past, "size": now.size, "root": now.root,
                   "proof": queries.consistency_proof(owner, old, now.size)} for old, past in sizes]  # fmt: skip
    assert go.accepts(asked) == [True] * len(asked)
    agreed("go", len(asked))
