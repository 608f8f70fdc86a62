"""What lay in plain text goes; the free pages that held it too, where the database has such."""

from django.db import migrations, models

import subscribers.sealing


def clean(apps, schema_editor):
    """Rewrite the file: a dropped column's bytes stay in it until then."""
    if schema_editor.connection.vendor == "sqlite" and not schema_editor.connection.in_atomic_block:
        schema_editor.execute("VACUUM")
        schema_editor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Migration(migrations.Migration):
    atomic = False  # VACUUM
    dependencies = [("subscribers", "0004_sealed")]

    operations = [
        migrations.AlterField(
            "subscriber", "plain_address", models.TextField(blank=True, default="")
        ),
        migrations.AlterField(
            "subscriber", "plain_name", models.TextField(blank=True, default="")
        ),
        migrations.RemoveField("subscriber", "plain_address"),
        migrations.RemoveField("subscriber", "plain_name"),
        migrations.RemoveField("consentrecord", "text"),
        migrations.AlterField("subscriber", "address", subscribers.sealing.SealedTextField()),
        migrations.AlterField(
            "subscriber", "name", subscribers.sealing.SealedTextField(blank=True)
        ),
        migrations.RunPython(clean, migrations.RunPython.noop),
    ]
