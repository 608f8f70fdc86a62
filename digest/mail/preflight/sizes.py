"""Whether an inbox takes the whole mail."""

from __future__ import annotations

from collections.abc import Iterator

from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, listed, warns
from digest.mail.render import LARGEST, size_as_sent

GMAIL_CUTS = 102_400  # bytes of HTML; the footer and the way out go with the rest
FEWER = "Exclude or hold some studies, or lower issue.max_items in config.yaml."


def size(mail: Mail) -> Iterator[Finding]:
    """The HTML part as sent, and as Gmail counts it."""
    raw, sent = len(mail.html.encode("utf-8")), size_as_sent(mail.html)
    if raw > GMAIL_CUTS:
        what = f"its {raw:,} bytes are too many: Gmail cuts at {GMAIL_CUTS:,}, the footer with it"
        yield warns("size", mail.at("HTML part"), what, FEWER)
    elif sent > LARGEST:
        what = f"it is {sent:,} bytes as sent; above {LARGEST:,} some inboxes cut it off"
        yield warns("size", mail.at("HTML part"), what, FEWER)


def no_room(mail: Mail) -> Iterator[Finding]:
    """Studies that are on our page only."""
    shown = mail.shown_studies
    if hidden := [study for study in mail.studies if study not in shown]:
        what = f"{len(hidden)} of {len(mail.studies)} studies had no room and are more on the web: "
        yield warns("size", mail.name, what + listed(hidden), FEWER)
