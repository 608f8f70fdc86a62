"""What comes back is kept, and a delivery knows the name that events call it by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("digest", "0004_splicing")]

    operations = [
        migrations.AddField(
            "delivery", "reference", models.CharField(max_length=40, blank=True, default="")
        ),
        migrations.AddIndex(
            "delivery", models.Index(fields=["reference"], name="delivery_reference")
        ),
        migrations.CreateModel(
            "StoredEvent",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("raw_id", models.CharField(max_length=250, unique=True)),
                ("raw", models.TextField(blank=True)),
                ("kind", models.CharField(max_length=20, blank=True)),
                ("reference", models.CharField(max_length=100, blank=True)),
                ("detail", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("applied_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["id"],
                        condition=models.Q(applied_at__isnull=True),
                        name="event_to_apply",
                    ),
                    models.Index(fields=["reference", "kind"], name="event_reference"),
                ],
            },
        ),
    ]
