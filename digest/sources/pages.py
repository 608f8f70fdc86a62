"""The kind `pages`: a site without a feed, read page by page from its listings or its sitemap."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from digest.errors import SourceError
from digest.fields import Section, WebAddress
from digest.sources.kind import Kind, SourceSettings, Visit
from digest.values import Harvest


class Selectors(Section):
    """A CSS selector for each field that the defaults do not find; None: the defaults."""

    title: str | None = None
    headline: str | None = None
    found: str | None = None
    why: str | None = None
    limits: str | None = None
    journal: str | None = None
    published: str | None = None
    doi: str | None = None
    card: str | None = None  # one related card: its date and its link


class PagesSource(SourceSettings):
    """`start`: listing pages or sitemaps. `article`: a pattern of the addresses of articles.

    `depth`: how many steps from an article to another by its cards. `most_pages`: how many pages
    one visit reads, listings counted.
    """

    kind: Literal["pages"]
    start: tuple[WebAddress, ...] = Field(min_length=1)
    article: str = "/"
    fields: Selectors = Selectors()
    depth: int = Field(1, ge=0, le=5)
    most_pages: int = Field(50, ge=1, le=1000)

    @property
    def host(self) -> str:
        """The host of the first start address."""
        return urlsplit(self.start[0]).hostname or ""


def harvest(source: PagesSource, visit: Visit) -> Harvest:
    """Every article that the site leads to. Raises SourceError when no start can be read."""
    raise SourceError("not built yet", where=source.name)


KIND = Kind("pages", PagesSource, harvest)
