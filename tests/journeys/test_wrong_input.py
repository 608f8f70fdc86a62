"""Input that is wrong: one clear line with file, place and mend; the rest goes on; exit 1."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.journeys.conftest import CONFIG, Shell

GOOD = {
    "title": "A Walk a Day Eases Tiredness",
    "headline": "Walking every day went along with less tiredness.",
    "found": "Doctors followed 120 people for a year. Those who walked were less tired.",
    "why": "Patients may try a short walk.",
    "limits": "Only one clinic took part.",
    "published": "2026-11-02",
}


@pytest.fixture
def shell(new_site: Callable[[str], Shell]) -> Shell:
    return new_site(CONFIG)


def put(shell: Shell, name: str, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (shell.folder / "incoming" / name).write_bytes(data)


def lines_of(shell: Shell, *words: str) -> list[str]:
    return shell.digest(*words, code=1).err.strip().splitlines()


def test_what_is_wrong_is_listed_with_file_place_and_mend_and_the_rest_goes_on(
    shell: Shell,
) -> None:
    rows = [
        json.dumps({**GOOD, "title": f"Study {n}", "headline": f"Study {n} found it."})
        for n in range(1, 9)
    ]
    rows[6] = '{"title": "Broken'
    put(shell, "june.jsonl", "\n".join(rows))
    put(shell, "empty.html", "")
    put(shell, "no-headline.html", "<html><body><div></div></body></html>")
    put(shell, "bad-date.json", json.dumps({**GOOD, "published": "31/31/2026"}))
    put(shell, "binary.txt", b"\x00\x01\x02\xff\xfe\x00")
    ran = shell.digest("gather", "--json", code=1)
    result = ran.document["sources"][0]
    assert (result["new"], result["failed"]) == (8, 5)
    assert result["held"] == 1  # whose date is none: it asks the editor
    refused = {line["place"]: line for line in result["refused"]}
    assert set(refused) == {
        "incoming/june.jsonl line 7",
        "incoming/empty.html",
        "incoming/no-headline.html",
        "incoming/bad-date.json",
        "incoming/binary.txt",
    }
    assert "31/31/2026" in refused["incoming/bad-date.json"]["problem"]
    for line in refused.values():
        assert line["problem"]
        assert line["mend"]
    assert len(ran.err.strip().splitlines()) == 5
    shell.digest("compose")
    (held,) = shell.json("show", 1)["held"]
    assert "31/31/2026" in held["summary"]["date_problem"]


def test_a_source_that_is_missing_is_one_line_and_the_other_sources_go_on(
    new_site: Callable[[str], Shell],
) -> None:
    shell = new_site(
        CONFIG.replace("issue:", "  - {name: feed, kind: feed, url: feed.xml}\nissue:")
    )
    put(shell, "good.json", json.dumps(GOOD))
    (line,) = lines_of(shell, "gather")
    assert "feed.xml" in line
    (shell.folder / "feed.xml").write_text("this is no XML", encoding="utf-8")
    (line,) = lines_of(shell, "gather")
    assert "feed.xml" in line
    states = {source["name"]: source for source in shell.json("sources")["sources"]}
    assert states["drop"]["error"] is None
    assert states["feed"]["error"] in line
    assert states["feed"]["next_try"]


def test_a_bad_address_in_a_csv_is_one_line_and_the_others_join(shell: Shell) -> None:
    (shell.folder / "people.csv").write_text(
        'email,name\nann@example.org,Ann\nno-address,Bob\n"c@example.org, d@example.org",C\n',
        encoding="utf-8",
    )
    words = ("subscribers", "import", "people.csv", "--list", "patient", "--consent", "Yes")
    dry = shell.json(*words, "--consent-source", "paper", "--dry-run", code=1)
    assert (dry["counts"]["new"], dry["counts"]["invalid"]) == (1, 2)
    assert shell.json("subscribers", "export")["subscribers"] == []
    err = lines_of(shell, *words, "--consent-source", "paper")
    assert len(err) == 2
    assert all("people.csv line " in line for line in err)
    (member,) = shell.json("subscribers", "export")["subscribers"]
    assert (member["address"], member["state"]) == ("ann@example.org", "confirmed")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("subscribers", "import", "none.csv", "--list", "patient", "--consent", "x"), "none.csv"),
        (
            ("subscribers", "add", "a@example.org", "--list", "doctors"),
            "patient, caregiver, clinician",
        ),
        (("subscribers", "add", "nonsense", "--list", "patient"), "address"),
        (("subscribers", "leave", "nobody@example.org"), "nobody has that address"),
        (("subscribers", "show", "nobody@example.org"), "nobody has that address"),
        (("subscribers", "erase", "nobody@example.org"), "nobody has that address"),
        (("gather", "--source", "zebra"), "Known in config.yaml: drop"),
        (("compose", "--until", "31/31/2026"), "Write one like 2026-12-01"),
        (("show", "7"), "there is no issue 7"),
        (("approve", "7", "--by", "Ada"), "there is no issue 7"),
        (("send", "7"), "there is no issue 7"),
        (("users", "add", "ada", "--role", "king"), "editor, operator, administrator"),
        (("users", "password", "eve"), "there is no user 'eve'"),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_an_order_that_cannot_be_is_one_line_that_says_what_to_do(
    shell: Shell, words: tuple[str, ...], told: str
) -> None:
    ran = shell.digest(*words, code=1)
    (line,) = ran.err.strip().splitlines()
    assert told in line
    assert shell.digest(*words, "--json", code=1).document["error"]


def test_an_unknown_audience_is_refused_with_the_known_ones(shell: Shell) -> None:
    put(shell, "good.json", json.dumps(GOOD))
    shell.digest("gather")
    shell.digest("compose")
    (line,) = lines_of(shell, "subject", "1", "Hello", "--audience", "doctors")
    assert line.endswith("Known: patient, caregiver, clinician")
    (line,) = lines_of(shell, "send", "1")
    assert "approve" in line


@pytest.mark.parametrize(
    "words",
    [("nonsense",), ("show",), ("show", "zero"), ("gather", "--nonsense"), ("approve", "1")],
)
def test_wrong_usage_exits_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell.digest(*words, code=2).err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("issu: {}", "unknown key `issu`. Did you mean `issue`?"),
        ("web: {prt: 1}", "unknown key `web.prt`. Did you mean `port`?"),
        ("web: [", "line"),
        ("transport: {kind: pigeon}", "'pigeon' is not known"),
    ],
)
def test_a_wrong_configuration_is_one_line_with_the_key_and_the_nearest_known_one(
    shell: Shell, change: str, told: str
) -> None:
    config = shell.folder / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8") + change + "\n", encoding="utf-8")
    (line,) = lines_of(shell, "issues")
    assert told in line
    findings = shell.json("check", code=1)["findings"]
    assert findings[0]["level"] == "error"


def test_keys_that_others_can_read_are_refused(shell: Shell) -> None:
    (shell.folder / "digest.keys").chmod(0o644)
    (line,) = lines_of(shell, "issues")
    assert "chmod 600" in line


def test_a_database_without_tables_says_to_migrate(shell: Shell) -> None:
    (shell.folder / "digest.db").unlink()
    (line,) = lines_of(shell, "issues")
    assert "digest migrate" in line
    shell.digest("migrate")
    shell.digest("issues")


def test_a_mail_server_that_is_down_loses_neither_the_people_nor_the_report(
    new_site: Callable[[str], Shell],
) -> None:
    shell = new_site(CONFIG + "transport: {kind: smtp, host: 127.0.0.1, port: 1, tls: none}\n")
    people = shell.folder / "people.csv"
    people.write_text("email\nann@example.org\nnonsense\n", encoding="utf-8")
    words = ("subscribers", "import", "people.csv", "--list", "patient", "--consent", "Yes")
    ran = shell.digest(*words, "--json", code=1)
    assert (ran.document["counts"]["new"], ran.document["counts"]["invalid"]) == (1, 1)
    assert "error" in ran.document["confirmations"]
    assert "people.csv line 3" in ran.err
    assert "confirmation mails wait" in ran.err
    added = shell.digest("subscribers", "add", "bob@example.org", "--list", "patient")
    assert "confirmation mails wait" in added.err
    states = {
        row["address"]: row["state"] for row in shell.json("subscribers", "export")["subscribers"]
    }
    assert states == {"ann@example.org": "pending", "bob@example.org": "pending"}


INTERRUPTED = """
import signal
from digest.cli import main

@main.app.command()
def wait() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)

main.run()
"""


def test_ctrl_c_says_that_what_was_done_is_kept() -> None:
    command = [sys.executable, "-c", INTERRUPTED, "wait"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 130
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("digest: stopped; what was done is kept.")
