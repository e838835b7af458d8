"""Entries, nodes and checkpoints are only ever added to: the database itself refuses the rest."""

from django.db import migrations

from cardcase.custody import guards


class Migration(migrations.Migration):
    dependencies = [("custody", "0001_initial")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: guards.install(editor),
            lambda apps, editor: guards.remove(editor),
        ),
    ]
