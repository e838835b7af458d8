"""Turn the committed catalogues (.po) into what Django reads (.mo), with the standard library alone."""

import ast
import struct
import sys
from pathlib import Path

LOCALE = Path(__file__).parent.parent / "src" / "cardcase" / "locale"


def read(path: Path) -> dict[str, str]:
    """Read a catalogue: msgctxt, msgid, msgid_plural, msgstr[n]; fuzzy entries are left out, as msgfmt does."""
    entries: dict[str, str] = {}
    entry: dict[str, str] = {}
    field, fuzzy = "", False

    def done() -> None:
        nonlocal entry, fuzzy
        if "msgid" in entry and not (fuzzy and entry["msgid"]):
            plural = [entry[key] for key in sorted(entry) if key.startswith("msgstr[")]
            key = entry["msgid"] + ("\0" + entry["msgid_plural"] if plural else "")
            key = f"{entry['msgctxt']}\4{key}" if "msgctxt" in entry else key
            value = "\0".join(plural) if plural else entry.get("msgstr", "")
            if value:
                entries[key] = value
        entry, fuzzy = {}, False

    for line in path.read_text("utf-8").splitlines():
        text = line.strip()
        if text.startswith("#"):
            if text.startswith("#,"):
                if "msgid" in entry:
                    done()
                fuzzy = fuzzy or "fuzzy" in text
        elif text.startswith('"'):
            entry[field] += ast.literal_eval(text)
        elif text:
            field, _, value = text.partition(" ")
            if field in ("msgid", "msgctxt") and "msgid" in entry:
                was_fuzzy = fuzzy if "msgstr" not in entry and "msgstr[0]" not in entry else False
                done()
                fuzzy = was_fuzzy
            entry[field] = ast.literal_eval(value)
    done()
    return entries


def write(entries: dict[str, str], path: Path) -> None:
    """Write GNU .mo, keys in order, no hash table."""
    ids = strings = b""
    offsets = []
    for key in sorted(entries, key=str.encode):
        original, translated = key.encode(), entries[key].encode()
        offsets.append((len(ids), len(original), len(strings), len(translated)))
        ids += original + b"\0"
        strings += translated + b"\0"
    start = 7 * 4 + 16 * len(entries)
    table = b"".join(struct.pack("<2I", size, start + at) for at, size, _, _ in offsets)
    table += b"".join(struct.pack("<2I", size, start + len(ids) + at) for _, _, at, size in offsets)
    count = len(entries)
    path.write_bytes(struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, start) + table + ids + strings)


if __name__ == "__main__":
    for catalogue in sorted(LOCALE.rglob("*.po")):
        write(read(catalogue), catalogue.with_suffix(".mo"))
    sys.exit(0)
