"""House rules that no linter knows, as functions over source text, so that each can be tested on a planted violation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "cardcase"
LONGEST = 500

NO_ACTOR = {
    "staff.service": "makes the shops and people that actors are made of",
    "jobs.service": "work is promised by services that have checked their actor; workers act for nobody",
}


def python_files(*, tests: bool = False) -> list[Path]:
    """List the product's own Python files, without migrations."""
    roots = [SOURCE, ROOT / "tests", ROOT / "scripts"] if tests else [SOURCE]
    return sorted(
        path
        for root in roots
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and ".venv" not in path.parts
    )


def room_part(path: Path) -> str:
    """Say which part of its room a file is: models, queries, service, web …"""
    inside = path.relative_to(SOURCE).parts[1:]
    return Path(inside[0]).stem if inside else ""


def tables_touched(path: Path, text: str) -> Iterator[str]:
    """`.objects` belongs to models, queries and services."""
    if room_part(path) in {"models", "queries", "service"}:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b[A-Z]\w+\.objects\b", line):
            yield f"{path}:{number}: tables are touched in models, queries and service only"


def clocks_read(path: Path, text: str) -> Iterator[str]:
    """Only kit.clock knows what time it is."""
    if path.name == "clock.py" and path.parent.name == "kit":
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(timezone\.now|datetime\.now|datetime\.utcnow|date\.today|time\.time)\(", line):
            yield f"{path}:{number}: the time comes from kit.clock"


def markup_trusted(path: Path, text: str) -> Iterator[str]:
    """Nothing is declared safe by hand."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\bmark_safe\b|\|\s*safe\b|\bMarkup\(|autoescape\s+(false|off)", line):
            yield f"{path}:{number}: no text is declared safe by hand"


def too_long(path: Path, text: str) -> Iterator[str]:
    """A file is read in one sitting."""
    lines = text.count("\n")
    if lines > LONGEST:
        yield f"{path}: {lines} lines; split it before {LONGEST}"


def verbs_without_actor(path: Path, text: str) -> Iterator[str]:
    """Every public verb says first who acts."""
    inside = path.relative_to(SOURCE)
    room = inside.parts[0]
    if room_part(path) != "service" or f"{room}.service" in NO_ACTOR:
        return
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = [*node.args.posonlyargs, *node.args.args]
            if not arguments or arguments[0].arg != "actor":
                yield f"{path}:{node.lineno}: {node.name}() must take the actor first"


def queries_without_actor(path: Path, text: str) -> Iterator[str]:
    """Nobody reads without saying who reads."""
    inside = path.relative_to(SOURCE)
    if room_part(path) != "queries" or inside.parts[0] in {"staff", "jobs"}:
        return
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = [*node.args.posonlyargs, *node.args.args]
            if not arguments or arguments[0].arg != "actor":
                yield f"{path}:{node.lineno}: {node.name}() must take the actor first"


RULES = [tables_touched, clocks_read, markup_trusted, too_long, verbs_without_actor, queries_without_actor]
