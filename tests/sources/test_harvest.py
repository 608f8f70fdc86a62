"""One source of config.yaml in, its harvest out: the registry finds the kind."""

from __future__ import annotations

from pathlib import Path

from digest.sources import harvest
from digest.sources.feed import FeedSource
from digest.sources.folder import FolderSource
from tests.sources.samples import TITLE, a_feed, a_page, an_item
from tests.sources.webs import a_visit


def test_each_kind_is_read_by_its_own_module(tmp_path: Path) -> None:
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "walk.html").write_text(a_page())
    (tmp_path / "feed.xml").write_bytes(a_feed(an_item()))
    for source in (
        FolderSource(name="drop", kind="folder", path="incoming"),
        FeedSource(name="feed", kind="feed", url="feed.xml"),
    ):
        found = harvest(source, a_visit(folder=tmp_path))
        assert [entry.title for entry in found.entries] == [TITLE]
