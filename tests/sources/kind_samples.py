"""The same two studies in the form of every kind of source: what the contract of kinds reads.

A new kind adds a row to SAMPLES; docs/sources.md walks through it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from digest.sources import KINDS
from digest.sources.kind import Kind, Visit
from digest.values import Seen
from tests.sources.samples import FOUND, HEADLINE, LIMITS, ROOT, TITLE, WHY, a_feed, a_page, escaped
from tests.sources.webs import NOW, FakeWeb, a_visit

SITE = "https://news.example.org"
WALK = MappingProxyType(
    {"title": TITLE, "headline": HEADLINE, "found": FOUND, "why": WHY, "limits": LIMITS,
     "url": f"{SITE}/news/view/1", "published": "2026-10-03"}
)  # fmt: skip
NAP = MappingProxyType(
    {"title": "A Nap a Day", "headline": "Walking less and napping more was liked by some.",
     "found": "Nurses asked 40 people about naps. Most liked them.",
     "why": "Readers may ask their nurse.", "limits": "Few people took part.",
     "url": f"{SITE}/news/view/2", "published": "2026-10-03"}
)  # fmt: skip
DATED = datetime(2026, 10, 3, 4, tzinfo=UTC)  # midnight in the publication's zone
Content = Mapping[
    str, bytes
]  # an address, or a path (a folder: with a slash at its end) → what is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One kind's way to hold WALK and NAP. `settings` are those of its section without a default.

    `one_bad`: the two, and between them one that cannot be read. `empty`: there, and nothing in
    it. `unreadable`: contents that make the source as a whole unreadable. `date`: how it writes
    the date of both.
    """

    settings: Mapping[str, object]
    good: Content
    one_bad: Content
    empty: Content
    unreadable: tuple[Content, ...]
    date: str = "2026-10-03"


def visit(
    content: Content, folder: Path, seen: tuple[Seen, ...] = (), *, now: datetime = NOW
) -> tuple[Visit, FakeWeb]:
    """A visit of a world that holds `content`, remembering `seen`; and the web that it asks."""
    for name, data in content.items():
        if not name.startswith("http"):
            path = folder / name
            (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
            if not name.endswith("/"):
                path.write_bytes(data)
    web = FakeWeb({name: data for name, data in content.items() if name.startswith("http")})
    return a_visit(web, folder=folder, seen={one.url: one for one in seen}, now=now), web


def records(*them: object) -> bytes:
    """A JSON list."""
    return json.dumps([dict(one) if isinstance(one, Mapping) else one for one in them]).encode()


def page(study: Mapping[str, str]) -> bytes:
    """An HTML page of the documented structure."""
    sections = "".join(
        f'<section class="{name}"><p>{escaped(study[name])}</p></section>'
        for name in ("found", "why", "limits")
    )
    return a_page(
        title=f"<h1>{study['title']}</h1>",
        headline=f'<p class="headline">{study["headline"]}</p>',
        sections=sections,
        date=f'<time datetime="{study["published"]}">that day</time>',
        facts="",
        head=f'<link rel="canonical" href="{study["url"]}">',
    ).encode()


def listing(*paths: str) -> bytes:
    """A page of links."""
    links = "".join(f'<li><a href="{path}">An article</a></li>' for path in paths)
    return f"<!doctype html><html><body><main><ul>{links}</ul></main></body></html>".encode()


def item(study: Mapping[str, str]) -> str:
    """An item of RSS with the full text."""
    names = ("headline", "found", "why", "limits")
    text = "".join(f"<p>{escaped(study[name])}</p>" for name in names)
    return (
        f"<item><title>{study['title']}</title><link>{study['url']}</link>"
        f"<guid>{study['url']}</guid><pubDate>{RSS_DATE}</pubDate>"
        f"<description><![CDATA[{text}]]></description></item>"
    )


RSS_DATE = "Sat, 03 Oct 2026 04:00:00 GMT"
NO_TEXT = f"<item><title>x</title><link></link><pubDate>{RSS_DATE}</pubDate></item>"
FEED, NEWS, BAD_PAGE = f"{SITE}/rss", f"{SITE}/news", f"{SITE}/news/view/1b"
PAGES = {str(study["url"]): page(study) for study in (WALK, NAP)}
SAMPLES: dict[str, Sample] = {
    "folder": Sample(
        settings={"path": "incoming"},
        good={"incoming/a.html": page(WALK), "incoming/b.json": records(NAP)},
        one_bad={
            "incoming/a.html": page(WALK),
            "incoming/a.json": b'{"title": "cut',
            "incoming/b.json": records(NAP),
        },
        empty={"incoming/": b""},
        unreadable=({}, {"incoming": b"a file"}),
    ),
    "feed": Sample(
        settings={"url": FEED},
        good={FEED: a_feed(item(WALK), item(NAP))},
        one_bad={FEED: a_feed(item(WALK), NO_TEXT, item(NAP))},
        empty={FEED: a_feed()},
        unreadable=({}, {FEED: b"<!doctype html><p>Not found</p>"}),
        date=RSS_DATE,
    ),
    "pages": Sample(
        settings={"start": [NEWS], "article": "/news/view/"},
        good={NEWS: listing("/news/view/1", "/news/view/2"), **PAGES},
        one_bad={
            NEWS: listing("/news/view/1", "/news/view/1b", "/news/view/2"),
            BAD_PAGE: b"<!doctype html><html><body></body></html>",
            **PAGES,
        },
        empty={NEWS: listing()},
        unreadable=({},),
    ),
}


def _kind_of_the_docs() -> Kind[Any]:
    """The kind that docs/sources.md walks through, as its code stands there."""
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    module_code, row = (
        block.partition("```")[0] for block in text.split("```python\n")[1:3]
    )  # its module, and its row of SAMPLES
    module = ModuleType("tests.sources.kind_of_the_docs")
    sys.modules[module.__name__] = module
    # Nothing from outside: the page is ours, and what it shows is held to run.
    exec(compile(module_code, "docs/sources.md", "exec"), module.__dict__)
    SAMPLES.update(eval(f"{{{row}}}", globals()))
    kind: Kind[Any] = module.KIND
    return kind


ALL_KINDS = (*KINDS, _kind_of_the_docs())
