"""`python -m bench.deliver.fill COUNT [OCTETS]`: a site with COUNT confirmed readers.

One approved issue lies in it, and nothing of it is queued. DIGEST_CONFIG and
DJANGO_SETTINGS_MODULE name the site already.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from bench.deliver.material import NOW, OCTETS, a_mail

if TYPE_CHECKING:
    from subscribers.models import Subscriber

A_BATCH = 2_000
LIST = "patient"


def main(count: int, octets: int) -> None:
    """Make the tables and fill them."""
    import django

    django.setup()
    from digest.cli.setup import apply_migrations

    apply_migrations()
    _readers(count)
    _issue(octets)


def _readers(count: int) -> None:
    from django.db import transaction

    from subscribers.models import Membership, Subscriber

    made = (_reader(n) for n in range(count))
    with transaction.atomic():
        while batch := list(islice(made, A_BATCH)):
            Membership.objects.bulk_create(
                Membership(
                    subscriber=reader,
                    list_name=LIST,
                    state="confirmed",
                    joined_at=NOW,
                    changed_at=NOW,
                )
                for reader in Subscriber.objects.bulk_create(batch)
            )


def _reader(n: int) -> Subscriber:
    from subscribers.addresses import address_key
    from subscribers.models import Subscriber

    address = f"reader{n}@{domains(n)}"
    key = address_key(address)
    return Subscriber(
        address=address,
        address_key=key,
        public_id=key[:22],
        name=f"Reader {n}" if n % 2 else "",
        created_at=NOW,
    )


def domains(n: int) -> str:
    """A few large ones and many small, as on any list."""
    return f"mail{n % 5}.example.org" if n % 4 else f"house{n % 1009}.example.net"


def _issue(octets: int) -> None:
    from digest.models import Issue, StoredRendition
    from digest.pipeline.approval import approval_hash

    rendition = a_mail(octets)
    issue = Issue.objects.create(
        number=1,
        window_start=NOW - timedelta(days=31),
        cut_off=NOW,
        composed_at=NOW,
        state="approved",
        approved_by="Bench",
        approved_hash=approval_hash([rendition]),
    )
    StoredRendition.objects.create(
        issue=issue, content_hash=rendition.content_hash, **asdict(rendition)
    )


def words() -> Iterator[int]:
    """COUNT, and OCTETS or its default."""
    yield int(sys.argv[1])
    yield int(sys.argv[2]) if len(sys.argv) > 2 else OCTETS


if __name__ == "__main__":
    main(*words())
