"""kill -9 in the middle of an issue, again and again: nobody lost, nobody mailed twice (law 3).

The short form of `make crash-test`, against senders and a sink in processes of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

import bench.crash.__main__ as crash
from bench.crash.nursery import Nursery, Task
from bench.crash.order import Event, Order, in_order, look, read
from bench.crash.plan import ANYWHERE, POINTS, plan
from bench.crash.rounds import SEND, Found, rows_of, run
from bench.crash.verdict import Row, Taken, judge, resent_well
from bench.deliver.runs import Failed
from bench.deliver.sites import Postgresql, Sites, Sqlite

ON_POSTGRESQL = os.environ.get("DIGEST_TEST_DATABASE") == "postgresql"
FEW, MANY, CONNECTIONS, SEED = 500 if ON_POSTGRESQL else 200, 5_000, 10, 5
ELSEWHERE = (  # where the database matters most
    "in the claim",
    "after the dot",
    "in recovery",
    "after the 250",
    "recovery settled",
    "in the outcome",
)


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    """In a folder of their own: a PostgreSQL server changes the modes of those above its data."""
    with tempfile.TemporaryDirectory(prefix="digest-crash-") as folder:
        database = Postgresql(Path(folder)) if ON_POSTGRESQL else Sqlite()
        yield Sites(Path(folder), database, octets=1)
        if isinstance(database, Postgresql):
            database._server.cleanup()


# ── the law ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
def test_no_mail_is_lost_or_sent_twice_however_often_the_sender_dies(sites: Sites) -> None:
    mails, kills = (FEW, plan(6, FEW, SEED, ELSEWHERE)) if ON_POSTGRESQL else (
        MANY, plan(20, MANY, SEED)
    )  # fmt: skip
    found = run(sites, mails, kills, connections=CONNECTIONS)
    assert found.breaches == []
    assert found.missed == []  # each died where it was to die
    assert set(found.at) == {kill.point for kill in kills}
    judged = found.verdict
    assert judged is not None
    assert (judged.lost, judged.doubled) == (0, 0)
    assert 0 < judged.unknown <= CONNECTIONS * len(kills)
    assert judged.accepted + judged.unknown == mails
    assert found.resent == judged.unknown


@pytest.mark.both_databases
def test_a_claim_is_on_the_disk_before_a_recipient_is_named(sites: Sites) -> None:
    order = look(sites, FEW)
    assert order.breaches == []
    assert order.states == {"claimed": FEW}
    assert order.traced == (not ON_POSTGRESQL and shutil.which("strace") is not None)


def test_a_killed_sender_into_a_maildir_leaves_every_reader_exactly_one_mail(sites: Sites) -> None:
    deaths = (("in the file", 7), ("after the file", 25), ("after the claim", 1))
    with sites.fresh(FEW, {"kind": "maildir", "path": "outbox"}) as site, Nursery(site) as nursery:
        for point, nth in (*deaths, ("in the outcome", 2)):
            with nursery.child(Task(SEND, point, nth)) as child:
                assert child.wait(60)
                assert child.code == -signal.SIGKILL, nursery.last_words
        nursery.run(*SEND)
        rows, _ = rows_of(nursery)
        mails = [path.read_bytes() for path in (site / "outbox/new").iterdir()]
        assert list((site / "outbox/tmp").iterdir()) == []
    recipients = [
        address.addr_spec
        for mail in mails
        for address in message_from_bytes(mail, policy=policy.default)["To"].addresses
    ]
    assert {row.state for row in rows} == {"accepted"}
    assert Counter(recipients) == Counter(row.address for row in rows)
    assert len(recipients) == FEW


# ── a broken product is seen to be broken ─────────────────────────────────────────────────────


@pytest.mark.only_sqlite
@pytest.mark.parametrize(
    ("broken", "point", "breach"),
    [("silent", "after the dot", "sent twice"), ("hasty", "before the body", "lost")],
)
def test_a_sender_that_breaks_the_law_is_found_out(
    sites: Sites, broken: str, point: str, breach: str
) -> None:
    found = run(sites, FEW, plan(1, FEW, SEED, [point]), broken=[broken])
    assert any(breach in line for line in found.breaches), found


def test_the_command_prints_what_it_found_and_ends_with_1_if_the_law_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def found_out(*_: object, **__: object) -> Found:
        verdict = judge(1, [Row("a", "accepted", "x")], [Taken("a", "x")] * 2, limit=10)
        return Found(1, 10, [("mid-body", 0)], verdict=verdict, breaches=verdict.breaches)

    monkeypatch.setattr(crash, "run", found_out)
    monkeypatch.setattr(crash, "look", lambda *_, **__: Order())
    assert crash.main(["--kills", "1", "--mails", "1"]) == 1
    assert "BROKEN: 1 sent twice" in capsys.readouterr().out
    assert crash.main(["--kills", "1", "--mails", "1", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["held"], document["verdict"]["doubled"], document["at"]) == (
        False,
        1,
        {"mid-body": 1},
    )


def test_a_sender_that_stands_still_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stuck(*_: object, **__: object) -> Found:
        raise Failed("a sender stands still after 3 mails")

    monkeypatch.setattr(crash, "look", stuck)
    assert crash.main(["--kills", "1", "--mails", "1"]) == 1
    assert capsys.readouterr().err == "bench.crash: a sender stands still after 3 mails\n"


# ── the judge ─────────────────────────────────────────────────────────────────────────────────

GOOD = [Row("a", "accepted", "1"), Row("b", "unknown", "2"), Row("c", "unknown", "3")]
LOG = [Taken("a", "1"), Taken("b", "2")]


def test_an_unknown_mail_is_neither_lost_nor_known_to_be_sent() -> None:
    verdict = judge(3, GOOD, LOG, limit=2)
    assert verdict.breaches == []
    assert (verdict.accepted, verdict.unknown, verdict.really_sent) == (1, 2, 1)


@pytest.mark.parametrize(
    ("readers", "rows", "log", "breaches"),
    [
        (3, GOOD, LOG[1:], ["1 lost"]),  # accepted, says the row alone
        (4, GOOD, LOG, ["1 lost"]),  # who has no row
        (3, GOOD, [*LOG, LOG[1]], ["1 sent twice"]),
        (3, [*GOOD[:2], Row("c", "claimed", "3")], LOG, ["1 lost", "1 not settled"]),
        (3, [*GOOD[:2], Row("c", "queued", "3")], [*LOG, Taken("c", "3")], ["1 not settled"]),
        (3, GOOD, [LOG[0], Taken("b", "1")], ["1 under a Message-ID that is not theirs"]),
        (3, GOOD, [*LOG, Taken("z", "9")], ["1 under a Message-ID that is not theirs"]),
    ],
)
def test_each_breach_of_the_law_is_named(
    readers: int, rows: list[Row], log: list[Taken], breaches: list[str]
) -> None:
    assert judge(readers, rows, log, limit=2).breaches == breaches


def test_more_unknown_mails_than_could_be_on_the_wire_break_the_law() -> None:
    assert judge(3, GOOD, LOG, limit=1).breaches == ["2 unknown, more than the 1 that can be"]


@pytest.mark.parametrize(
    ("later", "wrong"),
    [
        ([Taken("b", "2"), Taken("c", "3")], []),
        ([Taken("b", "2")], ["2 were to be resent, 1 were"]),
        ([Taken("b", "2"), Taken("c", "3"), Taken("a", "1")], ["2 were to be resent, 3 were"]),
        ([Taken("b", "4"), Taken("c", "3")], ["1 resent under another Message-ID"]),
    ],
)
def test_what_is_resent_is_resent_once_and_as_itself(later: list[Taken], wrong: list[str]) -> None:
    assert resent_well(["b", "c"], LOG, [*LOG, *later]) == wrong


# ── where it dies ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("kills", "mails"), [(20, 5_000), (100, 100_000), (17, 50)])
def test_every_point_is_visited_and_enough_is_left_to_send(kills: int, mails: int) -> None:
    planned = plan(kills, mails, SEED)
    assert len(planned) == kills
    assert set(POINTS) <= {kill.point for kill in planned}
    assert planned == plan(kills, mails, SEED)
    assert planned != plan(kills, mails, SEED + 1)
    anywhere = [kill.mails for kill in planned if kill.point == ANYWHERE]
    assert sum(anywhere) <= mails


# ── what strace saw ───────────────────────────────────────────────────────────────────────────

JOURNAL, WAL = "4</site/.digest-send.journal>", "5</site/digest.db-wal>"
BEGAN = Event("rename", '"/site/.digest-send.new", "/site/.digest-send.journal") = 0')
CLAIM = Event("pwrite64", f'{WAL}, "7"..., 24, 32) = 24')
SYNC = Event("fdatasync", f"{WAL}) = 0")
NOTE = Event("write", rf'{JOURNAL}, "B 1\n", 4) = 4')
NAMED = Event("sendto", '9<socket:[1]>, "MAIL FROM:<a@example.org>"..., 76, 0, NULL, 0) = 76')
BODY = Event("sendto", '9<socket:[1]>, "From: \\"Research"..., 10, 0, NULL, 0) = 10')
UNSYNCED = "a recipient was named before the claim was synced"
UNNOTED = "a body left before the journal knew of it"


@pytest.mark.parametrize(
    ("events", "breaches"),
    [
        ([BEGAN, CLAIM, SYNC, NAMED, NOTE, BODY], []),
        ([BEGAN, CLAIM, NAMED, SYNC, NOTE, BODY], [UNSYNCED]),
        ([CLAIM, SYNC, BEGAN, NAMED, NOTE, BODY], [UNSYNCED]),  # that was not the claim
        ([BEGAN, CLAIM, SYNC, CLAIM, NAMED, NOTE, BODY], [UNSYNCED]),
        ([BEGAN, CLAIM, SYNC, NAMED, BODY, NOTE], [UNNOTED]),
        ([BEGAN, CLAIM, SYNC], ["strace saw no mail leave"]),
    ],
)
def test_what_leaves_too_early_is_seen(events: list[Event], breaches: list[str]) -> None:
    assert in_order(events) == breaches


def test_a_call_that_was_interrupted_counts_when_it_was_done_unless_it_sends(
    tmp_path: Path,
) -> None:
    calls = tmp_path / "calls"
    calls.write_text(
        "11  fdatasync(5</d.db-wal> <unfinished ...>\n"
        '12  sendto(9<socket:[1]>, "MAIL" <unfinished ...>\n'
        "11  <... fdatasync resumed>) = 0\n"
        "12  <... sendto resumed>) = 4\n"
        "12  +++ exited with 0 +++\n",
        encoding="utf-8",
    )
    assert [event.name for event in read(calls)] == ["sendto", "fdatasync"]
