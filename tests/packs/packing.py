"""Take packs apart, put them together again as a stranger could, and check what comes out."""

import io
import json
from functools import lru_cache
from pathlib import Path

from cardcase.anchors.rules.policy import Policy
from cardcase.custody.rules import note, plain
from cardcase.packs import archive, bag, layout, verifier
from cardcase.packs.rules import bagit, form
from cardcase.packs.rules.trust import Trust

FOLDER = "AS-2026-000001"
ANY_TIME = Policy(times=0)
"""A reader who asks for a known key and for nothing else."""


def members_of(data: bytes) -> dict[str, bytes]:
    """Return the members by their names inside the pack."""
    opened = bag.Bag(archive.walk(io.BytesIO(data)))
    return {name: b"".join(opened.stream(name)) for name in opened.sizes}


def zipped(members: dict[str, bytes]) -> bytes:
    """Pack members as they are."""
    return archive.write({f"{FOLDER}/{name}": data for name, data in members.items()})


def bagged(members: dict[str, bytes]) -> dict[str, bytes]:
    """Make the lists of the bag anew, as any BagIt tool can."""
    inside = {name: data for name, data in members.items() if name not in (bagit.PAYLOAD_HASHES, bagit.TAG_HASHES)}
    return {name.partition("/")[2]: data for name, data in layout.close_bag(inside, "x").items()}


def forged(members: dict[str, bytes], raw: bytes | None = None) -> dict[str, bytes]:
    """Seal the manifest anew with a key of one's own, as somebody would who has only the pack."""
    told = json.loads(raw or members[form.MANIFEST])
    signer = note.Signer.of(told["log"]["origin"], b"f" * 32)
    told["log"]["vkey"] = signer.verifier.vkey
    written = plain.encode(told)
    lines = (form.FORMAT, *form.seal_lines(told["pack"], written))
    seal = note.sign("".join(f"{line}\n" for line in lines), signer)
    return bagged({**members, form.MANIFEST: written, form.SEAL: seal.encode()})


def relisted(members: dict[str, bytes]) -> bytes:
    """Return a manifest whose hashes are all right again."""
    told = json.loads(members[form.MANIFEST])
    told["files"] = [
        {"path": one.path, "size": one.size, "sha256": one.sha256, "sm3": one.sm3}
        for path in sorted(set(members) - form.OUTSIDE)
        for one in [_listed(path, members[path])]
    ]
    return plain.encode(told)


_listed = lru_cache(maxsize=256)(form.list_file)  # most members of most mutants are the same


def resealed(members: dict[str, bytes]) -> dict[str, bytes]:
    """List the files anew and seal the list with a key of one's own: only signatures and proofs still speak."""
    return forged(members, relisted(members))


def lines_of(members: dict[str, bytes]) -> list[dict]:
    return [json.loads(line) for line in members[form.RECORDS].splitlines()]


def with_lines(members: dict[str, bytes], lines: list[dict]) -> dict[str, bytes]:
    return {**members, form.RECORDS: b"".join(plain.encode(line) + b"\n" for line in lines)}


def check(
    pack: dict[str, bytes] | bytes, folder: Path, vkey: str | None = None, policy: Policy = ANY_TIME, **more
) -> verifier.Report:
    path = folder / "pack.zip"
    path.write_bytes(pack if isinstance(pack, bytes) else zipped(pack))
    keys = (note.Verifier.parse(vkey),) if vkey else ()
    return verifier.verify(path, trust=Trust(keys, policy, **more))


def codes(report: verifier.Report) -> set[str]:
    return {one.code for one in report.findings}
