"""A claim names its sender, so that the next one knows which claims a dead one left."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("digest", "0005_feedback")]

    operations = [
        migrations.AddField(
            "delivery", "owner", models.CharField(max_length=16, blank=True, default="")
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["owner"], condition=models.Q(state="claimed"), name="delivery_claimed"
            ),
        ),
    ]
