"""Addresses and names are sealed, and the words of each consent are stored once."""

import hashlib

from django.db import migrations

SOME = 1000


def seal(apps, schema_editor):
    Subscriber = apps.get_model("subscribers", "Subscriber")
    some = []
    for row in Subscriber.objects.defer("address", "name").iterator(chunk_size=SOME):
        row.address, row.name = row.plain_address, row.plain_name
        some.append(row)
        if len(some) == SOME:
            Subscriber.objects.bulk_update(some, ["address", "name"])
            some.clear()
    Subscriber.objects.bulk_update(some, ["address", "name"])


def unseal(apps, schema_editor):
    Subscriber = apps.get_model("subscribers", "Subscriber")
    some = []
    for row in Subscriber.objects.iterator(chunk_size=SOME):
        row.plain_address, row.plain_name = row.address, row.name
        some.append(row)
        if len(some) == SOME:
            Subscriber.objects.bulk_update(some, ["plain_address", "plain_name"])
            some.clear()
    Subscriber.objects.bulk_update(some, ["plain_address", "plain_name"])


def word(apps, schema_editor):
    ConsentRecord = apps.get_model("subscribers", "ConsentRecord")
    ConsentWording = apps.get_model("subscribers", "ConsentWording")
    said = ConsentRecord.objects.exclude(text="").order_by("text").values_list("text", flat=True)
    for text in said.distinct():
        records = ConsentRecord.objects.filter(text=text)
        wording = ConsentWording.objects.create(
            text=text,
            text_hash=hashlib.sha256(text.encode()).hexdigest(),
            version=records.order_by("at").first().at.date().isoformat(),
        )
        records.update(wording=wording)


def unword(apps, schema_editor):
    ConsentRecord = apps.get_model("subscribers", "ConsentRecord")
    ConsentWording = apps.get_model("subscribers", "ConsentWording")
    for wording in ConsentWording.objects.all():
        ConsentRecord.objects.filter(wording=wording).update(text=wording.text)


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0003_life")]

    operations = [migrations.RunPython(seal, unseal), migrations.RunPython(word, unword)]
