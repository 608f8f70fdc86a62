"""`python -m bench.compose.fill FOLDER COUNT`: a site of its own with COUNT summaries in it.

The configuration is the shipped one. Most summaries are dated in the first issue's window; a few
lie in the future or state no date.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.material import made_up
from digest.shipped import shipped

if TYPE_CHECKING:
    from digest.models import StoredSummary

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTES = 30 * 24 * 60  # of the first window; the shipped configuration looks back 31 days
UNDATED, FUTURE = 50, 51  # every 50th states no date; of the others every 51st lies ahead
A_BATCH = 500


def main(folder: Path, count: int) -> None:
    """Make the site and fill it; DIGEST_CONFIG and DJANGO_SETTINGS_MODULE name it already."""
    from digest.cli.setup import apply_migrations, make_site

    make_site(folder, shipped("config.yaml").read_text(encoding="utf-8"))
    import django

    django.setup()
    apply_migrations()
    from digest.models import StoredSummary

    rows = (_row(n, texts) for n, texts in enumerate(made_up(count)))
    StoredSummary.objects.bulk_create(rows, batch_size=A_BATCH)


def _row(n: int, texts: Mapping[str, str]) -> StoredSummary:
    from digest.models import StoredSummary

    slug = texts["slug"]
    return StoredSummary(
        identity=f"text:{slug}",
        text_key=slug[-64:],
        kind="summary",
        source="drop",
        place=f"incoming/{slug}.html",
        url=f"https://news.example.org/{slug}",
        published_at=_dated(n),
        first_seen=NOW,
        content_hash=slug[-64:],
        **texts,
    )


def _dated(n: int) -> datetime | None:
    if n % UNDATED == UNDATED - 1:
        return None
    if n % FUTURE == FUTURE - 1:
        return NOW + timedelta(days=40)
    return NOW - timedelta(minutes=n * 7919 % MINUTES)  # a prime: spread, never in order


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
