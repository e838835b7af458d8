"""The index of SQLite without places: smaller, quicker to write and to ask (decision 0021). It is made anew."""

from datetime import UTC, datetime

from django.db import migrations

from cardcase.search import engine


def make_anew(apps, editor):
    """Create the table as it is now, and say that it has to be filled if it was not empty."""
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {engine.TABLE} LIMIT 1")
        was_filled = cursor.fetchone() is not None
    engine.remove_table(editor)
    engine.install(editor)
    if was_filled:
        building = apps.get_model("search", "Building")
        building.objects.all().delete()
        building.objects.create(folding="", started_at=datetime.now(UTC))


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(make_anew, migrations.RunPython.noop)]
