"""Sources: outside formats → plain values. In: a source's section of config.yaml and a `Visit`.

Out: a `Harvest`. Keeps law 8: what comes from outside is fetched by the guarded fetcher, capped,
parsed, and then every field is made plain text. A new kind is one module and one line here;
`docs/sources.md` walks through adding one.

    folder ► files (markdown, record, page)
    feed ──► feed_xml, feed_json ► feed_item ► following (its linked pages)
    pages ─► crawl (leads, listing, cards, sitemap, reread, tally)
    all ───► page (page_facts, selected, layout) ► entry (clean, mending, dates) ► Entry
    fetch    the guarded fetcher, pace and robots.txt; identity, similar: which study is which
"""

from __future__ import annotations

from typing import Any

from digest.sources import feed, folder, pages
from digest.sources.kind import Kind, SourceSettings, Visit
from digest.values import Harvest

__all__ = ["KINDS", "harvest"]

KINDS: tuple[Kind[Any], ...] = (
    folder.KIND,
    feed.KIND,
    pages.KIND,
)


def harvest(source: SourceSettings, visit: Visit) -> Harvest:
    """All that `source` holds now. Raises SourceError when it cannot be read as a whole."""
    kind = next(kind for kind in KINDS if kind.name == source.kind)
    return kind.harvest(source, visit)
