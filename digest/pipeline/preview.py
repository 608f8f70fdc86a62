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
    """Write A.html, A.txt and A.eml for each audience (or only one) into `out`.

    Raises Refused when the issue has no such edition, or the folder cannot be written to.
    """
    mailing = _mailing(issue, config, keys)
    wanted = [_edition(mailing, only)] if only else list(mailing.editions.values())
    return [path for one in wanted for path in _write(one, mailing, issue, out, now)]


def sample(
    issue: Issue, audience: str, config: Config, keys: Keys, *, now: datetime
) -> tuple[str, str]:
    """The HTML and text of one edition for nobody in particular. Raises Refused."""
    mailing = _mailing(issue, config, keys)
    return personalise(_edition(mailing, audience), _nobody(mailing, audience, now))


def _edition(mailing: Mailing, audience: str) -> Rendition:
    if audience not in mailing.editions:
        raise Refused(
            f"issue {mailing.number} has no {audience} edition: no study is in it for them",
            mend=f"It has {' and '.join(mailing.editions)}",
        )
    return mailing.editions[audience]


def _mailing(issue: Issue, config: Config, keys: Keys) -> Mailing:
    made = renditions(issue, config)
    return Mailing(issue.number, config, keys, {one.audience: one for one in made})


def _nobody(mailing: Mailing, audience: str, now: datetime) -> Personal:
    """The links look real and lead nowhere."""
    return mailing.personal(audience, _leave_nothing(mailing), now)


def _leave_nothing(mailing: Mailing) -> str:
    return f"{mailing.config.publication.site_url}/leave/preview"


def _write(
    rendition: Rendition, mailing: Mailing, issue: Issue, out: Path, now: datetime
) -> list[Path]:
    html, text = personalise(rendition, _nobody(mailing, rendition.audience, now))
    envelope = mailing.fill(
        rendition.audience,
        address="reader@example.org",
        name="",
        unsubscribe_url=_leave_nothing(mailing),
        joined_at=now,
        message_id=f"<preview-{issue.number}-{rendition.audience}@{mailing.host}>",
        date=issue.approved_at or issue.composed_at,
    )
    contents = {"html": html.encode(), "txt": text.encode(), "eml": envelope.content}
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
