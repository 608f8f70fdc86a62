"""Where templates come from: the site's own folder first, then those that travel with us."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from digest.mail.text import underlined, wrapped
from digest.shipped import shipped


@lru_cache(maxsize=8)
def mail_environment(site_templates: Path | None = None) -> Environment:
    """Templates by names such as `email/issue.html`; a missing value is an error, never blank.

    HTML is escaped by itself; text and style sheets are not.
    """
    folders = [folder for folder in (site_templates, shipped("templates")) if folder]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"wrapped": wrapped, "underlined": underlined}
    return environment
