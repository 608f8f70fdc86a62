"""Paused: a restored instance sends nothing until its departures are in and somebody releases it.

In: `Restoration` rows. Out: one clear refusal for everything that would send.
"""

from __future__ import annotations

from digest.errors import Refused
from digest.models import Restoration

MAX_NAME = 150  # as `Restoration.released_by`


def refuse_unreleased() -> None:
    """Raises Refused while a restored backup waits for its release."""
    waiting = Restoration.objects.filter(released_at__isnull=True).order_by("pk").last()
    if waiting is not None:
        raise Refused(
            f"this site was restored from a backup of {waiting.taken_at:%Y-%m-%d %H:%M} UTC and "
            "sends nothing yet",
            mend="Look it over, then run `digest release --by NAME`",
        )


def check_name(name: str) -> str:
    """The name of who lets it send, for the audit, trimmed. Raises Refused for none."""
    name = " ".join(name.split())
    if not name or not name.isprintable() or len(name) > MAX_NAME:
        raise Refused(
            f"--by needs a name of 1 to {MAX_NAME} characters",
            mend="Give yours: it is kept in the audit",
        )
    return name
