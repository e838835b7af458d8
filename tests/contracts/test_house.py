import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contracts import house

ROOT = house.ROOT


@pytest.mark.parametrize("rule", house.RULES, ids=lambda rule: rule.__name__)
def test_the_house_rules_are_kept(rule):
    broken = [line for path in house.python_files() for line in rule(path, path.read_text("utf-8"))]
    assert broken == []


def test_no_template_declares_text_safe_or_carries_inline_code():
    import re

    bad = []
    for path in house.SOURCE.rglob("*.html"):
        text = path.read_text("utf-8")
        bad += list(house.markup_trusted(path, text))
        if re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=|<style", text):
            bad.append(f"{path}: inline script or style")
    assert bad == []


def test_no_test_or_script_or_front_end_file_is_too_long():
    files = [path for path in house.python_files(tests=True) if house.SOURCE not in path.parents]
    files += [path for ending in ("*.js", "*.css") for path in (ROOT / "frontend").rglob(ending)]
    files += list(house.SOURCE.rglob("*.html"))
    assert [line for path in files for line in house.too_long(path, path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("rule", "where", "planted"),
    [
        (house.tables_touched, "desk/web.py", "cases = Case.objects.all()"),
        (house.clocks_read, "cases/service.py", "at = datetime.now(UTC)"),
        (house.markup_trusted, "desk/web.py", "return mark_safe(text)"),
        (house.too_long, "desk/web.py", "x\n" * 501),
        (house.without_actor, "cases/service.py", "def close(case):\n    Case.objects.get(pk=case)\n"),
        (house.without_actor, "cases/queries.py", "def all_cases():\n    return Case.objects.all()\n"),
    ],
)
def test_a_planted_violation_is_found(rule, where, planted):
    assert list(rule(house.SOURCE / where, planted))


def test_a_planted_import_breaks_the_contracts(tmp_path: Path):
    tree = tmp_path / "src" / "cardcase"
    shutil.copytree(
        house.SOURCE, tree, ignore=shutil.ignore_patterns("__pycache__", "static", "locale", "node_modules")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tree / "triage" / "rules" / "__init__.py").open("a") as file:
        file.write("\nimport django\nimport cardcase.cases.models\n")
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    found = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "src")}, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1, found.stdout + found.stderr
    assert "Rooms: the upper may import the lower, never back BROKEN" in found.stdout
    assert "Rules know no framework, no clock, no network BROKEN" in found.stdout
