"""Where templates come from: the site's own folder first, then those that travel with us.

In: the folder that config.yaml names. Out: an `Environment` that knows which parts are the site's
own. One of theirs that cannot be read is refused, and never passed over for ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from digest.errors import Refused
from digest.mail.text import underlined, wrapped
from digest.shipped import shipped

Source = tuple[str, str, Callable[[], bool]]  # text, file name, whether that is still its text


def mail_environment(site_templates: Path | None = None) -> Environment:
    """Templates by names such as `email/issue.html`; a missing value is an error, never blank.

    HTML is escaped by itself; text and style sheets are not. A site's own folder is read anew
    each time (30 ms), so that a part that comes, changes or goes is noticed. Raises Refused when
    there is no such folder, and later for a file of it that cannot be read.
    """
    if site_templates is None:
        return _ours()
    try:
        next(site_templates.iterdir(), None)
    except FileNotFoundError:
        raise _no_folder(f"there is no folder {site_templates}") from None
    except OSError as error:
        what = f"the folder {site_templates} cannot be read ({error.strerror})"
        raise _no_folder(what) from None
    return fresh(site_templates)


def fresh(site_templates: Path | None = None) -> Environment:
    """An environment that has read nothing yet."""
    environment = Environment(
        loader=_OwnFirst(site_templates),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"wrapped": wrapped, "underlined": underlined}
    return environment


def own_parts(environment: Environment | None) -> list[str]:
    """The site's own files under email/, such as `email/card.html`; none where all are ours."""
    site = getattr(environment and environment.loader, "site", None)
    if site is None:
        return []
    return sorted(path.relative_to(site).as_posix() for path in (site / "email").glob("*.*"))


def at_fault(
    environment: Environment | None, *kinds: str, holding: str = "", otherwise: str
) -> str:
    """Where to look for what is wrong with a mail as a whole: `email/card.html or email/a.css`.

    These are the site's own files of such `kinds` (".html"), those alone that hold a text if any
    does; `otherwise` when it has none.
    """
    own = [name for name in own_parts(environment) if name.endswith(kinds)]
    if environment and environment.loader and holding:
        read = {name: environment.loader.get_source(environment, name)[0] for name in own}
        own = [name for name in own if holding in read[name]] or own
    return " or ".join(own) or otherwise


@cache
def _ours() -> Environment:
    return fresh()


class _OwnFirst(FileSystemLoader):
    """Reads from `site` what is there, and the rest from our own folder."""

    def __init__(self, site: Path | None) -> None:
        folders = [folder for folder in (site, shipped("templates")) if folder]
        super().__init__(folders, encoding="utf-8-sig")  # some editors begin a file with a mark
        self.site = site

    def get_source(self, environment: Environment, template: str) -> Source:
        """Raises Refused where jinja would take ours for a folder or a file that it cannot open."""
        if self.site:
            _refuse_unreadable(self.site / template)
        return super().get_source(environment, template)


def _refuse_unreadable(own: Path) -> None:
    try:
        own.lstat()
    except FileNotFoundError:
        return
    except OSError:
        pass  # reading it says why
    mend = "Mend your own copy of it, or remove that copy to use ours."
    try:
        own.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Refused("it is not UTF-8", where=str(own), mend="Save it as UTF-8.") from None
    except OSError as error:
        what = f"it cannot be read ({error.strerror})"
        raise Refused(what, where=str(own), mend=mend) from None


def _no_folder(what: str) -> Refused:
    mend = "Make it, or write null to use our templates."
    return Refused(what, where="config.yaml, templates", mend=mend)
