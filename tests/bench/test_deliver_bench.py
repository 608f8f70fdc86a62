"""The bench of delivering: its sinks count what they take, its sums are right, and a small run."""

from __future__ import annotations

import http.client
import json
import re
import smtplib
import socket
from pathlib import Path

import pytest

from bench.deliver import __main__ as bench
from bench.deliver import measure
from bench.deliver.material import OCTETS, a_mail, as_texts, content_of, wire_size
from bench.deliver.measure import API, FAST, POSTFIX, Measured, Spread
from bench.deliver.report import Limit, as_document, as_lines, limits
from bench.deliver.runs import Failed, Run, finished
from bench.deliver.senders import CLIENT, NODEMAILER, OURS, SMTPLIB, SOURCE, Sender
from bench.deliver.sinks import Sink, fast_sink, sendgrid_mock
from bench.deliver.smtplib_peer import message

SMALL = 3_000  # bytes


def a_run(rate: float = 1_000, cpu: float = 60) -> Run:
    """A second long; a third of the CPU is the system's, a tenth of the time is queueing."""
    mails, cpu = int(rate), cpu * 1e-6 * rate
    return Run(mails, 1.0, cpu * 2 / 3, cpu / 3, queueing=0.1, queueing_cpu=cpu / 10)


def all_held() -> Measured:
    """Two rounds in which every promise holds, the second on a machine half as fast."""
    rates = {
        (POSTFIX, SOURCE): 4_000,
        (POSTFIX, OURS): 3_900,
        (FAST, OURS): 10_000,
        (FAST, NODEMAILER): 250,
        (FAST, SMTPLIB): 160,
        (API, CLIENT): 250_000,
    }
    runs = {key: [a_run(rate), a_run(rate / 2)] for key, rate in rates.items()}
    return Measured(runs=runs, memory={10_000: 90.0, 100_000: 92.0})


# ── sums ──────────────────────────────────────────────────────────────────────────────────────


def test_a_ratio_is_taken_within_its_round() -> None:
    measured = Measured()
    ours, theirs = (POSTFIX, OURS), (POSTFIX, SOURCE)
    measured.runs = {
        ours: [a_run(100), a_run(400), a_run(90)],
        theirs: [a_run(100), a_run(200), a_run(300)],
    }
    assert measured.ratio(ours, theirs) == Spread(1.0, 0.3, 2.0)
    assert measured.rate(ours) == Spread(100, 90, 400)
    assert measured.ratio(ours, (POSTFIX, CLIENT)) is None


def test_the_cpu_of_a_mail_is_its_user_and_its_system_time() -> None:
    run = Run(mails=2_000, seconds=4.0, user=0.1, system=0.06)
    assert run.rate == 500
    assert run.cpu == pytest.approx(80)


def test_every_promise_is_a_line_that_says_yes_where_it_holds() -> None:
    assert [limit.verdict for limit in limits(all_held())] == ["yes"] * 7


@pytest.mark.parametrize(
    ("key", "slower", "broken"),
    [
        ((POSTFIX, OURS), a_run(3_700), "whole path / smtp-source"),
        ((POSTFIX, OURS), a_run(3_900, cpu=81), "our CPU a mail"),
        ((FAST, OURS), a_run(2_400), "whole path / nodemailer"),
        ((FAST, OURS), a_run(7_900), "whole path / smtplib"),
        ((API, CLIENT), a_run(99_000), "SendGrid"),
    ],
)
def test_a_promise_that_does_not_hold_says_no(
    key: tuple[str, str], slower: Run, broken: str
) -> None:
    measured = all_held()
    measured.runs = {one: runs[:1] for one, runs in measured.runs.items()}
    measured.runs[key] = [slower]
    said_no = [limit.text for limit in limits(measured) if limit.verdict == "no"]
    assert any(text.startswith(broken) for text in said_no)


def test_memory_that_grows_with_the_list_says_no() -> None:
    measured = Measured(memory={10_000: 90.0, 100_000: 100.0})
    grown = [limit for limit in limits(measured) if limit.text.startswith("memory")]
    assert [limit.verdict for limit in grown] == ["yes", "no"]
    held = [limit.found for limit in limits(Measured(memory={10_000: 90.0}))[-2:]]
    assert held == [Spread(90, 90, 90), None]


def test_what_was_not_measured_is_neither_held_nor_broken() -> None:
    assert {limit.verdict for limit in limits(Measured())} == {"not measured"}


def test_the_report_has_a_row_for_each_sender_and_names_who_is_absent() -> None:
    measured = all_held()
    measured.absent[FAST, NODEMAILER] = "not installed: make outside"
    del measured.runs[FAST, NODEMAILER]
    lines = list(as_lines(measured, "two rounds"))
    assert any(re.match(r" +smtp-source +3,000 +2,000 +4,000 +60.0 +40.0 +20.0$", x) for x in lines)
    assert any(
        line.endswith("10% of the time and 6.0 µs; 8,333 mails/s after it") for line in lines
    )
    assert any("nodemailer" in line and line.endswith("make outside") for line in lines)
    assert "Most memory of the whole path, in MB, by mails: 10,000: 90; 100,000: 92" in lines
    assert sum(line.endswith((": yes", ": no", ": not measured")) for line in lines) == 7


