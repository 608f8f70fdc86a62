"""The kind `pages`: a site without a feed, read page by page from its listings or its sitemap.

In: its section of config.yaml and a `Visit`; out: a `Harvest`. `crawl` reads; here are the keys,
and what of them is refused when config.yaml is read.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from digest.fields import ONE_OR_MORE, Section
from digest.sources.kind import Kind, SourceSettings, Visit
from digest.values import Harvest

LONGEST = 300  # characters of a pattern or a selector


def _starts(urls: tuple[str, ...]) -> tuple[str, ...]:
    """Web addresses as the operator wrote them: a last slash and a query may matter."""
    if not urls:
        raise ValueError("names no address; write the page that lists the articles, or a sitemap")
    for url in urls:
        if not _is_start(url):
            raise ValueError(
                f"'{url[:80]}' is no web address; write one like https://news.example.org/news"
            )
    return urls


def _is_start(url: str) -> bool:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(whole) and "@" not in parts.netloc and not re.search(r"[\s<>\"'\\#]", url)


def _pattern(pattern: str) -> str:
    if len(pattern) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters; name a part of the address")
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(
            f"'{pattern[:60]}' is no pattern ({error}); write a part of the address, like "
            "/news/view/"
        ) from None
    return pattern


def _selector(selector: str) -> str:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    if len(selector) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters; write a shorter selector")
    try:
        LexborHTMLParser("<p>").css(selector)
    except SelectolaxError:
        raise ValueError(
            f"'{selector[:60]}' is no CSS selector; write one like .journal or article > time"
        ) from None
    return selector


Starts = Annotated[tuple[str, ...], ONE_OR_MORE, AfterValidator(_starts)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Selector = Annotated[str, AfterValidator(_selector)]


class Selectors(Section):
    """A CSS selector for each field that the defaults do not find; None: the defaults."""

    title: Selector | None = None
    headline: Selector | None = None
    found: Selector | None = None
    why: Selector | None = None
    limits: Selector | None = None
    journal: Selector | None = None
    published: Selector | None = None
    doi: Selector | None = None
    card: Selector | None = None  # one related card: its date and its link


class PagesSource(SourceSettings):
    """`start`: listing pages or sitemaps. `article`: a pattern of the addresses of articles.

    The pattern is searched for in path and query. `depth`: how many steps from an article to
    another by its cards. `most_pages`: how many pages one visit reads, listings counted.
    """

    kind: Literal["pages"]
    start: Starts
    article: Pattern = "/"
    fields: Selectors = Selectors()
    depth: int = Field(1, ge=0, le=5)
    most_pages: int = Field(50, ge=1, le=1000)

    @property
    def host(self) -> str:
        """The host of the first start address."""
        return urlsplit(self.start[0]).hostname or ""


def harvest(source: PagesSource, visit: Visit) -> Harvest:
    """Every article that the site leads to. Raises SourceError when no start can be read."""
    from digest.sources.crawl import crawl

    return crawl(source, visit)


KIND = Kind("pages", PagesSource, harvest)
