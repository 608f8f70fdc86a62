"""Preview: the very bytes that would be sent, written to a folder for an editor's eye."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from digest.config import Config
from digest.delivery.message import build_envelope
from digest.errors import Refused
from digest.mail.slots import personalise
from digest.models import Issue
from digest.pipeline.render import renditions
from digest.values import Audience, Personal, Rendition


def write_previews(
    issue: Issue, config: Config, out: Path, *, only: Audience | None, now: datetime
) -> list[Path]:
    """Write A.html, A.txt and A.eml for each audience (or only one) into `out`."""
    files = []
    for rendition in renditions(issue, config):
        if only in (None, rendition.audience):
            files += _write(rendition, issue, config, out, now)
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
    rendition: Rendition, issue: Issue, config: Config, out: Path, now: datetime
) -> list[Path]:
    personal = sample_reader(issue, rendition.audience, config, now)
    html, text = personalise(rendition, personal)
    host = config.publication.site_url.split("//")[1].split("/")[0].split(":")[0]
    envelope = build_envelope(
        sender=config.sender_value(),
        recipient_address="reader@example.org",
        recipient_name="",
        subject=rendition.subject,
        text=text,
        html=html,
        message_id=f"<preview-{issue.number}-{rendition.audience}@{host}>",
        date=issue.approved_at or issue.composed_at,
        unsubscribe_url=personal.unsubscribe_url,
        list_host=host,
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
