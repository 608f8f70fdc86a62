"""A folder of files: what is read, what is refused with one line, what is passed over."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from digest.sources.files import harvest_folder
from tests.sources.folders import harvest, put
from tests.sources.samples import (
    CUT,
    DUMP,
    FOUND,
    HEADLINE,
    LIMITS,
    ROOT,
    TITLE,
    WHY,
    ZONE,
    a_page,
)

RECORD = {"title": TITLE, "headline": HEADLINE, "found": FOUND, "published": "2026-10-03"}
CORPUS = Path(os.environ.get("DIGEST_CORPUS", ROOT.parent / "shared" / "corpus"))
MARKDOWN = f"""---
title: "Walking: a start"
id: md-1
published: 2026-10-03
journal: Sample Journal
---
{HEADLINE}

## What was found
Doctors **followed** 120 people
for a [year](https://news.example.org/x).

## Why it matters
{WHY}

## Limits
{LIMITS}
"""


def refused(folder: Path, name: str, content: str | bytes) -> str:
    """The one line of the one refusal that `content` gets."""
    put(folder, name, content)
    found = harvest(folder)
    assert found.entries == ()
    (refusal,) = found.refusals
    assert refusal.place.startswith(f"incoming/{name}")
    assert refusal.mend
    assert "\n" not in refusal.line()
    return refusal.line()


def test_each_kind_of_file_is_read_in_the_order_of_names(folder: Path) -> None:
    put(folder, "b/page.html", a_page())
    put(folder, "a.htm", a_page())
    put(folder, "c.txt", DUMP)
    put(folder, "d.MD", MARKDOWN)
    put(folder, "e.json", json.dumps(RECORD))
    put(folder, "f.json", json.dumps([RECORD, RECORD]))
    put(folder, "g.jsonl", f"\ufeff{json.dumps(RECORD)}\r\n\n{json.dumps(RECORD)}\n")
    found = harvest(folder)
    assert found.refusals == ()
    assert [entry.place for entry in found.entries] == [
        "incoming/a.htm", "incoming/b/page.html", "incoming/c.txt", "incoming/d.MD",
        "incoming/e.json", "incoming/f.json item 1", "incoming/f.json item 2",
        "incoming/g.jsonl line 1", "incoming/g.jsonl line 3",
    ]  # fmt: skip


def test_a_name_is_a_wish_for_the_slug_of_pages_only(folder: Path) -> None:
    put(folder, "A Walk!.html", a_page())
    put(folder, "000_cef.txt", DUMP)
    put(folder, "index.html", a_page())
    assert [entry.slug for entry in harvest(folder).entries] == ["", "a-walk", ""]
    assert {entry.guid for entry in harvest(folder).entries} == {""}


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        ('<meta charset="iso-8859-1">', "cp1252"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">', "cp1252"),
        ("", "cp1252"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ('<meta charset="shift_jis">', "cp932"),
    ],
)
def test_a_page_is_read_in_the_charset_that_it_names(folder: Path, head: str, codec: str) -> None:
    text = "カフェで会った。" if codec == "cp932" else "They met in a café – and “walked”."
    put(folder, "x.html", a_page(head=head).replace("Doctors followed", text).encode(codec))
    (entry,) = harvest(folder).entries
    assert entry.found.startswith(text)


def test_a_picture_named_as_a_page_is_refused(folder: Path) -> None:
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0" + bytes(range(256)) * 20
    assert "is no readable text" in refused(folder, "x.html", picture)


def test_markdown_is_read_with_its_front_matter_and_headings(folder: Path) -> None:
    put(folder, "walk.md", MARKDOWN)
    (entry,) = harvest(folder).entries
    assert (entry.title, entry.guid, entry.journal) == (
        "Walking: a start",
        "md-1",
        "Sample Journal",
    )
    assert entry.headline == HEADLINE
    assert entry.found == "Doctors followed 120 people for a year."
    assert (entry.why, entry.limits) == (WHY, LIMITS)
    assert entry.published_at is not None


def test_markdown_without_headings_goes_by_the_order_of_the_dump(folder: Path) -> None:
    text = "\n\n".join([f"# {TITLE}", HEADLINE, FOUND, WHY, LIMITS, f"5/1/2026\n{CUT}\nRead More"])
    put(folder, "walk.md", text)
    (entry,) = harvest(folder).entries
    assert (entry.title, entry.headline, entry.found) == (TITLE, HEADLINE, FOUND)
    assert (entry.why, entry.limits) == (WHY, LIMITS)


def test_markdown_articles_stay_articles(folder: Path) -> None:
    put(folder, "a.md", f"---\nkind: article\ntitle: {TITLE}\n---\nOne.\n\nTwo 2*3*4.\n")
    (entry,) = harvest(folder).entries
    assert (entry.kind, entry.title, entry.body) == ("article", TITLE, "One.\n\nTwo 2*3*4.")


def test_a_bad_line_is_refused_and_the_other_lines_go_on(folder: Path) -> None:
    lines = [json.dumps(RECORD)] * 8
    lines[6] = '{"title": "cut'
    put(folder, "june.jsonl", "\n".join(lines))
    found = harvest(folder)
    assert len(found.entries) == 7
    (refusal,) = found.refusals
    assert refusal.place == "incoming/june.jsonl line 7"
    assert refusal.problem.startswith("bad JSON at column 11")


def test_a_date_that_is_none_is_told_with_its_place_and_its_entry_is_kept(folder: Path) -> None:
    put(folder, "x.json", json.dumps({**RECORD, "published": "31/31/2026"}))
    found = harvest(folder)
    (entry,), (refusal,) = found.entries, found.refusals
    assert entry.published_at is None
    assert "31/31/2026" in entry.date_problem
    assert (refusal.place, refusal.problem) == ("incoming/x.json", entry.date_problem)
    assert "until then the editor is asked" in refusal.mend


def test_a_broken_byte_spoils_only_its_line(folder: Path) -> None:
    good = json.dumps(RECORD).encode()
    put(folder, "x.jsonl", good + b'\n{"title": "caf\xe9"}\n' + good)
    found = harvest(folder)
    assert len(found.entries) == 2
    assert found.refusals[0].line().startswith("incoming/x.jsonl line 2: is no UTF-8.")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.txt", "", "is empty"),
        ("x.html", '<section class="found">We found it.</section>', "has no headline"),
        ("x.json", "", "bad JSON at column 1"),
        ("x.json", "{\n\n bad", "bad JSON at line 3 column 2"),
        ("x.json", "[" * 100_000, "nests too deep"),
        ("x.json", '{"id": ' + "1" * 5000 + "}", "a number is far too long"),
        ("x.json", "7", "is no object of keys"),
        ("x.jsonl", '{"title": "a", "found": 7}', "`found` is a number"),
        ("x.txt", b"\xff\xfeH\x00i\x00", "is no readable text"),
        ("x.txt", b"Caf\xc3\xa9 and a broken \xe9 byte.\n", "is no readable text"),
        ("x.txt", b"\x81\x8d", "is no readable text"),
        ("x.md", "---\ntitle: a: b\n---\nText.", "front matter is no YAML: line 2"),
        ("x.md", "---\npublished: 2026-13-45\n---\nText.", "front matter is no YAML (month"),
        ("x.md", "---\n- a\n---\nText.", "holds no keys"),
        ("x.md", "---\nx: !!python/object:os.system {}\n---\nText.", "is no YAML: line 2"),
        ("x.md", f"---\nx: {'y' * 60_000}\n---\nText.", "front matter is too long"),
        ("x.txt", b"x" * 10_000_001, "is larger than 10 MB"),
    ],
)
def test_what_is_wrong_gets_one_clear_line(
    folder: Path, name: str, content: str | bytes, problem: str
) -> None:
    assert problem in refused(folder, name, content)


def test_windows_text_is_read_where_it_makes_sense(folder: Path) -> None:
    text = f"{HEADLINE}\nThey met in a café – and “walked”.\n{WHY}\n{LIMITS}"
    put(folder, "x.txt", text.encode("cp1252"))
    (entry,) = harvest(folder).entries
    assert entry.found == "They met in a café – and “walked”."


def test_the_corpus_gives_all_its_summaries() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the sample corpus is absent: {CORPUS}")
    found = harvest_folder(CORPUS, ZONE)
    assert (len(found.entries), found.refusals) == (48, ())
    assert sum(entry.published_at is None for entry in found.entries) == 2
    raw = [
        json.loads(line) for line in (CORPUS / "summaries.jsonl").read_text("utf-8").splitlines()
    ]
    for record, entry in zip(raw, found.entries, strict=True):
        for key in ("slug", "title", "headline", "found", "why", "limits", "journal"):
            # But for the blanks: sentences that were glued are parted.
            assert getattr(entry, key).replace(" ", "") == record[key].replace(" ", "")
        assert (entry.guid, entry.doi) == (record["id"], record["doi"] or "")
