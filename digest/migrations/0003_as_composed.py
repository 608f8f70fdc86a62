"""An issue keeps when it was opened, and what its items said of themselves when composed."""

from django.db import migrations, models


def _opened_when_composed(apps, schema_editor):
    apps.get_model("digest", "Issue").objects.update(opened_at=models.F("composed_at"))


class Migration(migrations.Migration):
    dependencies = [("digest", "0002_composing")]

    operations = [
        migrations.AddField("issue", "as_composed", models.JSONField(default=dict)),
        migrations.AddField("issue", "opened_at", models.DateTimeField(null=True)),
        migrations.RunPython(_opened_when_composed, migrations.RunPython.noop),
    ]
