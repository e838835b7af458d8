"""Every sentence on screen has English, and the blanks in it are the same."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def translate():
    return runpy.run_path(str(ROOT / "scripts" / "translate.py"))


def test_no_sentence_is_without_english(translate, capsys):
    assert translate["do_check"]() == 0, capsys.readouterr().out


def test_sentences_of_all_three_kinds_of_source_are_found(translate):
    found = {(name.rsplit(".", 1)[1], "jinja2" in name) for name, *_ in translate["sentences"]()}
    assert {("py", False), ("html", True), ("html", False)} <= found
