"""A frozen mail knows how it follows a reader's choice of themes; an older one stays whole."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("digest", "0003_as_composed")]

    operations = [
        migrations.AddField("storedrendition", "splicing", models.JSONField(null=True)),
    ]
