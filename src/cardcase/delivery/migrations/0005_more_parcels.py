"""Parcels of replacements, and more than one chain of the same goods. What is there is the first chain of its delivery."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def _fill(apps, _editor):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - Django's historical models
    parcels, deliveries = apps.get_model("delivery", "Parcel"), apps.get_model("delivery", "Delivery")
    order = deliveries.objects.filter(pk=OuterRef("delivery_id")).values("order_id")[:1]
    parcels.objects.filter(order=None).update(order_id=Subquery(order))


class Migration(migrations.Migration):
    """Widen the table and say of each parcel which order it is about; 0006 holds that to be told."""

    dependencies: ClassVar = [
        ("cards", "0007_supplier_identity"),
        ("delivery", "0004_parcels"),
        ("orders", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.RemoveConstraint(model_name="parcel", name="one_parcel_a_way"),
        migrations.AddField(
            model_name="parcel",
            name="order",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="parcels", to="orders.order"
            ),
        ),
        migrations.AddField(
            model_name="parcel",
            name="card",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="parcels", to="cards.card"
            ),
        ),
        migrations.AddField(
            model_name="parcel",
            name="round",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="parcel",
            name="why",
            field=models.CharField(blank=True, default="", max_length=300),
        ),
        migrations.AlterField(
            model_name="parcel",
            name="delivery",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="parcels", to="delivery.delivery"
            ),
        ),
        migrations.RunPython(_fill, migrations.RunPython.noop),
    ]
