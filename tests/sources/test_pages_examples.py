"""The sample site without a feed: every field right with the defaults, by each way in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from digest.errors import SourceError
from digest.shipped import shipped
from digest.sources import harvest
from digest.sources.fetch import Fetcher
from digest.sources.fetch.pace import Pace
from digest.sources.fetch.robots import Robots
from digest.sources.fetch.web import VisitWeb
from digest.sources.kind import Answer
from digest.sources.pages import PagesSource
from digest.values import Entry
from tests.sources.webs import NOW, FakeWeb, a_visit

SITE = "http://127.0.0.1:8009/"
VIEW = "news/view/"
# slug → title, how headline, found, why and limits end, journal, date, DOI, PMID
EXPECTED = {
    "evening-light-and-sleep": (
        "Dimmer Evenings, Deeper Sleep",
        ("people with MS.", "told the same story.", "they ask about sleep.", "not take part."),
        "Example Annals of Sleep Neurology",
        datetime(2026, 10, 27, 13, tzinfo=UTC),
        "10.5555/example.site.light.2026",
        "",
    ),
    "balance-games-at-home": (
        "Balance Games in the Living Room",
        ("visits to a gym.", "about a third.", "is the obstacle.", "was not followed."),
        "Sample Journal of Balance & Play",
        datetime(2026, 10, 20, 4, tzinfo=UTC),
        "10.5555/example.site.balance.2026",
        "",
    ),
    "cooling-vests-on-hot-days": (
        "Cooling Vests on Hot Days",
        ("on hot days.", "hardly changed.", "first hot week.", "them were asked."),
        "Model Archives of Heat & Fatigue",
        datetime(2026, 10, 14, 16, 30, tzinfo=UTC),
        "",
        "",
    ),
    "telling-colleagues-about-ms": (
        "Telling Colleagues: What Helped and What Did Not",
        ("a survey finds.", "adjustments followed.", "without details.", "country to country."),
        "Specimen Journal of Work & Health",
        datetime(2026, 10, 12, 4, tzinfo=UTC),
        "",
        "",
    ),
    "smell-tests-and-memory": (
        "A Smell Test May Hint at Memory Trouble",
        ("remembered fewer words.", "it was much weaker.", "a longer test.", "why memory fails."),
        "Example Letters on the Senses",
        datetime(2026, 10, 5, 4, tzinfo=UTC),
        "",
        "99000417",
    ),
    "fish-oil-and-myelin-in-mice": (
        "Fish Oil and New Myelin in Mice",
        ("somewhat faster.", "did not differ.", "the missing trials.", "not been done."),
        "Sample Nutrition of Animals",
        datetime(2026, 9, 28, 4, tzinfo=UTC),
        "",
        "",
    ),
}
ARTICLE = "an-autumn-of-small-studies"


def source(start: str) -> PagesSource:
    return PagesSource(name="site", kind="pages", start=(start,), article="/news/view/")


def assert_all_right(entries: tuple[Entry, ...], site: str) -> None:
    found = {
        entry.url.removeprefix(f"{site}{VIEW}").removesuffix(".html"): entry for entry in entries
    }
    assert set(found) == {*EXPECTED, ARTICLE}
    article = found.pop(ARTICLE)
    assert (article.kind, article.title) == ("article", "An Autumn of Small Studies")
    assert article.body.count("\n\n") == 4
    assert article.published_at == datetime(2026, 10, 1, 4, tzinfo=UTC)
    for slug, (title, ends, journal, published_at, doi, pmid) in EXPECTED.items():
        entry = found[slug]
        texts = (entry.headline, entry.found, entry.why, entry.limits)
        assert (entry.kind, entry.title) == ("summary", title)
        assert all(
            text.endswith(end) and "\n" not in text for text, end in zip(texts, ends, strict=True)
        )
        assert (entry.journal, entry.published_at) == (journal, published_at)
        assert (entry.doi, entry.pmid, entry.date_problem) == (doi, pmid, "")
        assert "Read More" not in str(texts)


def files() -> dict[str, str | bytes | Answer | SourceError]:
    root = shipped("examples") / "site"
    found: dict[str, str | bytes | Answer | SourceError] = {
        SITE + file.relative_to(root).as_posix(): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file()
    }
    return {**found, SITE: found[f"{SITE}index.html"]}


@pytest.mark.parametrize("start", ["", "index.html", "sitemap.xml"])
def test_every_field_of_the_sample_site_is_right(start: str) -> None:
    web = FakeWeb(files(), forbidden=("unfinished-draft",))
    harvested = harvest(source(SITE + start), a_visit(web))
    assert_all_right(harvested.entries, SITE)
    assert harvested.refusals == ()
    assert not [url for url in web.asked if "unfinished" in url or "elsewhere" in url]


def test_a_second_visit_finds_the_sample_site_unchanged() -> None:
    web = FakeWeb(files(), forbidden=("unfinished-draft",))
    first = harvest(source(SITE), a_visit(web))
    again = harvest(source(SITE), a_visit(web, seen={seen.url: seen for seen in first.seen}))
    assert (again.entries, again.refusals, again.unchanged) == ((), (), 7)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        self.asked.append(self.path)

    asked: ClassVar[list[str]] = []


@pytest.fixture
def served() -> Iterator[str]:
    _Quiet.asked.clear()
    handler = partial(_Quiet, directory=str(shipped("examples") / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_sample_site_reads_the_same_from_a_real_server(served: str) -> None:
    pace = Pace(0)
    with Fetcher(allow_private_hosts=["127.0.0.1"], contact=None) as fetcher:
        web = VisitWeb(fetcher, pace, Robots(pace))
        first = harvest(source(served), a_visit(web))  # type: ignore[arg-type]
        assert_all_right(first.entries, served)
        assert not [path for path in _Quiet.asked if "unfinished" in path]
        seen = {seen.url: seen for seen in first.seen}
        later = NOW + timedelta(days=2)
        again = harvest(source(served), a_visit(web, seen=seen, now=later))  # type: ignore[arg-type]
        assert (again.entries, again.unchanged) == ((), 7)
