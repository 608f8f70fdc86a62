"""Preview: the very bytes that would be sent, written to a folder for an editor's eye."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from digest.config import Config, Keys
from digest.delivery.message import message_id_for
from digest.editorial.themes import load_taxonomy
from digest.errors import Refused
from digest.mail.slots import personalise
from digest.mail.variants import for_themes
from digest.models import Issue
from digest.pipeline.mailing import Mailing, Reader
from digest.pipeline.render import renditions
from digest.values import Audience, Rendition


@dataclass(frozen=True, slots=True)
class Previews:
    """The files that were written, and the editions that hold none of the chosen themes."""

    files: list[Path]
    without: list[Audience]


def write_previews(
    issue: Issue,
    config: Config,
    keys: Keys,
    out: Path,
    *,
    only: Audience | None,
    now: datetime,
    themes: Collection[str] = (),
    text_only: bool = False,
) -> Previews:
    """Write A.html, A.txt and A.eml for each audience (or only one) into `out`.

    `themes` are ids that a reader chose; none means every theme. With `text_only` the mail is as
    readers get it who want no HTML, and there is no A.html. Raises Refused when a theme is
    unknown or no edition holds one of them, when the issue has no such edition, or the folder
    cannot be written to.
    """
    mailing = mailing_of(issue, config, keys)
    wanted = [edition_of(mailing, only)] if only else list(mailing.editions.values())
    made = _as_chosen(wanted, themes, mailing)
    files, without = [], []
    for audience, rendition in made.items():
        if rendition is None:
            without.append(audience)
            continue
        reader = replace(
            mailing.nobody(audience, now), chosen=frozenset(themes), text_only=text_only
        )
        files += _write(rendition, reader, mailing, issue, out)
    return Previews(files, without)


def sample(
    issue: Issue, audience: str, config: Config, keys: Keys, *, now: datetime
) -> tuple[str, str]:
    """The HTML and text of one edition for nobody in particular. Raises Refused."""
    mailing = mailing_of(issue, config, keys)
    return personalise(edition_of(mailing, audience), mailing.nobody(audience, now).personal)


def edition_of(mailing: Mailing, audience: str) -> Rendition:
    if audience not in mailing.editions:
        raise Refused(
            f"issue {mailing.number} has no {audience} edition: no study is in it for them",
            mend=f"It has {' and '.join(mailing.editions)}",
        )
    return mailing.editions[audience]


def mailing_of(issue: Issue, config: Config, keys: Keys) -> Mailing:
    made = renditions(issue, config)
    return Mailing(issue.number, config, keys, {one.audience: one for one in made})


def _as_chosen(
    wanted: list[Rendition], themes: Collection[str], mailing: Mailing
) -> dict[Audience, Rendition | None]:
    """Each edition as a reader of these themes gets it; None: they get no mail."""
    # An issue that was approved earlier may hold a theme that is gone from the taxonomy.
    held = [theme for edition in wanted for theme in _held(edition)]
    known = dict.fromkeys((*load_taxonomy(mailing.config.themes_path).themes, *held))
    for theme in themes:
        if theme not in known:
            raise Refused(f"there is no theme '{theme}'", mend=f"Known: {', '.join(known)}")
    made = {one.audience: for_themes(one, frozenset(themes)) for one in wanted}
    if themes and not any(made.values()):
        raise Refused(
            f"no study of issue {mailing.number} is in {' or '.join(themes)}",
            mend=f"Choose from {', '.join(dict.fromkeys(held))}",
        )
    return made


def _held(rendition: Rendition) -> list[str]:
    return [one.theme for one in rendition.splicing.themes] if rendition.splicing else []


def _write(
    rendition: Rendition, reader: Reader, mailing: Mailing, issue: Issue, out: Path
) -> list[Path]:
    html, text = personalise(rendition, reader.personal)
    preview = f"preview {issue.number} {rendition.audience}"
    envelope = mailing.fill(
        rendition.audience,
        reader,
        message_id=message_id_for(preview, mailing.keys.hash_key, mailing.host),
        date=issue.approved_at or issue.composed_at,
    )
    parts = {} if reader.text_only else {"html": html.encode()}
    contents = {**parts, "txt": text.encode(), "eml": envelope.content}
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
