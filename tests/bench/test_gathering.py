"""The bench of gathering: its feeds are read whole, its server keeps to HTTP, its limits bite."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.gathering.material import feeds
from bench.gathering.report import AGAIN, BARE, FIRST, as_lines, figures, over
from bench.gathering.server import Counts, Site, answer
from digest.sources import harvest
from digest.sources.feed import FeedSource
from tests.sources.webs import FakeWeb, a_visit

GET = "GET /rss HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {}\r\nIf-None-Match: {}"


def test_every_entry_of_the_feeds_is_a_summary_with_its_full_text() -> None:
    (body,) = feeds(1, 20)
    url = "https://site.example.org/rss"
    found = harvest(
        FeedSource(name="f", kind="feed", url=url),
        a_visit(FakeWeb({url: body}, media_type="application/rss+xml")),
    )
    assert found.refusals == ()
    assert len({entry.guid for entry in found.entries}) == 20
    assert all(entry.found and entry.why and entry.published_at for entry in found.entries)
    assert 1000 < len(body) / 20 < 2500
    assert (body,) == tuple(feeds(1, 20))


def test_no_two_titles_of_the_feeds_are_the_same() -> None:
    titles = [part.split(b"<")[0] for feed in feeds(10, 20) for part in feed.split(b"<title>")[2:]]
    assert len(set(titles)) == len(titles) == 200


def test_the_server_answers_304_until_it_forgets_its_validators() -> None:
    site, counts = Site.of(b"<rss/>" * 100), Counts()
    first = answer(GET.format("identity", "x"), site, counts)
    assert first.endswith(site.plain)
    assert f"ETag: {site.etag}".encode() in first
    packed = answer(GET.format("gzip, br", "x"), site, counts)
    assert packed.endswith(site.packed)
    assert answer(GET.format("gzip", site.etag), site, counts).startswith(b"HTTP/1.1 304")
    assert answer("GET /robots.txt HTTP/1.1", site, counts).startswith(b"HTTP/1.1 404")
    size = len(site.plain) + len(site.packed)
    assert json.loads(counts.take()) == {"requests": 4, "not_modified": 1, "bytes": size}
    counts.validators = False
    bare = answer(GET.format("gzip", site.etag), site, counts)
    assert bare.startswith(b"HTTP/1.1 200")
    assert b"ETag" not in bare


def a_run(seconds: float, **changes: Any) -> dict[str, Any]:
    run = {"seconds": seconds, "cpu_seconds": seconds / 2, "memory_mb": 120.0, "requests": 200}
    return {**run, "not_modified": 0, "bytes": 16_000_000, **changes}


def test_what_is_outside_a_limit_is_said() -> None:
    good = {FIRST: a_run(10.0), AGAIN: a_run(0.4), BARE: a_run(1.0)}
    slow = {FIRST: a_run(30.0), AGAIN: a_run(3.0), BARE: a_run(9.0, memory_mb=201.0)}
    found = figures([good, good, slow], 10_000)
    assert over({**found, "memory_mb": 199.0}) == []
    assert (found["per_second"], found["times_faster"]) == (1000, 25)
    assert found["memory_mb"] == 201
    assert "1,000 entries/s (2,000 a second of a core)" in "\n".join(as_lines(found))
    assert len(over(figures([slow], 10_000))) == 3


@pytest.mark.parametrize("hosts", [0, 251])
def test_there_are_only_so_many_hosts(hosts: int, capsys: pytest.CaptureFixture[str]) -> None:
    from bench.gathering.__main__ import main

    with pytest.raises(SystemExit):
        main(["--feeds", str(hosts)])
    assert "--feeds" in capsys.readouterr().err
