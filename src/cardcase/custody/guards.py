"""The triggers that keep entries and checkpoints from being changed or removed, on both databases.

They guard against mistakes, not against whoever owns the database file: ``queries.verify_all`` finds those. A later
migration that makes SQLite rebuild one of these tables loses its triggers and must call ``install`` again;
``missing`` tells. The table custody_gate is empty; only our ``flush`` command, which refuses all but test databases,
puts a row into it for as long as it runs, and the triggers then stand aside.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from string import Template

from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = ("custody_entry", "custody_checkpoint")
_SQLITE = Template(
    "CREATE TRIGGER IF NOT EXISTS $name BEFORE $verb ON $table WHEN NOT EXISTS (SELECT 1 FROM custody_gate) "
    "BEGIN SELECT RAISE(ABORT, 'the record is only ever added to'); END"
)
_FUNCTION = """
CREATE OR REPLACE FUNCTION custody_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM custody_gate) THEN
        RAISE EXCEPTION 'the record is only ever added to' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'UPDATE' THEN RETURN NEW; ELSIF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NULL;
END $$
"""
_POSTGRESQL = Template("CREATE TRIGGER $name BEFORE $verb ON $table FOR EACH $each EXECUTE FUNCTION custody_refuse()")
_VERBS = (
    ("UPDATE", "not_updated", "ROW"),
    ("DELETE", "not_deleted", "ROW"),
    ("TRUNCATE", "not_truncated", "STATEMENT"),
)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Create the gate and the triggers. For migrations."""
    editor.execute("CREATE TABLE IF NOT EXISTS custody_gate (is_open integer NOT NULL)")
    vendor = editor.connection.vendor
    if vendor == "postgresql":
        editor.execute(_FUNCTION)
    template = _SQLITE if vendor == "sqlite" else _POSTGRESQL
    for name, verb, table, each in _triggers(vendor):
        editor.execute(template.substitute(name=name, verb=verb, table=table, each=each))


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers and the gate. For migrations backwards."""
    vendor = editor.connection.vendor
    for name, _, table, _ in _triggers(vendor):
        editor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if vendor == "sqlite" else f" ON {table}"))
    if vendor == "postgresql":
        editor.execute("DROP FUNCTION IF EXISTS custody_refuse()")
    editor.execute("DROP TABLE IF EXISTS custody_gate")


def _triggers(vendor: str) -> list[tuple[str, str, str, str]]:
    """List (name, verb, table, each) of the triggers; SQLite knows no TRUNCATE."""
    verbs = _VERBS[:2] if vendor == "sqlite" else _VERBS
    return [(f"{table}_{ending}", verb, table, each) for table in TABLES for verb, ending, each in verbs]


def missing() -> list[str]:
    """Name the triggers that should be there and are not, and the gate when it stands open."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
        found = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM custody_gate")
        is_open = cursor.fetchone()[0] > 0
    wanted = [name for name, *_ in _triggers(connection.vendor)]
    return [name for name in wanted if name not in found] + (["custody_gate"] if is_open else [])


@contextmanager
def opened() -> Iterator[None]:
    """Let the record be emptied inside this block. Only for test databases; nothing in the product calls it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO custody_gate (is_open) VALUES (1)")
        yield
        cursor.execute("DELETE FROM custody_gate")
