"""A record that was written before its contents lay under keys of subjects goes on, entry for entry."""

from importlib import import_module

import pytest
from django.db import connection, transaction
from django.db.migrations import RunPython
from django.db.migrations.executor import MigrationExecutor

from cardcase.custody import openings, queries, service
from cardcase.custody.models import Entry, SubjectKey
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import merkle
from custody.trees import tree_of

SIZE = 49
BEFORE, AFTER = ("custody", "0002_guards"), ("custody", "0003_keys_of_subjects")


@pytest.mark.django_db(transaction=True)
def test_contents_and_nodes_of_an_older_record_are_moved(owner, noon, data, monkeypatch):
    records = [
        service.Record("case.opened", f"case_{n % 5}", noon, {"n": n}, [service.Content("note", b"x")] * (n % 3))
        for n in range(1, SIZE)
    ]
    with transaction.atomic():
        service.append_many(owner, records)
    service.checkpoint(owner, at=noon)
    leaves = [bytes(leaf) for leaf in Entry.objects.order_by("seq").values_list("leaf", flat=True)]
    told = openings.of(range(SIZE))
    entries = {row.seq: form.decode(bytes(row.data)) for row in Entry.objects.all()}
    for operation in import_module("cardcase.custody.migrations.0003_keys_of_subjects").Migration.operations:
        if isinstance(operation, RunPython) and not operation.reversible:  # the product never goes back
            monkeypatch.setattr(operation, "reverse_code", RunPython.noop)
    MigrationExecutor(connection).migrate([BEFORE])
    try:
        fill_as_before(entries, told, leaves)
    finally:
        MigrationExecutor(connection).migrate([AFTER])
    assert openings.of(range(SIZE)) == told
    assert queries.verify_all().faults == ()
    assert SubjectKey.objects.count() == len({one.subject for one in entries.values()})
    with transaction.atomic():
        service.append(owner, service.Record("case.opened", "case_1", noon, {"n": 99}))
    service.checkpoint(owner, at=noon)
    assert queries.verify_all().faults == ()


def fill_as_before(entries, told, leaves) -> None:
    apps = MigrationExecutor(connection).loader.project_state([BEFORE]).apps
    content, node = apps.get_model("custody", "Content"), apps.get_model("custody", "Node")
    content.objects.bulk_create(
        content(entry_id=seq, position=position, role=one.role, mime=one.mime, commit=one.commit,
                salt=told[seq][position].salt, body=told[seq][position].body)
        for seq, entry in entries.items() for position, one in enumerate(entry.contents)
    )  # fmt: skip
    read = tree_of(leaves)
    full = [(level, index) for level in range(1, 6) for index in range(SIZE >> level)]
    node.objects.bulk_create(node(level=level, idx=index, hash=read(level, index)) for level, index in full)
    assert merkle.root_at(SIZE, read) == merkle.root(leaves)
