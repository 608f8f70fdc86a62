"""Gone: editors are told, once, of a source whose site says that it is gone for good (410).

It is queued in the transaction that notes it, like the notices on issues, and names no diagnosis
(law 7): not the address, and the source's name only where that tells nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from digest.config import Config
from digest.delivery.queue import queue_notices, withdraw_notices
from digest.models import SourceState
from digest.pipeline.notices import editors
from digest.sources.kind import SourceSettings

SUBJECT = "A source is gone for good: somebody has to look"


def tell_gone(source: SourceSettings, config: Config, *, now: datetime) -> None:
    """Queue it for each of the editors. The caller holds a transaction."""
    named = not config.privacy.diagnosis_in_name(source.name)
    which = f"It is called '{source.name}' in config.yaml." if named else ""
    paragraphs = (
        "The site of one of the sources says that what is asked of it is gone, and stays so.",
        which,
        "It is not asked any more. What was gathered from it is kept, and the others go on.",
        "Correct its address in config.yaml, or remove it there.",
        "Which it is, and what its site said:\ndigest sources",
        "If that was a mistake of the site, ask once more:\ndigest gather --source NAME",
        f"{config.publication.site_url}/studio/",
    )
    queue_notices(
        editors(config),
        SUBJECT,
        "\n\n".join(filter(None, paragraphs)),
        about=_about(source.name),
        sender=config.sender_value(),
        now=now,
    )


def still_there(state: SourceState) -> None:
    """Take back a mail that was not sent: the source, noted as gone before, was read again."""
    if state.gone_at:
        withdraw_notices(_about(state.name))


def _about(name: str) -> str:
    """It stands in a header of the mail, so it does not tell the name."""
    return f"source-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
