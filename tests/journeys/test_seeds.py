"""The real pages this product exists for: four summaries and an article, right to the letter.

The pages are not ours to ship: the folder stands beside the project on our machines, or where
DIGEST_SEEDS says; elsewhere this journey is skipped, visibly.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.conftest import CONFIG, Shell

ROOT = Path(__file__).resolve().parents[2]
SEEDS = Path(os.environ.get("DIGEST_SEEDS", ROOT.parent / "shared" / "seeds"))

pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason=f"no real pages in {SEEDS}")


@pytest.fixture
def shell(new_site: Callable[[str], Shell]) -> Shell:
    shell = new_site(CONFIG)
    for page in SEEDS.glob("*.txt"):
        (shell.folder / "incoming" / page.name).write_bytes(page.read_bytes())
    return shell


def dumps() -> list[list[str]]:
    """The lines of each summary page (the article has no cards)."""
    pages = [page.read_text(encoding="utf-8") for page in sorted(SEEDS.glob("*.txt"))]
    return [
        [line for line in page.splitlines() if line.strip()]
        for page in pages
        if "Read More" in page
    ]


def stored(shell: Shell) -> list[dict[str, str]]:
    """Every stored summary, read as a row: the commands show only what they need."""
    import sqlite3

    with sqlite3.connect(shell.folder / "digest.db") as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM digest_storedsummary").fetchall()
    return [dict(row) for row in rows]


def test_four_summaries_and_one_article_are_gathered_to_the_letter(shell: Shell) -> None:
    result = shell.json("gather")["sources"][0]
    assert (result["found"], result["new"], result["failed"]) == (5, 5, 0)
    rows = {row["headline"]: row for row in stored(shell) if row["kind"] == "summary"}
    assert len(rows) == len(dumps()) == 4
    for headline, found, why, limits, *_ in dumps():
        row = rows[headline]
        assert (row["found"], row["why"], row["limits"]) == (found, why, limits)
        assert row["title"] == headline
        assert row["published_at"] is None


def test_the_journals_are_read_from_the_disclaimer(shell: Shell) -> None:
    shell.json("gather")
    pages = "".join(page.read_text(encoding="utf-8") for page in SEEDS.glob("*.txt"))
    named = re.findall(r"journals like (.+?) often range", pages)
    assert sorted(row["journal"] for row in stored(shell) if row["journal"]) == sorted(named)


def test_no_card_and_no_disclaimer_is_stored_or_sent(shell: Shell, tmp_path: Path) -> None:
    shell.json("gather")
    number = shell.json("compose")["number"]
    shell.json("preview", number, "--out", tmp_path / "out")
    texts = [str(value) for row in stored(shell) for value in row.values()]
    texts += [path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("*.*")]
    cards = {line for page in dumps() for line in page if len(line) == 100}
    disclaimers = {line for page in dumps() for line in page[-2:]}
    assert cards
    for text in texts:
        assert "Read More" not in text
        assert not any(card[:60] in text for card in cards)
        assert not any(line[:60] in text for line in disclaimers)


def test_the_lead_comes_from_what_was_found_and_the_article_is_a_titled_link(
    shell: Shell, tmp_path: Path
) -> None:
    shell.json("gather")
    report = shell.json("compose")
    assert (len(report["items"]), len(report["articles"])) == (4, 1)
    for item in report["items"]:
        headline, found, *_ = next(p for p in dumps() if p[0] == item["summary"]["title"])
        lead = item["teasers"]["patient"]["lead"]
        told = lead.removeprefix(headline).strip()  # the mail shows the title once
        assert told
        assert told[:40] in found
    assert set(report["articles"][0]) == {"summary", "kind", "ledger"}
    shell.json("preview", report["number"], "--out", tmp_path)
    title = report["articles"][0]["summary"]["title"]
    html = (tmp_path / "patient.html").read_text(encoding="utf-8")
    assert title in html[html.index("Also worth reading") :]
