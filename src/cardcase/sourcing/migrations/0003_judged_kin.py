"""Remember with whom a subject was judged, so that a round finds everybody whom a change of buyer or supplier moves."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Fill it for what was judged before: by the present buyer and supplier."""
    judged = apps.get_model("sourcing", "Judged").objects
    for prefix, model, field in (("order_", ("orders", "Order"), "buyer"), ("batch_", ("cards", "CardBatch"), "supplier")):
        rows = apps.get_model(*model).objects.filter(public_id=OuterRef("subject")).values(f"{field}_id")
        judged.filter(subject__startswith=prefix).update(kin=Subquery(rows[:1]))


class Migration(migrations.Migration):
    """Add the column, fill it, and find quickly what failed."""

    dependencies: ClassVar = [("sourcing", "0002_own_rules_and_released_orders")]
    operations: ClassVar = [
        migrations.AddField("judged", "kin", models.BigIntegerField(null=True)),
        migrations.AddIndex(
            "judged",
            models.Index(fields=["shop"], condition=models.Q(stamp="failed"), name="judged_in_vain"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
