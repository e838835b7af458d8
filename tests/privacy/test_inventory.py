"""No table is forgotten: every column of words, bytes or JSON stands in the inventory, and says what becomes of it."""

import pytest
from django.apps import apps
from django.db.models import BinaryField, CharField, JSONField, TextField

from cardcase.packs.rules import catalogues
from cardcase.privacy.datafiles import inventory, model_of, personal
from cardcase.privacy.rules import MARK, Table, cleared, is_left
from cardcase.privacy.rules.inventory import Action, action_of
from cardcase.privacy.rules.record import KEPT_KINDS

WORDS = (CharField, TextField, JSONField, BinaryField)


def columns() -> dict[str, frozenset[str]]:
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if model.__module__.startswith("cardcase."):
            words = [field.name for field in model._meta.concrete_fields if isinstance(field, WORDS)]
            if words:
                found[model._meta.label] = frozenset(words)
    return found


def missing(there: dict[str, frozenset[str]], listed: dict[str, frozenset[str]]) -> list[str]:
    return sorted(
        f"{label}.{name}" for label, names in there.items() for name in names - listed.get(label, frozenset())
    )


def test_every_column_of_words_is_listed():
    listed = {label: table.columns for label, table in inventory().items()}
    assert missing(columns(), listed) == []
    for label, table in inventory().items():
        extra = {name for name in table.columns if name not in {f.name for f in apps.get_model(label)._meta.fields}}
        assert extra == set(), label


def test_a_new_column_or_table_is_noticed():
    listed = {label: table.columns for label, table in inventory().items()}
    there = columns() | {"cases.Diary": frozenset({"text"})}
    there["cases.Note"] |= {"mood"}
    assert missing(there, listed) == ["cases.Diary.text", "cases.Note.mood"]


def test_every_lookup_and_every_action_fits_its_table():
    for table in personal():
        model = model_of(table)
        for lookup in table.by.values():
            model._base_manager.filter(**{f"{lookup}__in": []}).query.sql_with_params  # noqa: B018 - raises for a bad name
            str(model._base_manager.filter(**{f"{lookup}__in": [1]}).query)
        for name, told in table.erase.items():
            field, (action, _) = model._meta.get_field(name), action_of(told)
            if action is Action.NULL:
                assert field.null, (table.id, name)
            if action in (Action.BLANK, Action.MARK, Action.RENAMED):
                assert isinstance(field, CharField | TextField), (table.id, name)
            if action in (Action.EMPTY, Action.WITHOUT):
                assert isinstance(field, JSONField), (table.id, name)
            if isinstance(field, CharField):
                assert field.max_length >= len(MARK) or action is not Action.MARK


def test_the_names_of_kept_files_are_told_by_every_table_that_has_one():
    named = {(table.id, column) for table in inventory().values() for column in table.files}
    hashes = {(label, name) for label, names in columns().items() for name in names if name.endswith("sha256")}
    no_files = {
        ("anchors.Deposit", "sha256"), ("anchors.Stamp", "token_sha256"), ("packs.Pack", "manifest_sha256"),
        ("cards.Card", "source_sha256"), ("cards.ProofFile", "sha256"), ("cards.KeptWrapping", "sha256"), ("cards.Reveal", "source_sha256"),
        ("delivery.ClaimLink", "token_sha256"), ("delivery.ParcelFile", "sha256"), ("delivery.ParcelStep", "chain_sha256"),
        ("delivery.Terms", "sha256"), ("evidence.Exhibit", "source_sha256"), ("evidence.Exhibit", "file_sha256"),
        ("evidence.Redaction", "file_sha256"), ("evidence.Look", "file_sha256"), ("packs.Pack", "file_sha256"), ("inbox.Message", "source_sha256"),
        ("notices.CalendarLink", "key_sha256"), ("orders.Order", "source_sha256"), ("orders.Refund", "source_sha256"),
        ("project.IdempotentReply", "request_sha256"), ("screens.CapturedPicture", "sha256"), ("sourcing.RiskFlag", "facts_sha256"), ("staff.ApiToken", "token_sha256"),
    }  # fmt: skip
    assert hashes - named == no_files, "a column that names bytes by their hash: is it one of the kept files?"


@pytest.mark.parametrize(
    ("told", "value", "then"),
    [
        ("blank", "小陈", ""),
        ("mark", "骗人", MARK),
        ("mark", "", ""),
        ("null", b"sealed", None),
        ("empty", {"a": 1}, {}),
        ("empty", [1], []),
        ("nothing", memoryview(b"key"), b""),
        ("renamed", "b1", "erased:7"),
        ("without:note", {"note": "x", "n": 1}, {"n": 1}),
    ],
)
def test_a_column_becomes_what_the_inventory_says_and_then_stays(told, value, then):
    assert cleared(told, value, 7) == then
    assert is_left(told, value, 7) is (value != then)
    assert not is_left(told, then, 7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "a.B"},
        {"id": "a.B", "why": "none", "by": {"orders": "order"}},
        {"id": "a.B", "why": "none", "erase": {"x": "blank"}},
        {"id": "a.B", "by": {"orders": "order"}, "erase": {"x": "burn"}},
    ],
)
def test_a_table_that_says_too_little_is_refused(wrong):
    with pytest.raises(ValueError, match=r"."):
        Table.model_validate(wrong)


def test_the_kinds_that_keep_their_contents_are_known():
    assert {kind for kind in KEPT_KINDS if catalogues.kind(kind).zh == kind} == set()
