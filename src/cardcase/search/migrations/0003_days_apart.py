"""The day of a row begins with a space: as 「d20786」 it answered whoever looked for the letter d."""

from django.db import migrations

from cardcase.search import engine


def rename(apps, editor):  # noqa: ARG001 - what Django calls it with
    """Write the days anew; texts and numbers stay."""
    engine.rename_days(editor)


class Migration(migrations.Migration):
    dependencies = [("search", "0002_without_places")]
    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
