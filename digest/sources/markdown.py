"""A Markdown file with YAML front matter → one `Entry`.

The front matter holds the keys of a record (`record`); the text below it is read by its headings
(Found, Why it matters, Limits), else by the order of its paragraphs: headline, found, why, limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

import yaml

from digest.sources.clean import loose_text
from digest.sources.entry import Stated, to_entry
from digest.sources.errors import Unreadable
from digest.sources.layout import Content, arrange, article, without_frame
from digest.sources.record import stated_in_record
from digest.values import Entry

FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(.*?\n)??---[ \t]*(?:\n|\Z)", re.DOTALL)
LONGEST_FRONT_MATTER = 50_000  # characters
TITLE = re.compile(r"#[ \t]+(.+)")
MARKS = (
    (re.compile(r"!\[[^\[\]]*\]\([^()\s]*\)"), ""),  # images
    (re.compile(r"\[([^\[\]]+)\]\([^()\s]*\)"), r"\1"),  # links
    (re.compile(r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]+?)(?<=\S)\1(?![\w*])"), r"\2"),
    (re.compile(r"(?<![\w_])(_{1,3})(?=\S)([^_\n]+?)(?<=\S)\1(?![\w_])"), r"\2"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"(?m)^#{1,6}[ \t]+(.+)$"), r"\n\1\n"),  # a heading is a paragraph of its own
    (re.compile(r"(?m)^[-*+][ \t]+"), "\n"),  # and so is a list item
    (re.compile(r"(?m)^>[ \t]?"), ""),
)


def read_markdown(text: str, place: str, *, zone: ZoneInfo) -> Entry:
    """The entry of a Markdown file. Raises Unreadable: what is wrong in it, and the mend."""
    text = re.sub(r"\r\n?", "\n", text)
    front, body = _front_matter(text)
    stated = stated_in_record(front)
    title = TITLE.match(body.lstrip())
    if title:
        body = body.lstrip()[title.end() :]
        stated = replace(stated, title=stated.title or _unmarked(title[1]))
    content = without_frame(_unmarked(body).split("\n"))
    paragraphs = loose_text("\n".join(content.lines)).split("\n\n")
    below = _below(stated, [part for part in paragraphs if part], content)
    return to_entry(below, place, zone)


def _front_matter(text: str) -> tuple[Mapping[str, object], str]:
    match = FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    if len(match[1] or "") > LONGEST_FRONT_MATTER:  # the YAML parser reads 0.1 MB a second
        raise Unreadable("its front matter is too long", "Keep the text below the second ---")
    try:
        front = yaml.safe_load(match[1] or "")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise Unreadable(
            f"its front matter is no YAML: line {line}: {error.problem}",
            "Mend that line; put text with a colon in quotes",
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise Unreadable(f"its front matter is no YAML ({reason})", "Mend it") from None
    if front is None:
        return {}, text[match.end() :]
    if not isinstance(front, Mapping):
        raise Unreadable("its front matter holds no keys", "Write lines like `title: …`")
    return front, text[match.end() :]


def _below(stated: Stated, paragraphs: list[str], content: Content) -> Stated:
    """Adds what the text says to what the front matter says; the front matter's word counts."""
    stated = replace(stated, journal=stated.journal or content.journal)
    if not paragraphs:
        return stated
    if stated.kind == "article":
        return replace(stated, body=stated.body or article(paragraphs, stated.title).body)
    if stated.headline and not stated.found:
        paragraphs = [stated.headline, *paragraphs]
    told = arrange(paragraphs, content, stated.title)
    return replace(
        stated,
        kind=stated.kind or told.kind,
        title=stated.title or told.title,
        headline=stated.headline or told.headline,
        found=stated.found or told.found,
        why=stated.why or told.why,
        limits=stated.limits or told.limits,
        body=stated.body or told.body,
    )


def _unmarked(text: str) -> str:
    for pattern, instead in MARKS:
        text = pattern.sub(instead, text)
    return text
