"""Every way we know to change a pack: what must be found, and what must disturb nobody.

Each mutant is a whole file. How much the attacker can do besides the change itself is told by ``LEVELS``.
"""

import io
import json
import random
import shutil
import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cardcase.custody.rules import merkle, note, plain
from cardcase.packs.rules import bagit, form
from cardcase.packs.rules.form import State
from packs.packing import FOLDER, bagged, forged, lines_of, relisted, with_lines, zipped

Members = dict[str, bytes]


@dataclass(frozen=True)
class Mutant:
    """A changed pack. ``region`` is the part of the pack that was changed; counts are kept by it."""

    region: str
    name: str
    data: bytes


def recounted(members: Members) -> bytes:
    """Return a manifest in which hashes, counts and subjects all agree with the members, as far as they can be read."""
    told = json.loads(relisted(members))
    counts = {"entries": 0, "contents": 0, **{state.value: 0 for state in State}}
    subjects: Counter[str] = Counter()
    for raw in members.get(form.RECORDS, b"").splitlines():
        try:
            line = json.loads(raw)
            subjects[line["entry"]["case"]] += 1
            counts["entries"] += 1
            for one in line["contents"]:
                counts["contents"] += 1
                counts[one["state"]] += 1
        except (ValueError, KeyError, TypeError):
            continue
    told["counts"] = {**counts, "files": sum(name.startswith(form.FILES) for name in members)}
    told["subjects"] = dict(subjects)
    return plain.encode(told)


def same_name_other_key(members: Members) -> Members:
    """Sign as the exporter would, with another key, and leave the true key in the manifest."""
    raw = recounted(members)
    told = json.loads(raw)
    signer = note.Signer.of(told["log"]["origin"], b"g" * 32)
    seal = note.sign("".join(f"{line}\n" for line in (form.FORMAT, *form.seal_lines(told["pack"], raw))), signer)
    return bagged({**members, form.MANIFEST: raw, form.SEAL: seal.encode()})


LEVELS: dict[str, Callable[[Members], Members]] = {
    "alone": lambda members: members,
    "lists made anew": bagged,
    "manifest made anew": lambda members: bagged({**members, form.MANIFEST: recounted(members)}),
    "sealed by another": lambda members: forged(members, recounted(members)),
    "sealed by a namesake": same_name_other_key,
}


def with_levels(region: str, name: str, changed: Members, good: Members) -> Iterator[Mutant]:
    for level, finish in LEVELS.items():
        if changed.get(form.MANIFEST) != good[form.MANIFEST] and level not in ("alone", "lists made anew"):
            continue  # the manifest itself is changed in ``manifest_fields``
        done = finish(changed)
        if done != good:
            yield Mutant(region, f"{name}, {level}", zipped(done))


# ---- bytes of members -------------------------------------------------------------------------------------------------


def offsets(data: bytes, count: int, chance: random.Random) -> list[int]:
    """Return places all over: first and last byte, and one out of each of ``count`` equal stretches."""
    if len(data) <= count:
        return list(range(len(data)))
    width = len(data) / count
    inner = (min(len(data) - 1, int(at * width + chance.random() * width)) for at in range(count))
    return sorted({0, len(data) - 1, *inner})


