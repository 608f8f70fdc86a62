"""What of a config.yaml is still our example: harmless in a rehearsal, wrong in a mail.

In: the configuration. Out: its keys that name a place where nobody is (RFC 2606 section 3).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from digest.config.settings import Config

NOBODY_THERE = ("example.org", "example.com", "example.net")
STREET = "Example Street"


def is_example(host: str) -> bool:
    """Whether a host is kept free for examples."""
    return any(host == name or host.endswith(f".{name}") for name in NOBODY_THERE)


def examples_in(config: Config) -> tuple[str, ...]:
    """The keys that readers would see or follow and that still hold our example."""
    hosts = {
        "publication.site_url": urlsplit(config.publication.site_url).hostname or "",
        "sender.address": config.sender.address.rpartition("@")[2],
    }
    keys = [key for key, host in hosts.items() if is_example(host)]
    return (*keys, *(["sender.postal_address"] if STREET in config.sender.postal_address else []))
