"""What is written about Cardcase must hold: links lead somewhere, and nothing that exists is left out."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

from cardcase.kit.catalogue import Header
from cardcase.project.config import Config

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "cardcase"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "examples", ROOT / "src")
    for path in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)
ROOMS = sorted(path for path in SOURCE.iterdir() if (path / "__init__.py").exists())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.fixture(scope="module")
def handbook():
    spec = importlib.util.spec_from_file_location("handbook", ROOT / "scripts" / "handbook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"^[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_says_in_a_few_lines_what_it_is(room):
    text = (room / "README.md").read_text("utf-8")
    assert 0 < len(text.strip().splitlines()) <= 15


def test_every_room_stands_in_the_architecture_page():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert [room.name for room in ROOMS if f"<b>{room.name}</b>" not in text and room.name != "locale"] == []


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "handbook" / "settings.md").read_text("utf-8")
    assert [name for name in Config.model_fields if f"| `{name}` | `CARDCASE_{name.upper()}` |" not in text] == []


def test_every_command_is_documented():
    import click

    from cardcase.project.cli import cli

    def walk(command, path):
        yield path
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                yield from walk(command.get_command(context, name), f"{path} {name}")

    text = (ROOT / "docs" / "handbook" / "cli.md").read_text("utf-8")
    missing = [path for path in walk(cli, "cardcase") if path != "cardcase" and f"### `{path}" not in text]
    assert missing == []


def test_the_generated_tables_of_the_handbook_are_up_to_date(handbook):
    """When this fails: ``.venv/bin/python scripts/handbook.py``."""
    pages = sorted((ROOT / "docs" / "handbook").glob("*.md"))
    behind = [page.name for page in pages if handbook.renewed(page.read_text("utf-8")) != page.read_text("utf-8")]
    assert behind == []


def test_a_changed_page_would_be_noticed(handbook):
    page = "x\n<!-- 生成 settings -->\nold\n<!-- 完 -->\ny"
    assert "CARDCASE_PORT" in handbook.renewed(page)


def test_every_part_of_a_pack_is_explained():
    from cardcase.packs.rules import form

    text = (ROOT / "docs" / "handbook" / "record-and-packs.md").read_text("utf-8")
    assert [name for name in sorted(form.REQUIRED | form.OUTSIDE) if f"| `{name}` |" not in text] == []


def test_every_dependency_has_its_line_of_reason():
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    wanted = set()
    for path in sorted((ROOT / "requirements").glob("*.in")):
        for line in path.read_text("utf-8").splitlines():
            if line and not line.startswith(("-r", "#")):
                wanted.add(re.match(r"[\w.-]+", line).group())
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    wanted |= set(package.get("dependencies", {})) | set(package.get("devDependencies", {}))
    listed = set(re.findall(r"^\| ([@\w./-]+) \|", text, re.MULTILINE))
    assert wanted - listed == set()
    assert listed - wanted - {"Name", "PostgreSQL", "Chromium"} <= {"fonts-noto-cjk"}, "a reason for something gone"


DATA_FILES = sorted(SOURCE.glob("*/data/*.toml")) + sorted(SOURCE.glob("*/*/data/*.toml"))


@pytest.mark.parametrize("path", DATA_FILES, ids=name_of)
def test_every_data_file_says_its_version_source_and_certainty(path):
    Header.model_validate(tomllib.loads(path.read_text("utf-8"))["catalogue"])


def test_there_are_data_files():
    assert len(DATA_FILES) >= 8


def test_decisions_are_numbered_dated_and_short():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(set(numbers)) == len(numbers) >= 4
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]} · "), page.name
        assert re.search(r"Decided 20\d\d-\d\d-\d\d", text), page.name
        assert len(text.splitlines()) <= 70, page.name


def test_the_licence_is_the_whole_apache_licence():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_no_page_names_the_host_of_a_package_registry():
    # Spelt apart, so that this file does not name one either.
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".", "registry" + ".npm"]
    named = [name_of(page) for page in PAGES for host in hosts if host in page.read_text("utf-8")]
    assert named == []
