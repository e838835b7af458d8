"""Lay the parts of a pack out as a bag (custody.md §7.6): tag files, environment, instructions, lists of hashes."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Final

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import note, plain
from cardcase.kit import clock

from . import fonts
from .rules import bagit, form
from .rules.form import Line, State

_DATA: Final = Path(__file__).parent / "data"
_LIBRARIES: Final = ("cryptography", "Django", "typst")
_KERNEL_CLOCK: Final = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
_CLOCK_IS_SET: Final = Path("/run/systemd/timesync/synchronized")


@dataclass(frozen=True, slots=True)
class Names:
    """What a pack is called and whose it is. ``line``: in the note of its head, from 1, the signature of the signer."""

    pack: str
    number: str
    shop: str
    tool: str
    made_at: datetime
    signer: note.Verifier
    size: int
    line: int
    has_older_keys: bool


def tag_files(names: Names, lines: Sequence[Line]) -> dict[str, bytes]:
    """Write what says how to read the pack: the declaration of the bag, what it is, and how to check it."""
    told = {
        "number": names.number,
        "pack": names.pack,
        "vkey": names.signer.vkey,
        "fingerprint": names.signer.fingerprint,
        "size": names.size,
        "line": names.line,
        "example": _example(lines),
        "keys": _about_keys("readme_keys.txt", names),
        "keys_en": _about_keys("readme_keys_en.txt", names),
        "keys_file": f"  {form.KEYS}         签名公钥怎样一把接一把换过来的证明\n" if names.has_older_keys else "",
    }
    return {
        bagit.DECLARATION: bagit.DECLARED,
        bagit.INFO: bagit.write_info(
            [
                ("Source-Organization", names.shop),
                ("External-Identifier", names.pack),
                ("External-Description", f"售后证据包 / evidence pack {names.number}"),
                ("Bagging-Date", names.made_at.astimezone(clock.SHANGHAI).date().isoformat()),
                ("Bag-Software-Agent", names.tool),
            ]
        ),
        form.README: (_DATA / "readme.txt").read_text("utf-8").format(**told).encode(),
        form.ENVIRONMENT: _environment(names.tool),
        form.POLICY: _policy(names.signer),
    }


def _about_keys(part: str, names: Names) -> str:
    return (_DATA / part).read_text("utf-8") if names.has_older_keys else ""


def _example(lines: Sequence[Line]) -> str:
    """Write the step that opens one commitment with openssl alone, for the first original that is in the pack."""
    for line in lines:
        told = None
        for at, opening in enumerate(line.openings):
            if opening.state is not State.OPENED or not opening.path:
                continue
            told = told or entries.decode(line.data)
            one = told.contents[at]
            values = {
                "seq": told.seq,
                "commit": one.commit.hex(),
                "role": one.role,
                "path": opening.path,
                "salt": opening.salt.hex(),
            }
            return (_DATA / "readme_original.txt").read_text("utf-8").format(**values)
    return ""


def _policy(signer: note.Verifier) -> bytes:
    """Propose what to ask of this pack. A reader who adopts it must have the key from elsewhere."""
    return (
        "# 导出方建议的核对要求；公钥请与包外得到的比对后再采用。\n"
        "# Proposed by the exporter; compare the key with one had from outside the pack before adopting it.\n"
        f"log {signer.vkey}\ntime 1\nquorum none\nwithheld allowed\npending allowed\n"
    ).encode()


def _environment(tool: str) -> bytes:
    """Say what made the pack (互联网法院规定 Art. 11(1): environment, tool, repeatable)."""
    font = fonts.require_cjk_font()
    return plain.encode(
        {
            "v": 1,
            "tool": tool,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "libraries": {name: _version(name) for name in _LIBRARIES},
            "clock": {
                "source": "host",
                "kernel": _KERNEL_CLOCK.read_text("ascii").strip() if _KERNEL_CLOCK.exists() else None,
                "is_synchronised": True if _CLOCK_IS_SET.exists() else None,  # None: the host does not say
            },
            "fonts": [{"name": path.name, "sha256": fonts.sha256(path)} for path in font.files],
        }
    )


@lru_cache(maxsize=8)
def _version(library: str) -> str:
    return metadata.version(library)


def close_bag(members: Mapping[str, bytes], base: str) -> dict[str, bytes]:
    """Add the lists of hashes, and put everything into the one folder that a bag is (RFC 8493 §4)."""
    whole = dict(members)
    payload = {path: _sha256(data) for path, data in whole.items() if bagit.is_payload(path)}
    whole[bagit.PAYLOAD_HASHES] = bagit.write_hashes(payload)
    whole[bagit.TAG_HASHES] = bagit.write_hashes({path: _sha256(whole[path]) for path in bagit.tags_of(whole)})
    return {f"{base}/{path}": data for path, data in whole.items()}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
