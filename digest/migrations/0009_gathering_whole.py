"""Where else a study stands, what it said before, what editors should look at, what is remembered."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


import hashlib
import re
import unicodedata


WORDS = ("title", "headline", "found", "why", "limits", "body")


def key_words(apps, schema_editor):
    """As `title_key` and `text_key` of `digest.sources.identity` were when this was written.

    The key of the words was that of title, headline and body; it is the identity of what has
    neither an id nor an address of its own.
    """
    summaries = apps.get_model("digest", "StoredSummary").objects.only(*WORDS, "kind", "identity", "text_key")
    for summary in summaries.iterator():
        plain = [_plain(getattr(summary, name)) for name in WORDS]
        by_title = plain[0] and summary.kind == "summary"
        summary.title_key = _sha256(plain[0]) if by_title else ""
        before, summary.text_key = summary.text_key, _sha256("\n".join(plain))
        if before and summary.identity.endswith(f"text:{before}"):
            summary.identity = summary.identity.removesuffix(before) + summary.text_key
        summary.save(update_fields=["title_key", "text_key", "identity"])


def _plain(text):
    return re.sub(r"\W+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()



class Migration(migrations.Migration):

    dependencies = [
        ('digest', '0008_no_plain_text'),
    ]

    operations = [
        migrations.AddField(
            model_name='sourcestate',
            name='asked_to_wait',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='sourcestate',
            name='failures',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='sourcestate',
            name='found',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='sourcestate',
            name='gone_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sourcestate',
            name='next_try',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sourcestate',
            name='notes',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='sourcestate',
            name='settings_hash',
            field=models.CharField(default='', max_length=64),
        ),
        migrations.AddField(
            model_name='storedsummary',
            name='date_problem',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='storedsummary',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='storedsummary',
            name='pmid',
            field=models.CharField(blank=True, db_index=True, default='', max_length=12),
        ),
        migrations.AddField(
            model_name='storedsummary',
            name='title_key',
            field=models.CharField(db_index=True, default='', max_length=64),
        ),
        migrations.CreateModel(
            name='Appearance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=40)),
                ('identity', models.CharField(max_length=600, unique=True)),
                ('url', models.TextField(blank=True)),
                ('place', models.TextField()),
                ('first_seen', models.DateTimeField()),
                ('summary', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='appearances', to='digest.storedsummary')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('replaced_at', models.DateTimeField()),
                ('content', models.JSONField()),
                ('content_hash', models.CharField(max_length=64)),
                ('summary', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='digest.storedsummary')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='SeenAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=40)),
                ('url_hash', models.CharField(max_length=64)),
                ('url', models.TextField()),
                ('etag', models.TextField(blank=True)),
                ('last_modified', models.TextField(blank=True)),
                ('moved_to', models.TextField(blank=True)),
                ('body_hash', models.CharField(blank=True, max_length=64)),
                ('read_at', models.DateTimeField(null=True)),
                ('found', models.PositiveIntegerField(default=0)),
                ('said', models.CharField(blank=True, max_length=64)),
                ('dated', models.TextField(blank=True)),
                ('far', models.PositiveSmallIntegerField(default=0)),
                ('problem', models.TextField(blank=True, default='')),
                ('answered', models.TextField(blank=True, default='')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('source', 'url_hash'), name='one_seen_address')],
            },
        ),
        migrations.CreateModel(
            name='Flag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('similar', 'Similar'), ('changed', 'Changed'), ('removed', 'Removed')], max_length=10)),
                ('detail', models.TextField()),
                ('raised_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('settled_by', models.CharField(blank=True, default='', max_length=150)),
                ('other', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='flagged_by', to='digest.storedsummary')),
                ('summary', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='digest.storedsummary')),
            ],
            options={
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('other__isnull', False), ('settled_at', None)), fields=('summary', 'kind', 'other'), name='one_open_flag_of_two'), models.UniqueConstraint(condition=models.Q(('other', None), ('settled_at', None)), fields=('summary', 'kind'), name='one_open_flag')],
            },
        ),
        migrations.AddIndex(
            model_name='storedsummary',
            index=models.Index(models.F('url'), name='summary_url'),
        ),
        migrations.AddIndex(
            model_name='storedsummary',
            index=models.Index(django.db.models.functions.text.Lower('doi'), name='summary_doi'),
        ),
        migrations.RunPython(key_words, migrations.RunPython.noop),
    ]
