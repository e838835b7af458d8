from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.AddIndex("order", models.Index(fields=["shop", "state"], name="order_by_state")),
    ]
