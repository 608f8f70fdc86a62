"""Restored backups, segments, and mails that wait, sealed."""

import subscribers.sealing
from django.db import migrations, models


from subscribers.addresses import address_key


def seal(apps, schema_editor):
    for mail in apps.get_model("digest", "QueuedMail").objects.defer("recipient", "content"):
        mail.recipient, mail.content = mail.plain_recipient, bytes(mail.plain_content)
        mail.recipient_key = address_key(mail.plain_recipient)
        mail.save(update_fields=["recipient", "content", "recipient_key"])


def unseal(apps, schema_editor):
    for mail in apps.get_model("digest", "QueuedMail").objects.all():
        mail.plain_recipient, mail.plain_content = mail.recipient, mail.content
        mail.save(update_fields=["plain_recipient", "plain_content"])


class Migration(migrations.Migration):

    dependencies = [
        ('digest', '0006_claim_owner'),
        ('subscribers', '0005_no_plain_text'),
    ]

    operations = [
        migrations.CreateModel(
            name='Restoration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('taken_at', models.DateTimeField()),
                ('restored_at', models.DateTimeField()),
                ('replayed_at', models.DateTimeField(null=True)),
                ('released_at', models.DateTimeField(null=True)),
                ('released_by', models.CharField(blank=True, max_length=150)),
            ],
        ),
        migrations.AddField(
            model_name='issue',
            name='segment',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='queuedmail',
            name='recipient_key',
            field=models.CharField(blank=True, db_index=True, max_length=64),
        ),
        migrations.RenameField("queuedmail", "content", "plain_content"),
        migrations.RenameField("queuedmail", "recipient", "plain_recipient"),
        migrations.AddField(
            "queuedmail", "content", subscribers.sealing.SealedBytesField(default=b"")
        ),
        migrations.AddField(
            "queuedmail", "recipient", subscribers.sealing.SealedTextField(default="")
        ),
        migrations.RunPython(seal, unseal),
        migrations.AlterField("queuedmail", "plain_content", models.BinaryField(default=b"")),
        migrations.AlterField("queuedmail", "plain_recipient", models.TextField(default="")),
        migrations.RemoveField("queuedmail", "plain_content"),
        migrations.RemoveField("queuedmail", "plain_recipient"),
        migrations.AlterField("queuedmail", "content", subscribers.sealing.SealedBytesField()),
        migrations.AlterField("queuedmail", "recipient", subscribers.sealing.SealedTextField()),
    ]
