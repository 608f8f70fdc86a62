"""Gather: hosts are visited at once and stored as they come; a fault stays with its source."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from digest.clock import NEVER, STEPS
from digest.config import Config
from digest.errors import SourceError
from digest.models import Issue, LedgerEntry, QueuedMail, SeenAddress, SourceState, StoredSummary
from digest.pipeline import gather as step
from digest.pipeline.gather import Gathering, gather
from digest.pipeline.gone import still_there
from digest.pipeline.keep import keep
from digest.sources.kind import SourceSettings, Visit
from digest.values import Entry, Harvest, Seen
from tests.builders import NOW, a_config, a_draft, an_entry

pytestmark = pytest.mark.django_db

PATIENCE = 30  # seconds; only a failing test waits that long
Harvester = Callable[[SourceSettings, Visit], Harvest]
Does = Callable[[Harvester], None]
BUSY = SourceError("too many", where="x", status=429, retry_after=timedelta(hours=3))
GONE = SourceError("the site answered 410 Gone", where="x", status=410)
BROKEN = SourceError("the site answered 500", where="x", status=500)


def feeds(count: int, **changes: Any) -> Config:
    """As many feeds, each on a host of its own."""
    sources = [
        {"name": f"f{n}", "kind": "feed", "url": f"https://h{n}.example.org/rss"}
        for n in range(count)
    ]
    return a_config(**{"sources": sources, "fetch": {"hosts_at_once": 12}, **changes})


def entry_of(source: SourceSettings, **changes: Any) -> Entry:
    name = source.name
    given = {"title": f"Study of {name}", "url": f"https://x.example.org/{name}", "guid": name}
    return an_entry(**{**given, "headline": f"What {name} found.", **changes})


@pytest.fixture
def harvesting(monkeypatch: pytest.MonkeyPatch) -> Does:
    def does(harvester: Harvester) -> None:
        monkeypatch.setattr(step, "harvest", harvester)

    return does


def by_name(results: list[Gathering]) -> dict[str, Gathering]:
    return {result.source: result for result in results}


def test_ten_that_hang_hold_up_none_of_the_other_ninety(harvesting: Does) -> None:
    hang = {f"f{n}" for n in range(10)}
    others_stored = threading.Event()
    done: list[str] = []

    def harvester(source: SourceSettings, visit: Visit) -> Harvest:
        if source.name in hang and not others_stored.wait(PATIENCE):
            raise AssertionError("the others waited for those that hang")
        return Harvest((entry_of(source),))

    def progress(name: str, count: int, total: int) -> None:
        done.append(name)
        if count == 90:
            assert not hang & set(done)
            assert StoredSummary.objects.count() == 90
            others_stored.set()

    harvesting(harvester)
    results = gather(feeds(100), now=NOW, progress=progress)
    assert [r.source for r in results] == [f"f{n}" for n in range(100)]
    assert [r.error for r in results if r.error] == []
    assert StoredSummary.objects.count() == 100


def test_one_host_is_never_visited_twice_at_a_time(harvesting: Does) -> None:
    sources = [
        {"name": f"s{n}", "kind": "feed", "url": f"https://h{n % 3}.example.org/{n}"}
        for n in range(30)
    ]
    visited: dict[str, list[str]] = {}
    busy: set[str] = set()
    others_done = threading.Event()

    def harvester(source: SourceSettings, visit: Visit) -> Harvest:
        assert source.host not in busy
        busy.add(source.host)
        visited.setdefault(source.host, []).append(source.name)
        if source.name == "s0":  # while this one lasts, the nine others of its host wait
            assert others_done.wait(PATIENCE)
        busy.discard(source.host)
        return Harvest()

    def progress(name: str, done: int, total: int) -> None:
        if done == 20:
            others_done.set()

    harvesting(harvester)
    results = gather(a_config(sources=sources), now=NOW, progress=progress)
    assert [r.error for r in results if r.error] == []
    for names in visited.values():
        assert names == sorted(names, key=lambda name: int(name[1:]))


def test_harvests_are_let_go_once_they_are_stored(harvesting: Does) -> None:
    alive = most = 0
    lock = threading.Lock()

    class Heavy(Harvest):
        def __del__(self) -> None:
            nonlocal alive
            with lock:
                alive -= 1

    def harvester(source: SourceSettings, visit: Visit) -> Harvest:
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        return Heavy((entry_of(source),))

    harvesting(harvester)
    gather(feeds(60, fetch={"hosts_at_once": 3}), now=NOW)
    assert alive <= 1
    assert most <= 3 + 4 + 2  # under way, waiting, and the one that is being stored


def test_the_database_is_not_touched_while_a_source_is_visited(harvesting: Does) -> None:
    def harvester(source: SourceSettings, visit: Visit) -> Harvest:
        assert threading.current_thread() is not threading.main_thread()
        return Harvest((entry_of(source),))

    harvesting(harvester)
    assert [r.error for r in gather(feeds(5), now=NOW) if r.error] == []


def test_a_fault_of_ours_is_that_sources_line_and_the_others_go_on(
    harvesting: Does, caplog: pytest.LogCaptureFixture
) -> None:
    def harvester(source: SourceSettings, visit: Visit) -> Harvest:
        if source.name == "f1":
            raise ValueError("what the source holds")
        return Harvest((entry_of(source),))

    harvesting(harvester)
    results = by_name(gather(feeds(4), now=NOW))
    assert "unexpected ValueError (test_gather_hosts.py:" in results["f1"].error
    assert "tell the makers" in results["f1"].error
    assert [r.new for r in results.values()] == [1, 0, 1, 1]
    assert "source f1: unexpected ValueError at test_gather_hosts.py:" in caplog.text
    assert "what the source holds" not in caplog.text
    assert SourceState.objects.get(name="f1").failures == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("place", ["keep", "still_there"], ids=["at first", "at the very end"])
def test_what_cannot_be_stored_leaves_nothing_and_is_read_again(
    harvesting: Does, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    as_it_is: Callable[..., Any] = keep if place == "keep" else still_there

    def fails_in_the_end(*given: Any, **rest: Any) -> Any:
        made = as_it_is(*given, **rest)
        if "f1" in (getattr(one, "name", "") for one in given):
            raise RuntimeError("after the rows were written")
        return made

    monkeypatch.setattr(step, place, fails_in_the_end)
    harvesting(lambda source, visit: Harvest((entry_of(source),), seen=(Seen(source.name),)))
    results = by_name(gather(feeds(3), now=NOW))
    assert "unexpected RuntimeError" in results["f1"].error
    assert (results["f1"].new, results["f1"].failed) == (0, 1)
    assert set(StoredSummary.objects.values_list("source", flat=True)) == {"f0", "f2"}
    assert set(SeenAddress.objects.values_list("source", flat=True)) == {"f0", "f2"}
    state = SourceState.objects.get(name="f1")
    assert (state.last_success, state.found, state.failures) == (None, 0, 1)


def test_ctrl_c_keeps_what_was_stored_and_waits_for_nobody(harvesting: Does) -> None:
    hangs, begun = threading.Event(), []

    def harvester(source: SourceSettings, visit: Visit) -> Harvest:
        begun.append(source.name)
        if source.name != "f0":
            hangs.wait(PATIENCE)
        return Harvest((entry_of(source),))

    def progress(name: str, count: int, total: int) -> None:
        if count:
            raise KeyboardInterrupt

    harvesting(harvester)
    with pytest.raises(KeyboardInterrupt):
        gather(feeds(40, fetch={"hosts_at_once": 4}), now=NOW, progress=progress)
    assert not hangs.is_set()
    hangs.set()
    for thread in threading.enumerate():
        if thread.name == "side by side":
            thread.join(PATIENCE)
    assert StoredSummary.objects.get().source == "f0"
    assert len(begun) <= 1 + 4


# ── when a source is passed over ──────────────────────────────────────────────────────────


def test_who_rests_or_is_gone_is_listed_with_why_and_is_no_failure(harvesting: Does) -> None:
    asked: list[str] = []
    errors = {"f0": BROKEN, "f1": BUSY, "f2": GONE}

    def harvester(source: SourceSettings, visit: Visit) -> Harvest:
        asked.append(source.name)
        if source.name in errors:
            raise errors[source.name]
        return Harvest()

    harvesting(harvester)
    assert [r.failed for r in gather(feeds(4), now=NOW)] == [1, 1, 1, 0]
    for due_only, wanted in ((True, ["f3"]), (False, ["f0", "f3"])):
        asked.clear()
        results = by_name(gather(feeds(4), now=NOW, due_only=due_only))
        assert sorted(asked) == wanted
        assert {r.source for r in results.values() if r.skipped} == {*results} - {*wanted}
        assert all(r.failed == 0 for r in results.values() if r.skipped)
    asked.clear()
    for name in errors:
        gather(feeds(4), now=NOW, only=name)
    assert asked == [*errors]


def test_the_clock_waits_for_the_rest_of_each_source_and_says_so(harvesting: Does) -> None:
    def broken(source: SourceSettings, visit: Visit) -> Harvest:
        raise BROKEN

    harvesting(broken)
    assert STEPS["gather"](feeds(2), "", NOW, NEVER) == ("done", "0 new, 2 refused")
    harvesting(lambda source, visit: Harvest((entry_of(source),)))
    soon, later = NOW + timedelta(minutes=14), NOW + timedelta(minutes=15)
    resting = "0 new, 0 refused, 2 of 2 sources not asked"
    assert STEPS["gather"](feeds(2), "", soon, NEVER) == ("done", resting)
    assert STEPS["gather"](feeds(2), "", later, NEVER) == ("done", "2 new, 0 refused")


def test_a_gathering_that_is_stopped_says_what_was_not_stored(harvesting: Does) -> None:
    stop = Event()

    def last(source: SourceSettings, visit: Visit) -> Harvest:
        stop.set()
        return Harvest((entry_of(source),))

    harvesting(last)
    results = gather(feeds(3), now=NOW, stop=stop)
    skipped = [result for result in results if result.skipped]
    assert skipped
    assert all("was stopped" in result.skipped and not result.failed for result in skipped)
    assert STEPS["gather"](feeds(3), "", NOW, stop)[1].endswith("sources not asked")


def test_editors_are_told_once_of_a_source_that_is_gone(harvesting: Does) -> None:
    def gone(source: SourceSettings, visit: Visit) -> Harvest:
        raise GONE

    config = feeds(1)
    harvesting(gone)
    for _ in range(3):
        gather(config, now=NOW, only="f0")
    mail = QueuedMail.objects.get()
    text = bytes(mail.content).decode()
    assert "h0.example.org" not in text.split("\r\n\r\n")[0]
    assert "'f0'" in text
    harvesting(lambda source, visit: Harvest())
    gather(config, now=NOW, only="f0")
    assert not QueuedMail.objects.exists()


def test_a_sources_name_that_tells_a_diagnosis_is_not_in_the_mail(harvesting: Does) -> None:
    def gone(source: SourceSettings, visit: Visit) -> Harvest:
        raise GONE

    harvesting(gone)
    feed = {"name": "ms-news", "kind": "feed", "url": "https://ms.example.org/rss"}
    gather(a_config(sources=[feed]), now=NOW)
    text = bytes(QueuedMail.objects.get().content).decode()
    assert "ms-news" not in text
    assert "ms.example.org" not in text


# ── what is counted ───────────────────────────────────────────────────────────────────────


def test_what_is_as_it_was_counts_as_found(harvesting: Does) -> None:
    harvesting(lambda source, visit: Harvest(unchanged=7, notes=("robots.txt forbids 2",)))
    (result,) = gather(feeds(1), now=NOW)
    assert (result.found, result.new, result.unchanged) == (7, 0, True)
    assert result.notes == ("robots.txt forbids 2",)
    assert result.seconds >= 0


@pytest.mark.both_databases
def test_held_are_those_that_wait_for_a_date_and_were_settled_in_no_issue(
    harvesting: Does, django_assert_max_num_queries: Any
) -> None:
    harvesting(lambda source, visit: Harvest((entry_of(source, published_at=None),)))
    assert [r.held for r in gather(feeds(3), now=NOW)] == [1, 1, 1]
    settle(a_draft(), StoredSummary.objects.get(source="f1"), "in")
    settle(a_draft(2, state="sent"), StoredSummary.objects.get(source="f2"), "held")
    harvesting(lambda source, visit: Harvest())
    assert [r.held for r in gather(feeds(3), now=NOW)] == [1, 0, 1]


def settle(issue: Issue, summary: StoredSummary, state: str) -> None:
    LedgerEntry.objects.create(
        issue=issue, summary=summary, audience="patient", state=state, reason="x"
    )


def test_a_site_of_files_alone_never_loads_the_fetcher() -> None:
    code = (
        "import sys\n"
        "import digest.pipeline.wire as wire\n"
        "from tests.builders import a_config\n"
        "config = a_config(sources=[{'name': 'd', 'kind': 'folder', 'path': 'x'}])\n"
        "with wire.open_wire(config) as line: line.web(config.sources[0])\n"
        "assert 'httpx' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
