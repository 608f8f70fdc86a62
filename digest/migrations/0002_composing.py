"""Composing: the editor's own words by part, choices by audience, lessons, and notices."""

import django.db.models.deletion
from django.db import migrations, models


def _subjects_into_wording(apps, schema_editor):
    for issue in apps.get_model("digest", "Issue").objects.all():
        issue.wording = {audience: {"subject": text} for audience, text in issue.subjects.items()}
        issue.save(update_fields=("wording",))


def _wording_into_subjects(apps, schema_editor):
    for issue in apps.get_model("digest", "Issue").objects.all():
        parts = issue.wording.items()
        issue.subjects = {name: words["subject"] for name, words in parts if "subject" in words}
        issue.save(update_fields=("subjects",))


def _choices_for_all_only(apps, schema_editor):
    """The older tables know one choice a summary: what was decided for one edition goes."""
    apps.get_model("digest", "EditorChoice").objects.exclude(audience="").delete()


AUDIENCES = [("patient", "patient"), ("caregiver", "caregiver"), ("clinician", "clinician")]


class Migration(migrations.Migration):
    dependencies = [("digest", "0001_initial")]

    operations = [
        migrations.AddField("issue", "wording", models.JSONField(default=dict)),
        migrations.RunPython(_subjects_into_wording, _wording_into_subjects),
        migrations.RemoveField("issue", "subjects"),
        migrations.AddField(
            "editorchoice",
            "audience",
            models.CharField(blank=True, choices=AUDIENCES, default="", max_length=10),
            preserve_default=False,
        ),
        migrations.RemoveConstraint("editorchoice", "one_choice_per_summary"),
        migrations.AddConstraint(
            "editorchoice",
            models.UniqueConstraint(
                fields=("issue", "summary", "audience"), name="one_choice_per_audience"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, _choices_for_all_only),
        migrations.AddField(
            "queuedmail",
            "purpose",
            models.CharField(
                choices=[("confirmation", "Confirmation"), ("notice", "Notice")],
                default="confirmation",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            "Lesson",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("theme", models.CharField(max_length=40)),
                ("instead_of", models.CharField(max_length=40)),
                ("who", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                ("issue", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="lessons", to="digest.issue")),
                ("summary", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="lesson", to="digest.storedsummary")),
            ],
            options={"ordering": ("at", "id")},
        ),
    ]
