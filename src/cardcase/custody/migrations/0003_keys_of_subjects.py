"""What opens the commitments moves under keys of subjects (decision 0024); nodes of the tree move to their entries.

Entries themselves are not touched: every leaf, proof and signature stays what it was.
"""

import os
from collections import defaultdict

from django.db import migrations, models

from cardcase.custody import guards, sealing
from cardcase.custody.models.tables import Position

AT_ONCE = 1000
PLACES = 256


def unguard(apps, editor):
    on = "" if editor.connection.vendor == "sqlite" else " ON custody_node"
    for ending in ("not_updated", "not_deleted", "not_truncated"):
        if editor.connection.vendor == "postgresql" or ending != "not_truncated":
            editor.execute(f"DROP TRIGGER IF EXISTS custody_node_{ending}{on}")
    guards.remove(editor)


def move(apps, editor):
    move_nodes(apps.get_model("custody", "Node"), apps.get_model("custody", "Entry"))
    move_contents(*(apps.get_model("custody", name) for name in ("Content", "Entry", "Opening", "SubjectKey")))


def move_nodes(node_model, entry_model):
    """Lay every node at the leaf that completed it, lowest first."""
    nodes = defaultdict(bytes)
    for level, index, digest in node_model.objects.order_by("level", "idx").values_list("level", "idx", "hash"):
        nodes[((index + 1) << level) - 1] += bytes(digest)
    rows = [entry_model(seq=seq, nodes=one) for seq, one in nodes.items()]
    entry_model.objects.bulk_update(rows, ["nodes"], batch_size=200)


def move_contents(content_model, entry_model, opening_model, key_model):
    keys = {}
    last = -1
    while seqs := list(entry_model.objects.filter(seq__gt=last).order_by("seq").values_list("seq", "subject")[:AT_ONCE]):
        subjects = dict(seqs)
        last = seqs[-1][0]
        fresh = [subject for subject in dict.fromkeys(subjects.values()) if subject not in keys]
        for key_id, subject in enumerate(fresh, len(keys)):
            sealing.prepare(key_id)
            keys[subject] = key_id, os.urandom(sealing.HALF_BYTES)
        key_model.objects.bulk_create([key_model(id=keys[one][0], subject=one, half=keys[one][1]) for one in fresh])
        rows = content_model.objects.filter(entry_id__gte=seqs[0][0], entry_id__lte=last)
        opening_model.objects.bulk_create(
            [opening(opening_model, keys[subjects[row[0]]], *row) for row in rows.values_list(
                "entry_id", "position", "salt", "body").order_by("entry_id", "position")]
        )  # fmt: skip


def opening(model, key, seq, position, salt, body):
    key_id, half = key
    number = seq * PLACES + position
    if salt is None:
        return model(id=number, key_id=key_id, sealed=None)
    told = None if body is None else bytes(body)
    return model(id=number, key_id=key_id, sealed=sealing.seal(sealing.cipher(key_id, half), number, bytes(salt), told))


class Migration(migrations.Migration):
    dependencies = [("custody", "0002_guards")]

    operations = [
        migrations.RunPython(unguard, migrations.RunPython.noop),
        migrations.AddField("Entry", "nodes", models.BinaryField(default=bytes)),
        migrations.CreateModel(
            name="Opening",
            fields=[
                ("id", Position(primary_key=True, serialize=False)),
                ("key_id", models.BigIntegerField()),
                ("sealed", models.BinaryField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                ("id", Position(primary_key=True, serialize=False)),
                ("subject", models.CharField(max_length=64)),
                ("half", models.BinaryField(null=True)),
                ("is_destroyed", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject", "id"], name="subject_key_by_subject"),
                    models.Index(
                        fields=["id"],
                        condition=models.Q(half=None, is_destroyed=False),
                        name="subject_key_given_up",
                    ),
                ],
            },
        ),
        migrations.RunPython(move),
        migrations.DeleteModel("Content"),
        migrations.DeleteModel("Node"),
        migrations.RunPython(lambda apps, editor: guards.install(editor), migrations.RunPython.noop),
    ]
