"""Write the tables of the handbook that follow from the code: settings, commands, column names, refusals.

``python scripts/handbook.py`` rewrites them in place; ``--check`` only says which page is behind and exits with 1.
"""

import ast
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
HANDBOOK: Final = ROOT / "docs" / "handbook"
SOURCE: Final = ROOT / "src" / "cardcase"

_BLOCK = re.compile(r"(<!-- 生成 (\w+) -->\n)(.*?)(<!-- 完 -->)", re.DOTALL)
_CODE = re.compile(r"[a-z][a-z_]+")
_OF_A_FINDING: Final = 3
"""Code, place, and Chinese and English or both in a Text: what a finding of the verifier is called with."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

KINDS: Final = frozenset({"problem", "wrong_use", "not_allowed", "not_found", "refused", "conflict", "unavailable"})
"""Codes of the kinds of refusal: they stand in the table at the head of errors.md."""

TABLES: Final = {
    "order": "订单",
    "refund": "退款（和订单写在同一张表里）",
    "card": "卡密",
}


def _zh(text: str) -> str:
    """Keep the Chinese half of a text written as 「中文 / English」."""
    return next(
        (part.strip() for part in re.split(r"(?<=[^a-z]) ?/ (?=[a-zA-Z])", text) if _CHINESE.search(part)), text.strip()
    )


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def settings() -> str:
    """Make the table of settings from the descriptions in project.config."""
    from cardcase.project.config import DATA_VARIABLE, Config

    rows = ["| 设置 | 环境变量 | 默认 | 说明 |", "|---|---|---|---|"]
    for name, field in Config.model_fields.items():
        variable = f"CARDCASE_{name.upper()}"
        default = "`./data`" if variable == DATA_VARIABLE else _default(field.default)
        rows.append(f"| `{name}` | `{variable}` | {default} | {_cell(_zh(field.description or ''))} |")
    return "\n".join(rows) + "\n"


def _default(value: Any) -> str:
    if value in {"", ()}:
        return "（空）"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{','.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def commands() -> str:
    """Make the reference of the command line from the click tree."""
    import click

    from cardcase.project.cli import COMMANDS, cli

    parts = []
    context = click.Context(cli, info_name="cardcase")
    for name in COMMANDS:
        try:
            command = cli.get_command(context, name)
        except ImportError:  # its room is being built
            command = None
        if command is None:
            parts.append(f"### `cardcase {name}`\n\n{_zh(COMMANDS[name][1])}\n")
            continue
        parts += list(_command(command, f"cardcase {name}", fallback=_zh(COMMANDS[name][1])))
    return "\n".join(parts)


def _command(command: Any, path: str, *, fallback: str = "") -> Iterator[str]:
    import click

    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    words = " ".join(param.make_metavar(click.Context(command)) for param in arguments)
    if isinstance(command, click.Group):
        words = "COMMAND"
    text = _zh(command.help or "") if _CHINESE.search(command.help or "") else fallback
    rows = [f"### `{' '.join(f'{path} {words}'.split())}`", "", text, ""]
    if options:
        rows += ["| 选项 | 说明 |", "|---|---|"]
        rows += [f"| `{_cell(_flag(option))}` | {_cell(_zh(option.help or ''))} |" for option in options]
        rows.append("")
    yield "\n".join(rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            member = command.get_command(click.Context(command), name)
            assert member is not None
            yield from _command(member, f"{path} {name}")


def _flag(option: Any) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag else f"{names} {(option.metavar or option.type.name).upper()}"


def columns() -> str:
    """Make the tables of header names from connectors/data/columns.toml."""
    path = SOURCE / "connectors" / "data" / "columns.toml"
    if not path.exists():
        return ""
    records = tomllib.loads(path.read_text("utf-8"))["column"]
    parts = []
    for table, title in TABLES.items():
        mine = [record for record in records if record["table"] == table]
        if not mine:
            continue
        parts += [f"**{title}**", "", "| 意思 | 认得的表头 |", "|---|---|"]
        parts += [f"| `{record['id']}` | {_cell('、'.join(record['names']))} |" for record in mine]
        parts.append("")
    return "\n".join(parts)


def findings() -> str:
    """Make the table of what can be wrong with a file from connectors.findings."""
    from cardcase.connectors.findings import WORDS

    rows = ["| 代码 | 发生了什么 | 怎么办 |", "|---|---|---|"]
    rows += [f"| `{code}` | {_cell(what.zh)} | {_cell(way_out.zh) or '—'} |" for code, (what, way_out) in WORDS.items()]
    return "\n".join(rows) + "\n"


def problems() -> str:
    """Make the table of refusals: every ``code`` of a Problem, with its Chinese sentence where it is raised."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for code, sentence in _codes(ast.parse(path.read_text("utf-8"))):
            if not found.get(code):
                found[code] = sentence
    rows = ["| 代码 | 例句 |", "|---|---|"]
    rows += [f"| `{code}` | {_cell(found[code]) or '—'} |" for code in sorted(found.keys() - KINDS)]
    return "\n".join(rows) + "\n"


