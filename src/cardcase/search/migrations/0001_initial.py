"""The index, and how far its making has come. Where facts are there already, it begins as unfinished."""

from datetime import UTC, datetime

from django.db import migrations, models

from cardcase.search import engine

SEARCHED = ("inbox_message", "inbox_reply", "cases_note", "cases_review", "cases_case", "orders_order", "orders_buyer")


def begin(apps, editor):
    """Say that the index has to be made, if there is anything to be found in this database."""
    with editor.connection.cursor() as cursor:
        there = set(editor.connection.introspection.table_names(cursor))
        for table in SEARCHED:
            if table not in there:
                continue
            cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
            if cursor.fetchone():
                apps.get_model("search", "Building").objects.create(folding="", started_at=datetime.now(UTC))
                return


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Building",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("folding", models.CharField(max_length=16)),
                ("kind", models.PositiveSmallIntegerField(default=0)),
                ("after", models.BigIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Doc",
                    fields=[
                        (
                            "number",
                            models.BigIntegerField(db_column="rowid", primary_key=True, serialize=False),
                        ),
                        ("shop_id", models.BigIntegerField()),
                        ("words", models.TextField()),
                    ],
                ),
            ],
            database_operations=[
                migrations.RunPython(
                    lambda apps, editor: engine.install(editor),
                    lambda apps, editor: engine.remove_table(editor),
                ),
            ],
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
