"""One source of config.yaml in, its harvest out."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config import Config
from digest.config.settings import FeedSource, FetchSettings, FolderSource, PagesSource
from digest.config.settings import SenderSettings as Sender
from digest.errors import SourceError
from digest.sources import fetch as fetcher
from digest.sources import harvest
from tests.sources.samples import TITLE, a_feed, a_page, an_item


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        folder=tmp_path,
        sender=Sender(postal_address="1 Example Street"),
        fetch=FetchSettings(allow_private_hosts=("intranet.example",), contact="ed@example.org"),
    )


def test_a_folder_source_reads_its_folder(config: Config) -> None:
    (config.folder / "incoming").mkdir()
    (config.folder / "incoming" / "walk.html").write_text(a_page())
    found = harvest(FolderSource(name="drop", kind="folder", path="incoming"), config)
    assert [entry.title for entry in found.entries] == [TITLE]


@pytest.mark.parametrize("url", ["feeds/my feed.xml", "file:feeds/my%20feed.xml", "file://{}"])
def test_a_feed_source_may_be_a_file(config: Config, url: str) -> None:
    path = config.folder / "feeds" / "my feed.xml"
    path.parent.mkdir()
    path.write_bytes(a_feed(an_item()))
    found = harvest(FeedSource(name="f", kind="feed", url=url.format(path)), config)
    assert [entry.title for entry in found.entries] == [TITLE]


@pytest.mark.parametrize("url", ["missing.xml", "file:missing.xml", ".", "a\0b"])
def test_a_feed_file_that_is_not_there_is_an_error(config: Config, url: str) -> None:
    with pytest.raises(SourceError) as caught:
        harvest(FeedSource(name="f", kind="feed", url=url), config)
    assert caught.value.mend


def test_a_feed_file_too_big_is_an_error(config: Config) -> None:
    (config.folder / "big.xml").write_bytes(b" " * 10_000_001)
    with pytest.raises(SourceError, match="larger than 10 MB"):
        harvest(FeedSource(name="f", kind="feed", url="big.xml"), config)


def test_a_feed_on_the_web_goes_through_the_guarded_fetcher(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch(url: str, **how: object) -> bytes:
        asked.append((url, how))
        return a_feed(an_item(text="<p>Short.</p>"))

    monkeypatch.setattr(fetcher, "fetch", fetch)
    url = "https://me:secret@news.example.org/rss"
    found = harvest(FeedSource(name="f", kind="feed", url=url), config)
    how = {"allow_private_hosts": ("intranet.example",), "contact": "ed@example.org"}
    assert asked == [(url, how)]
    assert found.refusals[0].place == "https://news.example.org/rss entry 1"


def test_pages_are_not_built_yet(config: Config) -> None:
    source = PagesSource(name="site", kind="pages", start=("https://news.example.org",))
    with pytest.raises(SourceError, match=r"not built yet\. Use a folder or feed source"):
        harvest(source, config)
