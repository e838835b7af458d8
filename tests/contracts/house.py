"""House rules that no linter knows, as functions over source text, so that each can be tested on a planted violation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "cardcase"
LONGEST = 500

NO_ACTOR = {
    "deadlines.service.sweep": "one sweep serves every shop; each row is settled as the system of its own shop",
    "deadlines.queries.next_due": "tells only the moment at which the sweep of all shops must wake",
    "deadlines.queries.is_held": "asks whether the machine's own clock has just jumped; of the installation",
    "deadlines.service.clock_jumped": "the machine's clock is nobody's; each row is put right as the system of its shop",
    "delivery.queries.holder_by_token": "turns the token of a claim link into its actor; before it nobody is known",
    "delivery.queries.guesses": "counts wrong tokens of the installation; whose link was meant is what nobody knows",
    "delivery.service.note_guess": "notes a wrong token; whose link was meant is what nobody knows",
    "delivery.service.forget_guesses": "forgets wrong tokens of the installation",
    "notices.queries.reader_by_key": "turns the key of a private link into its actor; before it nobody is known",
    "policies.queries.rule_books": "checks the data files of every shop before anything starts",
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


def without_actor(path: Path, text: str) -> Iterator[str]:
    """Nobody reads or writes tables without saying who: public functions that touch them take the actor first."""
    inside = path.relative_to(SOURCE)
    room, part = inside.parts[0], room_part(path)
    if part not in {"queries", "service"} or room in {"staff", "jobs"}:
        return
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        touches = any(isinstance(inner, ast.Attribute) and inner.attr == "objects" for inner in ast.walk(node))
        arguments = [*node.args.posonlyargs, *node.args.args]
        is_named = bool(arguments) and arguments[0].arg == "actor"
        if touches and not is_named and f"{room}.{part}.{node.name}" not in NO_ACTOR:
            yield f"{path}:{node.lineno}: {node.name}() must take the actor first"


RULES = [tables_touched, clocks_read, markup_trusted, too_long, without_actor]