def test_the_document_holds_what_the_report_says() -> None:
    document = json.loads(json.dumps(as_document(all_held(), "two rounds")))
    assert document["runs"][f"{POSTFIX}: {OURS}"][0]["mails"] == 3_900
    assert {limit["held"] for limit in document["limits"]} == {"yes"}


def test_a_limit_from_below_and_one_from_above_read_differently() -> None:
    found = Spread(5, 4, 6)
    assert Limit("", "at least", 6, found).verdict == "no"
    assert Limit("", "at most", 6, found).verdict == "yes"


# ── the mail, and where it goes ───────────────────────────────────────────────────────────────


def test_the_mail_is_the_smallest_edition_of_fifty_thousand_bytes() -> None:
    assert OCTETS <= wire_size(a_mail()) < OCTETS * 1.06  # a card more than needed at most


def test_the_peers_send_the_same_texts_with_a_link_of_each_readers_own() -> None:
    texts = as_texts(a_mail(SMALL))
    assert texts["slots"]
    mail = message(texts, 17)
    html = mail.get_body(("html",))
    assert html is not None
    assert "https://digest.example.org/17" in html.get_content()
    assert not any(slot in mail.as_string() for slot in texts["slots"])


@pytest.mark.parametrize("compiler", [None, ""])
def test_a_fast_sink_counts_every_mail_however_its_bytes_arrive(
    tmp_path: Path, compiler: str | None
) -> None:
    body = content_of(a_mail(SMALL)) + b"..a line with a dot\r\n.\r\n"
    envelope = b"MAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n"
    pipelined = b"EHLO x\r\n" + envelope + b".\r\n" + (envelope + body) * 2 + b"QUIT\r\n"
    with fast_sink(tmp_path, compiler) as sink:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            client.sendmail("a@example.org", "b@example.org", content_of(a_mail(SMALL)))
            assert client.has_extn("pipelining")
        assert sink.taken() == 1
        for size in (1, 7, len(pipelined)):
            with socket.create_connection(("127.0.0.1", sink.port)) as wire:
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for at in range(0, len(pipelined), size):
                    wire.sendall(pipelined[at : at + size])
                said = wire.makefile("rb").read()
            assert said.count(b"\r\n354 ") == 3
        assert sink.taken() == 1 + 3 * 3


def test_the_mock_of_the_api_counts_requests_and_their_bytes() -> None:
    with sendgrid_mock() as port:
        client = http.client.HTTPConnection("127.0.0.1", port)
        for n, octets in enumerate((1, 300_000, 7), start=1):
            client.request("POST", "/v3/mail/send", body=b"x" * octets)
            reply = client.getresponse()
            assert (reply.status, reply.headers["x-message-id"], reply.read()) == (
                202,
                f"mock-{n}",
                b"",
            )
        client.request("GET", "/")
        assert client.getresponse().read() == b"3 300008"
        client.close()


def test_a_sender_that_leaves_mails_out_has_failed() -> None:
    sink = Sink("a sink", 0)
    honest = Sender("honest", lambda sink, mails: Run(mails, 1, 0, 0), share=0.1)
    assert honest.run(sink, 100).mails == 10
    lazy = Sender("lazy", lambda sink, mails: Run(mails - 1, 1, 0, 0))
    with pytest.raises(Failed, match="lazy sent 99 of 100 mails"):
        lazy.run(sink, 100)


def test_a_process_that_fails_is_one_line() -> None:
    with pytest.raises(Failed, match=r"sh -c .* failed: no such thing$"):
        finished(["sh", "-c", "echo first >&2; echo no such thing >&2; exit 3"])


# ── the whole of it ───────────────────────────────────────────────────────────────────────────


def test_a_small_run_sends_from_a_site_of_its_own_and_prints_every_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure, "AT_POSTFIX", ())
    monkeypatch.setattr(measure, "AT_FAST", (OURS, CLIENT, SMTPLIB))
    words = ["--mails", "4", "--rounds", "1", "--octets", f"{SMALL}", "--only", "smtp", "--json"]
    assert bench.main(words) == 0
    document = json.loads(capsys.readouterr().out)
    mails = {name: [run["mails"] for run in runs] for name, runs in document["runs"].items()}
    assert mails == {f"{FAST}: {OURS}": [4], f"{FAST}: {CLIENT}": [4], f"{FAST}: {SMTPLIB}": [1]}
    ours = document["runs"][f"{FAST}: {OURS}"][0]
    assert 0 < ours["queueing"] < ours["seconds"]
    assert ours["memory"] > 10


def test_what_fails_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise Failed("smtp-sink does not listen")

    monkeypatch.setattr(bench, "at_sinks", broken)
    assert bench.main(["--only", "smtp"]) == 1
    assert capsys.readouterr().err == "bench.deliver: smtp-sink does not listen\n"


@pytest.mark.parametrize("words", [["--mails", "0"], ["--only", "fax"], ["--sizes", "x"]])
def test_words_that_make_no_sense_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as wrong:
        bench.main(words)
    assert wrong.value.code == 2
