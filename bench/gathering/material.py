"""Feeds of made-up summaries: RSS with the full text of each, about 1.5 KB an entry.

The n-th feed is the same on every machine and in every run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape

from bench.compose.material import made_up

NEWEST = datetime(2026, 11, 1, 9, tzinfo=UTC)
TITLE, HEADLINE = (7, 12), (12, 20)  # how many words


def feeds(count: int, entries: int) -> Iterator[bytes]:
    """`count` feeds of `entries` entries each."""
    summaries = made_up(count * entries)
    for number in range(count):
        yield _feed(number, [_item(next(summaries), number, n) for n in range(entries)])


def _feed(number: int, items: Sequence[str]) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">\n<channel>'
        f"<title>Studies {number}</title><link>https://site{number}.example.org/</link>\n"
        f"{''.join(items)}</channel>\n</rss>\n"
    ).encode()


def _item(summary: dict[str, str], feed: int, number: int) -> str:
    """Four paragraphs in order: headline, found, why, limits."""
    url = f"https://site{feed}.example.org/news/view/{number}"
    dated = NEWEST - timedelta(hours=7 * number, minutes=feed)
    headline = f"{_words_by_chance(feed, number, HEADLINE)}."
    parts = (headline, summary["found"], summary["why"], summary["limits"])
    text = "".join(f"<p>{escape(part, quote=False)}</p>\n" for part in parts)
    title = _words_by_chance(feed, number, TITLE)
    return (
        f"<item><title>{title}</title><link>{url}?utm_source=rss</link>"
        f'<guid isPermaLink="false">study-{feed}-{number}</guid>'
        f"<pubDate>{format_datetime(dated)}</pubDate><dc:creator>The editors</dc:creator>"
        f"<category>Studies</category><description>{escape(headline)}</description>"
        f"<content:encoded><![CDATA[{text}]]></content:encoded></item>\n"
    )


def _words_by_chance(feed: int, number: int, how_many: tuple[int, int]) -> str:
    """A line of its own: variants of the corpus' few titles and headlines would all be alike."""
    chance = random.Random(f"{feed} {number} {how_many}")
    return " ".join(chance.sample(_words(), chance.randint(*how_many))).capitalize()


@cache
def _words() -> Sequence[str]:
    """The words of the corpus as often as they stand in it, so that common ones are common."""
    texts = (f"{one['headline']} {one['found']}" for one in made_up(48))
    return [word for text in texts for word in re.findall(r"[A-Za-z][a-z]{2,}", text)]
