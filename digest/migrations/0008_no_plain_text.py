"""The free pages that held mails in plain text go, where the database is a file."""

from django.db import migrations


def clean(apps, schema_editor):
    """Rewrite the file: a dropped column's bytes stay in it until then."""
    if schema_editor.connection.vendor == "sqlite" and not schema_editor.connection.in_atomic_block:
        schema_editor.execute("VACUUM")
        schema_editor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Migration(migrations.Migration):
    atomic = False  # VACUUM
    dependencies = [("digest", "0007_restoration")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