def _codes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    classes: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                target = item.targets[0] if isinstance(item, ast.Assign) else getattr(item, "target", None)
                value = getattr(item, "value", None)
                if isinstance(target, ast.Name) and target.id == "code" and _is_text(value):
                    classes[node.name] = value.value
                    said = (_sentence(call.args[0]) for call in ast.walk(node) if _is_super_init(call))
                    yield value.value, next((sentence for sentence in said if _CHINESE.search(sentence)), "")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        given = [word.value for word in node.keywords if word.arg == "code"]
        code = given[0].value if given and _is_text(given[0]) else classes.get(getattr(node.func, "id", ""), "")
        sentence = _sentence(node.args[0])
        if code and _CHINESE.search(sentence):
            yield code, sentence


def verdicts() -> str:
    """Make the table of what the verifier can find: every code with its place's module and its Chinese sentence."""
    found: dict[str, str] = {}
    for path in sorted((SOURCE / "packs").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < _OF_A_FINDING or not _is_text(node.args[0]):
                continue
            said = node.args[2].args[0] if isinstance(node.args[2], ast.Call) and node.args[2].args else node.args[2]
            code, sentence = node.args[0].value, _sentence(said)  # type: ignore[attr-defined]  # a text
            if _CODE.fullmatch(code) and _CHINESE.search(sentence):
                found.setdefault(code, sentence)
    from cardcase.anchors.rules.stamp import FAULT_TEXTS, Fault

    asked = {Fault.NONCE, Fault.POLICY}  # only who sent the question can say these
    found |= {fault.value: text.zh for fault, text in FAULT_TEXTS.items() if fault not in asked}
    rows = ["| 代码 | 说什么 |", "|---|---|"]
    rows += [f"| `{code}` | {_cell(found[code])} |" for code in sorted(found)]
    return "\n".join(rows) + "\n"


def _is_super_init(node: Any) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "__init__" and bool(node.args)


def _is_text(node: Any) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)


def _sentence(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def flow() -> str:
    """Print the table of moves and its guards."""
    from cardcase.cases.rules import as_markdown

    return as_markdown()


MAKERS: Final[dict[str, Callable[[], str]]] = {
    "settings": settings,
    "commands": commands,
    "columns": columns,
    "findings": findings,
    "problems": problems,
    "verdicts": verdicts,
    "flow": flow,
}


def renewed(text: str) -> str:
    """Return a page with its generated blocks made anew. Raises KeyError for a block that nothing makes."""
    return _BLOCK.sub(lambda match: f"{match.group(1)}{MAKERS[match.group(2)]()}{match.group(4)}", text)


def prepare() -> None:
    """Let the rooms be imported: a throw-away data folder, and Django set up."""
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("CARDCASE_DATA", tempfile.mkdtemp(prefix="cardcase-handbook-"))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cardcase.project.settings")
        django.setup()


def main(arguments: list[str]) -> int:
    """Rewrite the pages, or with ``--check`` name those that are behind."""
    prepare()
    behind = []
    for page in sorted(HANDBOOK.glob("*.md")):
        text = page.read_text("utf-8")
        new = renewed(text)
        if new != text:
            behind.append(page.name)
            if "--check" not in arguments:
                page.write_text(new, "utf-8")
    for name in behind:
        print(f"{name}: {'behind, run scripts/handbook.py' if '--check' in arguments else 'renewed'}")
    return 1 if behind and "--check" in arguments else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "src"))
    sys.exit(main(sys.argv[1:]))
