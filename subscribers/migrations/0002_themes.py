"""Subscribers choose themes; whoever chose none gets every theme, as before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0001_initial")]

    operations = [migrations.AddField("subscriber", "themes", models.JSONField(default=list))]
