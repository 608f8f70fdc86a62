"""Preview: the very bytes that would be sent, written to a folder for an editor's eye."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from digest.config import Config, Keys
from digest.errors import Refused
from digest.mail.slots import personalise
from digest.models import Issue
from digest.pipeline.deliver import Mailing
from digest.pipeline.render import renditions
from digest.values import Audience, Personal, Rendition


def write_previews(
    issue: Issue, config: Config, keys: Keys, out: Path, *, only: Audience | None, now: datetime
) -> list[Path]:
    """Write A.html, A.txt and A.eml for each audience (or only one) into `out`."""
    made = renditions(issue, config)
    mailing = Mailing(issue.number, config, keys, {one.audience: one for one in made})
    files = []
    for rendition in made:
        if only in (None, rendition.audience):
            files += _write(rendition, mailing, issue, out, now)
    return files


def sample_reader(issue: Issue, audience: Audience, config: Config, now: datetime) -> Personal:
    """Slots of nobody in particular: the links look real and lead nowhere."""
    site = config.publication.site_url
    local = now.astimezone(config.zone)
    return Personal(
        unsubscribe_url=f"{site}/leave/preview",
        browser_url=f"{site}/issues/{issue.number}/{audience}",
        joined=f"{local.day} {local:%B %Y}",
    )


def _write(
    rendition: Rendition, mailing: Mailing, issue: Issue, out: Path, now: datetime
) -> list[Path]:
    personal = sample_reader(issue, rendition.audience, mailing.config, now)
    html, text = personalise(rendition, personal)
    envelope = mailing.fill(
        rendition.audience,
        address="reader@example.org",
        name="",
        unsubscribe_url=personal.unsubscribe_url,
        joined_at=now,
        message_id=f"<preview-{issue.number}-{rendition.audience}@{mailing.host}>",
        date=issue.approved_at or issue.composed_at,
    )
    contents = {
        "html": html.encode("utf-8"),
        "txt": text.encode("utf-8"),
        "eml": envelope.content,
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        files = [out / f"{rendition.audience}.{ending}" for ending in contents]
        for path, content in zip(files, contents.values(), strict=True):
            path.write_bytes(content)
    except OSError as error:
        raise Refused(
            f"cannot be written ({error.strerror})",
            where=str(out),
            mend="Name a folder that you may write to with --out",
        ) from None
    return files
