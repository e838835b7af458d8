"""Make ``verifier/cardcase_verify.py``: the checker of packs as one file, for readers who do not install Cardcase.

It holds the product's own modules, each verbatim between two marks, so that anybody can compare them with ``src``; only
of the clock only two functions are taken, and RFC 8785's rarer half (fractions, names beyond ASCII) is left out, since
no part of a pack has it. Run without arguments to write the file, with ``--check`` to see whether it is in step.
"""

import ast
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = ROOT / "src"
TARGET: Final = ROOT / "verifier" / "cardcase_verify.py"
ENTRY: Final = "cardcase.packs.verifier"
PICKED: Final = {"cardcase.kit.clock": ("from_epoch", "iso")}
"""Modules of which only some functions are taken: the clock also asks the system for its zones."""

LEFT_OUT: Final = frozenset({"cardcase.anchors.rules.client"})
"""Modules that need more than this file may: the second opinion on time-stamps, which is the product's alone."""

OLDEST: Final = 42
"""First version of ``cryptography`` that tells the validity of certificates as aware moments."""

NO_RFC8785: Final = '''"""Stands in for the package rfc8785: what only it could write is in no pack, and is refused."""


class CanonicalizationError(ValueError):
    """The value has fractions or names beyond ASCII."""


def dumps(value):
    raise CanonicalizationError("not a value that a pack holds")
'''

HEAD: Final = '''#!/usr/bin/env python3
"""Check an evidence pack of Cardcase (礼品卡售后台), offline, with one file: 离线核对 Cardcase 证据包，只要这一个文件。

    python cardcase_verify.py PACK.zip --vkey KEY [--tsa-roots FOLDER] [--policy FILE] [--previous CHECKPOINT] [--json]

Needs Python 3.11 or later and the package ``cryptography``, {oldest} or later; no network, no database, nothing else.
Exit codes: 0 valid, 1 tampered, 2 valid but less than you ask for, 3 malformed or unsafe, 4 this program failed,
64 wrong use. Time-stamps (RFC 3161) are checked against the roots in FOLDER, cosignatures against the witnesses in the
policy FILE, by the very rules of Cardcase, which asks a second program about time-stamps besides. Those signed with
SM2 are named, and not checked.

Get this file from whom you trust, never out of a pack, nor from its exporter. Made by scripts/standalone.py from
Cardcase {version}: every module below stands verbatim in its sources. Apache License 2.0.
"""

import linecache
import sys
import types

MODULES = {{}}
'''

TAIL: Final = '''
def _load():
    """Bring the modules up in their order, under their own names."""
    for name, source in MODULES.items():
        module = types.ModuleType(name)
        if name in PACKAGES:
            module.__path__ = []
        module.__package__ = name if name in PACKAGES else name.rpartition(".")[0]
        module.__file__ = f"<{name}>"
        sys.modules[name] = module
        linecache.cache[f"<{name}>"] = (len(source), None, source.splitlines(True), f"<{name}>")
        exec(compile(source, f"<{name}>", "exec"), module.__dict__)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
    return sys.modules[ENTRY]


def _require():
    """Say in both languages what is missing on this machine."""
    if sys.version_info < (3, 11):
        sys.stderr.write("需要 Python 3.11 或更新版本 / Python 3.11 or later is needed\\n")
        sys.exit(4)
    try:
        import cryptography
    except ImportError:
        sys.stderr.write("缺少 cryptography：pip install cryptography / The package cryptography is missing\\n")
        sys.exit(4)
    if int(cryptography.__version__.partition(".")[0]) < OLDEST:
        sys.stderr.write(f"cryptography 太旧，需要 {OLDEST} 或更新 / cryptography {OLDEST} or later is needed\\n")
        sys.exit(4)


_require()
_verifier = _load()
verify, trust_of, main = _verifier.verify, _verifier.trust_of, _verifier.main

if __name__ == "__main__":
    for _stream in (sys.stdout, sys.stderr):
        _stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main())
'''


def path_of(module: str) -> Path:
    """Return the file of a module, or of a package's ``__init__``."""
    path = SOURCES.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def source_of(module: str) -> str:
    """Return the text of a module, or the picked parts of it."""
    text = path_of(module).read_text("utf-8")
    if module not in PICKED:
        return text
    found = {
        node.name: ast.get_source_segment(text, node)
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    return "\n\n\n".join(["from datetime import UTC, datetime", *(str(found[name]) for name in PICKED[module])]) + "\n"


def needs(module: str) -> list[str]:
    """Name the modules of the product that a module imports, its packages first."""
    package = module if path_of(module).name == "__init__.py" else module.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(ast.parse(source_of(module))):
        if isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            if not origin.startswith("cardcase"):
                continue
            parts = [f"{origin}.{alias.name}" for alias in node.names]
            modules = [part for part in parts if path_of(part).exists()]
            found += modules if len(modules) == len(parts) else [origin, *modules]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith("cardcase")]
    return found


def in_order(module: str, done: list[str]) -> None:
    """Append a module to the list after all that it needs."""
    if module in done or module in LEFT_OUT:
        return
    parent = module.rpartition(".")[0]
    if parent:
        in_order(parent, done)
    if path_of(module).name != "__init__.py":
        for needed in needs(module):
            in_order(needed, done)
    if module not in done:
        done.append(module)


def build() -> str:
    """Return the text of the file."""
    order: list[str] = []
    in_order(ENTRY, order)
    packages = [name for name in order if path_of(name).name == "__init__.py"]
    version = next(
        line.split('"')[1] for line in path_of("cardcase").read_text("utf-8").splitlines() if "__version__" in line
    )
    parts = [
        HEAD.format(version=version, oldest=OLDEST),
        f"PACKAGES = {packages!r}\nENTRY = {ENTRY!r}\nOLDEST = {OLDEST}\n",
    ]
    for name, text in [("rfc8785", NO_RFC8785), *((name, source_of(name)) for name in order)]:
        if "'''" in text:
            raise SystemExit(f"{name} holds three quotes, which mark the end of a module here")
        where = path_of(name).relative_to(ROOT).as_posix() if name != "rfc8785" else "made for this file"
        parts.append(f"# ──── {name} · {where} ────\nMODULES[{name!r}] = r'''{text}'''\n")
    return "\n".join([*parts, TAIL])


def main() -> int:
    """Write the file, or compare it."""
    text = build()
    if "--check" in sys.argv[1:]:
        is_in_step = TARGET.exists() and TARGET.read_text("utf-8") == text
        print("in step" if is_in_step else f"{TARGET.relative_to(ROOT)} is not in step: run scripts/standalone.py")
        return 0 if is_in_step else 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, "utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {len(text):,} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