def bytes_of_members(good: Members, count: int, chosen: Collection[str] = ()) -> Iterator[Mutant]:
    """Change every member, or those that are chosen."""
    names = sorted(good)
    for at, name in enumerate(names):
        if chosen and name not in chosen:
            continue
        chance, data = random.Random(name), good[name]
        for place in offsets(data, count, chance):
            bent = bytearray(data)
            bent[place] ^= 1 << chance.randrange(8)
            yield from with_levels(name, f"flip at {place}", {**good, name: bytes(bent)}, good)
        other = names[(at + 1) % len(names)]
        for what, changed in {
            "emptied": {**good, name: b""},
            "cut": {**good, name: data[: len(data) // 3]},
            "last byte off": {**good, name: data[:-1]},
            "byte more": {**good, name: data + b"\n"},
            "doubled": {**good, name: data + data},
            "exchanged": {**good, name: good[other], other: data},
            "copied": {**good, f"{name}x": data},
            "gone": {one: body for one, body in good.items() if one != name},
            "renamed": {(f"{name}x" if one == name else one): body for one, body in good.items()},
        }.items():
            yield from with_levels(name, what, changed, good)


# ---- records and proofs -----------------------------------------------------------------------------------------------


def records(good: Members, count: int) -> Iterator[Mutant]:
    lines = lines_of(good)
    chance = random.Random("records")
    places = sorted(chance.sample(range(len(lines)), min(count, len(lines))))

    def each(name: str, changed: list[dict[str, Any]]) -> Iterator[Mutant]:
        yield from with_levels("records", name, with_lines(good, changed), good)

    for at in places:
        yield from each(f"{at} dropped", lines[:at] + lines[at + 1 :])
        yield from each(f"{at} doubled", [*lines[: at + 1], *lines[at:]])
        if at:
            yield from each(f"{at} before", [*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]])
        for path, value in _values(lines[at]["entry"]):
            changed = json.loads(json.dumps(lines))
            _put(changed[at]["entry"], path, _other(value))
            yield from each(f"{at} {'.'.join(map(str, path))}", changed)
        for position, one in enumerate(lines[at]["contents"]):
            for key, value in one.items():
                changed = json.loads(json.dumps(lines))
                changed[at]["contents"][position][key] = _other(value)
                yield from each(f"{at} content {position} {key}", changed)
            changed = json.loads(json.dumps(lines))
            changed[at]["contents"][position] = {"state": "erased" if one["state"] != "erased" else "withheld"}
            yield from each(f"{at} content {position} hidden", changed)
    yield from each("renumbered", [{**line, "entry": {**line["entry"], "seq": line["entry"]["seq"] + 1}} for line in lines])  # fmt: skip
    yield from each("backwards", lines[::-1])
    yield from each("first only", lines[:1])


def _values(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _values(inner, (*path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _values(inner, (*path, at))
    else:
        yield path, value


def _put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


def _other(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return "0" * 64
    if isinstance(value, int):
        return value + 1
    if value[:1].isdigit():
        return ("1" if value[0] == "0" else "0") + value[1:]
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


def manifest_fields(good: Members, count: int) -> Iterator[Mutant]:
    """Change every value of the manifest, unsigned and signed by another."""
    told = json.loads(good[form.MANIFEST])
    values = list(_values(told))
    for path, value in values if count > 10 else random.Random("manifest").sample(values, min(len(values), 6 * count)):  # fmt: skip
        changed = json.loads(good[form.MANIFEST])
        _put(changed, path, _other(value))
        raw = plain.encode(changed)
        name = ".".join(map(str, path))
        yield Mutant("manifest", name, zipped({**good, form.MANIFEST: raw}))
        yield Mutant("manifest", f"{name}, lists made anew", zipped(bagged({**good, form.MANIFEST: raw})))
        yield Mutant("manifest", f"{name}, sealed by another", zipped(forged(good, raw)))


def proofs(good: Members, count: int) -> Iterator[Mutant]:
    told = json.loads(good[form.PROOFS])
    chance = random.Random("proofs")
    for at in sorted(chance.sample(range(len(told["proofs"])), min(count, len(told["proofs"])))):
        for what in ("gone", "step gone", "step bent", "step more", "of the next", "renumbered"):
            changed = json.loads(good[form.PROOFS])
            one = changed["proofs"][at]
            if what == "gone":
                del changed["proofs"][at]
            elif what == "step gone":
                one["path"] = one["path"][:-1]
            elif what == "step bent":
                one["path"][0] = note.encode64(merkle.leaf_hash(b"x"))
            elif what == "step more":
                one["path"].append(one["path"][0])
            elif what == "of the next":
                one["path"] = changed["proofs"][(at + 1) % len(changed["proofs"])]["path"]
            else:
                one["seq"] += 1
            yield from with_levels("proofs", f"{at} {what}", {**good, form.PROOFS: plain.encode(changed)}, good)
    for key, value in (("size", told["size"] + 1), ("root", note.encode64(bytes(32)))):
        yield from with_levels("proofs", key, {**good, form.PROOFS: plain.encode({**told, key: value})}, good)


# ---- notes ------------------------------------------------------------------------------------------------------------


def notes(good: Members, later: Members) -> Iterator[Mutant]:
    """Exchange signed parts between two true packs of one key, sign heads anew, graft signatures."""
    head = next(name for name in good if name.startswith(form.CHECKPOINTS))
    text, signatures = good[head].decode().split("\n\n")
    origin, size, root = text.split("\n")[:3]
    mine = note.Signer.of(origin, b"f" * 32)
    seal_text, seal_signature = good[form.SEAL].decode().split("\n\n")
    later_head = next(later[name] for name in later if name.startswith(form.CHECKPOINTS))
    for name, changed in {
        "head of the later pack": {head: later_head},
        "head of another size": {head: f"{origin}\n{int(size) + 1}\n{root}\n\n{signatures}".encode()},
        "head of another root": {head: f"{origin}\n{size}\n{note.encode64(bytes(32))}\n\n{signatures}".encode()},
        "head of another log": {head: f"{origin}x\n{size}\n{root}\n\n{signatures}".encode()},
        "head signed anew": {head: note.sign(f"{text}\n", mine).encode()},
        "head with the seal's signature": {head: f"{text}\n\n{seal_signature}".encode()},
        "head without signatures": {head: f"{text}\n\n".encode()},
        "seal with the head's signature": {form.SEAL: f"{seal_text}\n\n{signatures}".encode()},
        "seal of the later pack": {form.SEAL: later[form.SEAL]},
        "manifest and seal of the later pack": {form.SEAL: later[form.SEAL], form.MANIFEST: later[form.MANIFEST]},
        "proof of the later export": {form.LOG_PROOF: later[form.LOG_PROOF]},
        "records and proofs of the later pack": {form.RECORDS: later[form.RECORDS], form.PROOFS: later[form.PROOFS]},
        "report of the later pack": {form.REPORT: later[form.REPORT]},
        "seal under another title": {form.SEAL: note.sign(f"other/v1\n{seal_text.partition(chr(10))[2]}\n", mine).encode()},
    }.items():  # fmt: skip
        yield from with_levels("notes", name, {**good, **changed}, good)
    proof = form.read_log_proof(good[form.LOG_PROOF])
    for name, bent in {
        "index": form.LogProof(proof.entry, proof.salt, proof.index - 1, proof.path, proof.checkpoint),
        "salt": form.LogProof(proof.entry, bytes(32), proof.index, proof.path, proof.checkpoint),
        "path": form.LogProof(proof.entry, proof.salt, proof.index, proof.path[::-1][:-1], proof.checkpoint),
        "checkpoint": form.LogProof(proof.entry, proof.salt, proof.index, proof.path, good[head].decode()),
        "entry": form.LogProof(
            plain.encode({**json.loads(proof.entry), "cseq": 99}), proof.salt, proof.index, proof.path, proof.checkpoint
        ),
    }.items():
        yield from with_levels("log proof", name, {**good, form.LOG_PROOF: bent.encode()}, good)


def reports(good: Members) -> Iterator[Mutant]:
    """Change what the PDF shows without touching what it says it holds: updates appended, streams hidden."""
    pdf = good[form.REPORT]
    for name, changed in {
        "update appended": pdf + b"\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        "bytes before": b"\n" + pdf,
        "space after": pdf + b" ",
        "object renamed": pdf.replace(b"/Catalog", b"/Katalog", 1),
        "another file": b"%PDF-1.7\n%%EOF\n",
    }.items():
        yield from with_levels("report", name, {**good, form.REPORT: changed}, good)


# ---- the archive ------------------------------------------------------------------------------------------------------


def frame(data: bytes, count: int) -> Iterator[Mutant]:
    """Flip bytes of the archive outside the members: these may go unseen, if the members stay the very same."""
    directory = data.index(b"PK\x01\x02")
    parts = [at for at in range(len(data)) if data.startswith(b"PK\x03\x04", at)]
    places = [place for at in parts for place in range(at, min(at + 30 + 60, directory))]
    places += range(directory, len(data))
    chance = random.Random("frame")
    for at in places if count > 10 else sorted(chance.sample(places, 40 * count)):
        bent = bytearray(data)
        bent[at] ^= 1 << chance.randrange(8)
        yield Mutant("frame", f"flip at {at}", bytes(bent))


def structure(good: Members) -> Iterator[Mutant]:
    data = zipped(good)
    for name, bent in {
        "doubled": data + data,
        "cut": data[:-1],
        "byte before": b"x" + data,
        "byte after": data + b"x",
        "comment": data[:-2] + b"\x01\x00x",
    }.items():
        yield Mutant("structure", name, bent)
    for name in sorted(good):
        buffer = io.BytesIO(data)
        with zipfile.ZipFile(buffer, "a") as file:
            file.writestr(f"{FOLDER}/{name}", good[name] + b"!")
        yield Mutant("structure", f"{name} a second time", buffer.getvalue())
    for extra in ("data/extra.txt", "extra.txt", "data/files/extra.txt", "data/checkpoints/1.note", "data/tsa/x.tsr"):
        yield from with_levels("structure", f"{extra} added", {**good, extra: b"surprise"}, good)


def mutants(good: Members, later: Members, count: int) -> Iterator[Mutant]:
    """Every mutant that must be found, whoever made it, by a reader who has the true key."""
    yield from bytes_of_members(good, count)
    yield from records(good, count)
    yield from manifest_fields(good, count)
    yield from proofs(good, count)
    yield from notes(good, later)
    yield from reports(good)
    yield from structure(good)


# ---- what must disturb nobody -----------------------------------------------------------------------------------------


def cosigned(members: Members, count: int) -> Members:
    """Add signature lines of strangers to every signed note."""
    done = dict(members)
    for name in members:
        if name.startswith(form.CHECKPOINTS) or name in (form.SEAL, form.LOG_PROOF):
            text = members[name].decode()
            for at in range(count):
                stranger = note.Signer.of(f"witness{at}.example", bytes([at + 1]) * 32)
                signed = note.sign(note.split(text)[0], stranger)
                done[name] += (signed.rpartition("\n\n")[2]).encode()
    return done


def _python(members: Members, folder: str, *, method: int = zipfile.ZIP_DEFLATED, order: int = 1, day: int = 2, folders: bool = False) -> bytes:  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        if folders:
            for name in ("", "data/", "data/files/", "data/checkpoints/"):
                if folder + name:
                    file.writestr(zipfile.ZipInfo(folder + name, (2026, 1, day, 3, 4, 6)), b"")
        for name in sorted(members)[::order]:
            info = zipfile.ZipInfo(folder + name, (2026, 1, day, 3, 4, 6))
            info.external_attr = 0o100600 << 16
            file.writestr(info, members[name], compress_type=method)
    return buffer.getvalue()


def lay(members: Members, folder: Path) -> Path:
    for name, data in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def harmless(good: Members, root: Path) -> Iterator[tuple[str, Path]]:
    """Packs that were carried about, unpacked, packed anew, renamed or signed by more people: files and folders."""
    shelf = root / "carried"
    shelf.mkdir()

    def file(name: str, data: bytes) -> tuple[str, Path]:
        path = shelf / "证据 (1).zip"
        path.write_bytes(data)
        return name, path

    yield file("as exported", zipped(good))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for order in (1, -1):
            for folder in (f"{FOLDER}/", "", "新建文件夹/", "x/"):
                for folders in (False, True):
                    yield file(
                        f"zipfile {method} {order} {folder} {folders}",
                        _python(good, folder, method=method, order=order, folders=folders),
                    )
    yield file("with droppings", _python({**good, ".DS_Store": b"x", "data/._report.pdf": b"x", "data/Thumbs.db": b"x"}, "a/"))  # fmt: skip
    for signers in (1, 3):
        signed = cosigned(good, signers)
        yield file(f"cosigned by {signers}", zipped(signed))
        yield file(f"cosigned by {signers}, lists made anew", zipped(bagged(signed)))
    backwards = dict(good)
    for name in (bagit.PAYLOAD_HASHES, bagit.TAG_HASHES):
        backwards[name] = b"".join(good[name].splitlines(keepends=True)[::-1])
    backwards = {**backwards, bagit.TAG_HASHES: bagged(good)[bagit.TAG_HASHES]}
    inside = lay(good, root / "unpacked" / FOLDER)
    yield "unpacked", inside
    yield "the folder around it", inside.parent
    lay({".DS_Store": b"x", "data/.DS_Store": b"x"}, inside)
    yield "opened in a file manager", inside
    for words in _tools(root):
        (root / "again.zip").unlink(missing_ok=True)
        subprocess.run(words, cwd=inside.parent, check=True, capture_output=True)
        yield file(" ".join(words), (root / "again.zip").read_bytes())


def _tools(root: Path) -> Iterator[list[str]]:
    target = str(root / "again.zip")
    if shutil.which("zip"):
        for effort in ("-0", "-1", "-6", "-9"):
            yield ["zip", "-r", effort, target, FOLDER]
        yield ["zip", "-rD", target, FOLDER]
        yield ["zip", "-rX", target, FOLDER]
    if shutil.which("bsdtar"):
        yield ["bsdtar", "-a", "-cf", target, FOLDER]
    if shutil.which("7z"):
        yield ["7z", "a", "-tzip", target, FOLDER]
    yield ["python3", "-m", "zipfile", "-c", target, FOLDER]
