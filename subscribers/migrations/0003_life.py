"""What the whole life of a subscriber needs; addresses and names get columns that are sealed."""

import django.db.models.deletion
import subscribers.sealing
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscribers', '0002_themes'),
    ]

    operations = [
        migrations.RenameField('subscriber', 'address', 'plain_address'),
        migrations.RenameField('subscriber', 'name', 'plain_name'),
        migrations.AddField('subscriber', 'address', subscribers.sealing.SealedTextField(default='')),
        migrations.AddField('subscriber', 'name', subscribers.sealing.SealedTextField(blank=True, default='')),
        migrations.CreateModel(
            name='ConsentProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_name', models.CharField(max_length=40)),
                ('purpose', models.CharField(max_length=40)),
                ('text_hash', models.CharField(blank=True, max_length=64)),
                ('confirmed_in', models.CharField(blank=True, max_length=7)),
                ('withdrawn_in', models.CharField(blank=True, max_length=7)),
                ('erased_in', models.CharField(max_length=7)),
            ],
        ),
        migrations.CreateModel(
            name='ConsentWording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text_hash', models.CharField(max_length=64, unique=True)),
                ('text', models.TextField()),
                ('version', models.CharField(max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=200)),
                ('file_hash', models.CharField(max_length=64)),
                ('list_name', models.CharField(max_length=40)),
                ('actor', models.CharField(max_length=150)),
                ('order', models.JSONField(default=dict)),
                ('counts', models.JSONField(default=dict)),
                ('next_row', models.PositiveBigIntegerField(default=0)),
                ('asking', models.JSONField(default=list)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Request',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_key', models.CharField(max_length=64)),
                ('kind', models.CharField(choices=[('join', 'Join'), ('link', 'Link')], max_length=4)),
                ('content', subscribers.sealing.SealedTextField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('address_key', 'kind'), name='one_request')],
            },
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('expression', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=150)),
            ],
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='form',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='locale',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='purpose',
            field=models.CharField(default='newsletter', max_length=40),
        ),
        migrations.AddField(
            model_name='membership',
            name='was_pending',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='membership',
            name='why_left',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='language',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='new_address',
            field=subscribers.sealing.SealedTextField(blank=True),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='new_address_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='not_now',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='paused_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='tags',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='text_only',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='suppression',
            name='actor',
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AlterField(
            model_name='membership',
            name='subscriber',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='subscribers.subscriber'),
        ),
        migrations.CreateModel(
            name='Asked',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_key', models.CharField(max_length=64)),
                ('purpose', models.CharField(choices=[('confirm', 'Confirm'), ('link', 'Link'), ('change', 'Change'), ('order', 'Order')], max_length=8)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['address_key', 'purpose', 'at'], name='asked_address'), models.Index(fields=['at'], name='asked_at')],
            },
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='wording',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subscribers.consentwording'),
        ),
        migrations.AddField(
            model_name='membership',
            name='imported',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='subscribers.importrun'),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='imported',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='subscribers.importrun'),
        ),
    ]
