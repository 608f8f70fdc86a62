"""The guarded fetcher: an address on the web → bytes. All that is fetched comes through here.

Keeps law 8: http and https only, no address of a private network unless the configuration names
its host, the connection goes to the very address that was checked, each redirect is checked like
the first hop, and size and time are capped.
"""

from __future__ import annotations

from digest.sources.fetch.addresses import is_public, kept_address, shown_address
from digest.sources.fetch.client import FEEDS, PAGES, Fetched, Fetcher, reach
from digest.sources.fetch.line import MOST_SECONDS
from digest.sources.kind import MOST_BYTES

__all__ = [
    "FEEDS",
    "MOST_BYTES",
    "MOST_SECONDS",
    "PAGES",
    "Fetched",
    "Fetcher",
    "is_public",
    "kept_address",
    "reach",
    "shown_address",
]
