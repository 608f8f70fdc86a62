"""Gathering from real servers, some of them hostile: each has its line, the others are stored."""

from __future__ import annotations

import gzip
import json
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partialmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from digest.config import Config
from digest.models import QueuedMail, StoredSummary
from digest.pipeline.gather import Gathering, gather
from digest.pipeline.report import source_lines
from digest.sources.fetch import Fetcher
from tests.builders import NOW, a_config
from tests.journeys.conftest import Shell, new_site
from tests.sources.samples import HEADLINE, a_feed, a_text, an_item

__all__ = ["new_site"]

PATIENCE = 60  # seconds; only a failing test waits that long
BOMB = gzip.compress(b"<" * 64_000_000)
GOOD = tuple(f"good-{n}" for n in range(5))
BAD = ("hangs", "drips", "strays", "bomb")
Answer = Callable[["Site", BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """One server on a loopback address of its own, and what it saw."""

    name: str
    answer: Answer
    address: str = ""
    port: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    statuses: list[int] = field(default_factory=list)
    elsewhere: str = ""

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}/rss"


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The site, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            site.connections += 1
            super().setup()

        def do_GET(self) -> None:
            site.answer(site, self)

        def send_response(self, code: int, message: str | None = None) -> None:
            site.statuses.append(code)
            super().send_response(code, message)

        def log_message(self, *rest: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *rest: Any) -> None:
            """We hang up on some of them."""

    with Server((site.address, 0), Handler) as server:
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site.stopped.set()
            server.shutdown()
            thread.join(PATIENCE)


def say(request: BaseHTTPRequestHandler, code: int, body: bytes = b"", **headers: str) -> None:
    request.send_response(code)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def feed_of(name: str) -> bytes:
    text = a_text().replace(HEADLINE, f"What {name} found in a study of its own.")
    return a_feed(an_item(title=f"A Study of {name}", text=text).replace("tag:1", name)
                  .replace("org/1<", f"org/{name}<"))  # fmt: skip


def good(site: Site, request: BaseHTTPRequestHandler) -> None:
    if request.path == "/robots.txt":
        say(request, 404)
    elif request.headers["If-None-Match"] == '"1"':
        say(request, 304, ETag='"1"')
    else:
        say(request, 200, feed_of(site.name), ETag='"1"', Content_Type="application/rss+xml")


def moved(site: Site, request: BaseHTTPRequestHandler) -> None:
    if request.path == "/rss":
        say(request, 301, Location="/feed")
    else:
        good(site, request)


def hangs(site: Site, request: BaseHTTPRequestHandler) -> None:
    site.asked.set()
    site.stopped.wait(PATIENCE)


def drips(site: Site, request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while not site.stopped.wait(0.05):
        request.wfile.write(b"<")


def strays(site: Site, request: BaseHTTPRequestHandler) -> None:
    say(request, 302, Location=site.elsewhere)


def bomb(site: Site, request: BaseHTTPRequestHandler) -> None:
    say(request, 200, BOMB, Content_Encoding="gzip", Content_Type="application/rss+xml")


def gone(site: Site, request: BaseHTTPRequestHandler) -> None:
    say(request, 410)


def busy(site: Site, request: BaseHTTPRequestHandler) -> None:
    say(request, 429, Retry_After="7200")


ANSWERS: dict[str, Answer] = {
    **dict.fromkeys(GOOD, good), "moved": moved, "gone": gone, "busy": busy,
    "hangs": hangs, "drips": drips, "strays": strays, "bomb": bomb,
}  # fmt: skip


@pytest.fixture
def sites() -> Iterator[dict[str, Site]]:
    """Twelve sites on addresses that are allowed by name, and one that is not ("private")."""
    with ExitStack() as stack:
        private = stack.enter_context(serving(Site("private", good, "127.0.0.99")))
        found = {"private": private}
        for n, (name, answer) in enumerate(ANSWERS.items(), 2):
            site = Site(name, answer, f"127.0.0.{n}", elsewhere=private.url)
            found[name] = stack.enter_context(serving(site))
        yield found


def config_of(sites: dict[str, Site]) -> Config:
    asked = [site for site in sites.values() if site.name != "private"]
    return a_config(
        sources=[{"name": site.name, "kind": "feed", "url": site.url} for site in asked],
        fetch={"allow_private_hosts": [site.address for site in asked], "pause": "0s"},
        schedule={"gather": "0 * * * *"},
    )


@pytest.mark.django_db
def test_hostile_and_hung_servers_have_one_line_each_and_harm_no_other(
    sites: dict[str, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fetcher, "get", partialmethod(Fetcher.get, seconds=3.0))
    config = config_of(sites)
    done: list[str] = []
    results = gather(config, now=NOW, progress=lambda name, *_: done.append(name))
    first = {result.source: result for result in results}
    stored = Counter(StoredSummary.objects.values_list("source", flat=True))
    assert stored == Counter([*GOOD, "moved"])
    assert set(done[-2:]) == {"hangs", "drips"}  # nobody waited for those
    _check_lines(first)
    assert sites["private"].connections == 0
    assert max(result.bytes for result in results) < 2_000_000
    assert [any("moved for good" in note for note in r.notes) for r in results] == [
        r.source == "moved" for r in results
    ]
    _check_second_run(config, sites)


def _check_lines(first: dict[str, Gathering]) -> None:
    wanted = {
        "gone": "410", "busy": "429", "hangs": "3 seconds", "drips": "3 seconds",
        "strays": "private network", "bomb": "10 MB",
    }  # fmt: skip
    assert {name for name, result in first.items() if result.failed} == set(wanted)
    for name, words in wanted.items():
        assert words in first[name].error, first[name].error
        assert "\n" not in first[name].error
        assert "unexpected" not in first[name].error


def _check_second_run(config: Config, sites: dict[str, Site]) -> None:
    connections = {name: site.connections for name, site in sites.items()}
    later = NOW + timedelta(minutes=1)
    again = {r.source: r for r in gather(config, now=later, due_only=True)}
    for name in (*GOOD, "moved"):
        result = again[name]
        assert (result.new, result.unchanged, result.found) == (0, True, 1)
        assert (result.requests, sites[name].statuses[-1]) == (1, 304)
    for name in (*BAD, "gone", "busy"):
        assert again[name].skipped
        assert sites[name].connections == connections[name]
    lines = {line["name"]: line for line in source_lines(config, later)}
    assert all(lines[name]["failures"] == 1 and lines[name]["error"] for name in BAD)
    assert lines["gone"]["gone"] == NOW.isoformat()
    assert (lines["gone"]["next_try"], lines["good-0"]["error"]) == (None, None)
    assert lines["busy"]["next_try"] >= (NOW + timedelta(hours=2)).isoformat()
    assert QueuedMail.objects.count() == 1  # of what is gone


@pytest.fixture
def found(new_site: Callable[[str], Shell], sites: dict[str, Site]) -> Callable[..., Shell]:
    """Makes a digest whose sources are the named ones."""

    def make(*names: str) -> Shell:
        return new_site(_config_text([sites[name] for name in names]))

    return make


def _config_text(asked: list[Site]) -> str:
    listed = "".join(f"  - {{name: {s.name}, kind: feed, url: '{s.url}'}}\n" for s in asked)
    hosts = ", ".join(f'"{s.address}"' for s in asked)
    return (
        "publication: {site_url: 'https://digest.example.org'}\n"
        "sender: {address: digest@example.org, postal_address: '12 Long Lane, Leeds'}\n"
        f"sources:\n{listed}fetch: {{allow_private_hosts: [{hosts}], pause: 0s}}\n"
    )


def test_an_operator_sees_what_each_source_gave_and_when_it_is_tried_again(
    found: Callable[..., Shell],
) -> None:
    shell = found("good-0", "good-1", "moved", "gone", "busy")
    first = {s["name"]: s for s in shell.json("gather", code=1)["sources"]}
    assert list(first) == ["good-0", "good-1", "moved", "gone", "busy"]
    assert [s["new"] for s in first.values()] == [1, 1, 1, 0, 0]
    assert all(s["requests"] > 0 for s in first.values())
    assert all(s["bytes"] > 0 for s in first.values() if s["new"])
    again = shell.digest("gather", "--json")  # who is gone or asked us to wait is not asked
    assert again.err == ""
    second = {s["name"]: s for s in again.document["sources"]}
    assert [s["new"] for s in second.values()] == [0] * 5
    assert [s["unchanged"] for s in second.values()] == [True, True, True, False, False]
    assert "asked us to wait until" in second["busy"]["skipped"]
    assert "gone for good since" in second["gone"]["skipped"]
    named = shell.json("gather", "--source", "gone", code=1)["sources"]
    assert "410" in named[0]["error"]
    lines = {line["name"]: line for line in shell.json("sources")["sources"]}
    assert lines["gone"]["gone"]
    assert lines["busy"]["failures"] == 1
    assert lines["moved"]["notes"]
    assert [line["summaries"] for line in lines.values()] == [1, 1, 1, 0, 0]
    check = shell.json("check", code=1)["findings"]
    assert [f["key"] for f in check if f["level"] == "error"] == ["sources[3]"]


def test_ctrl_c_ends_it_at_once_and_what_was_stored_stays(
    found: Callable[..., Shell], sites: dict[str, Site]
) -> None:
    shell = found("hangs", "good-0")
    running = shell.start("gather", "--json")
    assert sites["hangs"].asked.wait(PATIENCE)
    while not shell.json("sources")["sources"][1]["summaries"]:
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=15)  # it would be asked for 30
    assert running.returncode == 130
    assert "what was done is kept" in json.loads(out)["error"]
    assert shell.json("sources")["sources"][1]["summaries"] == 1
