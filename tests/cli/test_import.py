"""`digest subscribers import`, `imports`, `undo-import`: counts, rows, and one JSON document."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli.main import app
from digest.errors import Refused
from subscribers import enrolling
from subscribers.importing import run as running
from subscribers.models import ImportRun, Membership, Subscriber, Suppression
from subscribers.suppression import suppress
from tests.builders import a_subscriber
from tests.subscribers.workbooks import row, write_workbook

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = "email,name\nann@example.org,Ann\nbob@gmial.com,Bob\nnonsense,\nANN@example.org,\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    return path


def _digest(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
    assert done.exit_code == code, done.output
    return done


def _read_as(**how: object) -> dict[str, object]:
    return {"encoding": None, "delimiter": None, "sheet": None, **how}


def _import(file: Path, *words: str, code: int = 0) -> Result:
    order = ("--list", "patient", "--consent", "Yes.", "--consent-source", "paper")
    return _digest("subscribers", "import", str(file), *order, *words, code=code)


def _refusal(*words: str) -> BaseException:
    done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
    assert done.exception
    return done.exception


def _document(done: Result) -> Any:
    return json.loads(done.stdout)


def test_a_dry_run_tells_every_row_and_writes_nothing(file: Path) -> None:
    told = _document(_import(file, "--dry-run", "--json", code=1))
    assert told["dry_run"] is True
    assert told["counts"] == {
        "rows": 4,
        "new": 2,
        "joins_list": 0,
        "already_there": 0,
        "opted_out_before": 0,
        "suppressed": 0,
        "duplicate_in_file": 1,
        "invalid": 1,
    }
    assert [row["result"] for row in told["rows"]] == ["new", "new", "invalid", "duplicate_in_file"]
    assert set(told["rows"][0]) == {"line", "result", "reason", "mend", "address", "hint"}
    assert told["rows"][1]["hint"] == "did you mean @gmail.com?"
    assert (told["number"], told["confirmations"], told["hints"]) == (None, {}, 1)
    assert told["read_as"] == _read_as(
        encoding="UTF-8",
        delimiter=",",
        columns={
            "email": [{"number": 1, "title": "email"}],
            "name": [{"number": 2, "title": "name"}],
            "tags": [],
            "language": [],
        },
    )
    assert not Subscriber.objects.exists()


def test_a_dry_run_as_text_tells_every_row_that_would_not_simply_join(file: Path) -> None:
    gone, there = a_subscriber("gone@example.org", state="left"), a_subscriber("is@example.org")
    suppress("no@example.org", Suppression.Reason.BOUNCE, "eve")
    more = "".join(f"{one}@example.org,\n" for one in ("gone", "is", "no", "cy"))
    file.write_text(PEOPLE + more, encoding="utf-8")
    done = _import(file, "--dry-run", code=1)
    lines = [line for line in done.stdout.splitlines() if line.startswith("line ")]
    assert [line.split(": ")[:3] for line in lines] == [
        ["line 3", "bob@gmial.com", "new"],
        ["line 4", "nonsense", "invalid"],
        ["line 5", "ANN@example.org", "duplicate in file"],
        ["line 6", gone.address, "opted out before"],
        ["line 7", there.address, "already there"],
        ["line 8", "no@example.org", "suppressed"],
    ]
    assert lines[0].endswith("did you mean @gmail.com?")
    assert lines[1].endswith("it has no @. Write it as ann@example.org")
    assert (
        'Read as UTF-8 with commas: address from column 1 "email", name from column 2 "name".'
        in (done.stdout)
    )
    assert "undo-import" not in done.stdout


def test_a_long_dry_run_tells_the_first_fifty_rows(file: Path) -> None:
    file.write_text("email\n" + "x\n" * 53, encoding="utf-8")
    told = _import(file, "--dry-run", code=1).stdout
    assert told.count("it has no @") == 50
    assert "and 3 more; --json has all" in told


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Ann;ann@a.org\n", "UTF-8 with semicolons: address from column 2, name from column 1."),
        ("email\nann@a.org\n", 'UTF-8 with commas: address from column 1 "email", no name.'),
        (
            "Last name\tFirst name\tMail\nLée\tAnn\tann@a.org\n",
            'tabs: address from column 3 "Mail", name from column 2 "First name" and column 1',
        ),
    ],
)
def test_an_import_tells_what_the_file_was_taken_for(file: Path, text: str, line: str) -> None:
    file.write_bytes(text.encode("cp1252"))
    told = _import(file).stdout
    assert told.startswith("Read as ")
    assert line in told


def test_a_workbook_is_told_by_its_sheet(tmp_path: Path, file: Path) -> None:
    book = tmp_path / "people.xlsx"
    write_workbook(book, row("email") + row("ann@example.org"))
    assert 'Read as the sheet "People": address from column 1 "email", no name.' in (
        _import(book).stdout
    )
    book.write_bytes(b"\0\0" + book.read_bytes()[:200])
    with pytest.raises(Refused, match=r"people\.xlsx: it is a damaged workbook"):
        raise _refusal("subscribers", "import", str(book), "--list", "patient", "--consent", "Yes.")


def test_an_import_that_joined_nobody_offers_no_way_back(file: Path) -> None:
    _import(file, code=1)
    again = _import(file, code=1).stdout
    assert "Nobody joined" in again
    assert "undo-import" not in again


def test_the_grammar_holds_for_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.cli.importing.send_confirmations", lambda site: {"accepted": 1})
    file.write_text("email\nann@example.org\n", encoding="utf-8")
    order = ("--list", "patient", "--consent", "Yes.")
    assert "1 person was asked" in _digest("subscribers", "import", str(file), *order).stdout


def test_imports_are_listed_by_the_clock_of_the_publication(file: Path, settings: Any) -> None:
    assert "Nothing was imported yet" in _digest("subscribers", "imports").stdout
    _import(file, code=1)
    ImportRun.objects.update(started_at=datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC))
    assert str(settings.SUBSCRIBERS_ZONE) == "America/New_York"
    listed = _digest("subscribers", "imports").stdout
    assert " 2026-07-01 18:30 " in listed
    assert "+0" not in listed


def test_an_import_tells_what_it_did_how_to_mend_and_how_to_undo(file: Path) -> None:
    done = _import(file, code=1)
    assert "people.csv line 4: it has no @. Write it as ann@example.org" in done.stderr
    assert "people.csv line 3: did you mean @gmail.com?" in done.stderr
    number = _document(_digest("subscribers", "imports", "--json"))["imports"][0]["number"]
    assert f"undo-import {number}" in done.stdout
    assert "people.csv" in _digest("subscribers", "imports").stdout
    undone = _document(_digest("subscribers", "undo-import", str(number), "--json"))
    assert undone == {"number": number, "removed": 2, "pending": 0, "kept": 0, "erased": 2}
    assert not Subscriber.objects.exists()
    (listed,) = _document(_digest("subscribers", "imports", "--json"))["imports"]
    assert (listed["state"], listed["rows"], listed["joined"]) == ("undone", 4, 2)


def test_a_file_without_rows_is_a_whole_document(file: Path) -> None:
    file.write_text("email\n", encoding="utf-8")
    told = _document(_import(file, "--json"))
    assert (told["rows"], told["counts"]["rows"]) == ([], 0)


def test_columns_are_named_by_number_or_title(file: Path) -> None:
    file.write_text("a,b,c\nx@example.org,y@example.org,Ann\n", encoding="utf-8")
    _import(file, "--column", "email=2", "--column", "name=C")
    person = Subscriber.objects.get()
    assert (person.address, person.name) == ("y@example.org", "Ann")


def test_an_import_that_stops_half_way_ends_its_document_and_goes_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 1)
    monkeypatch.setattr(running, "MOST", 1)
    real = enrolling._add_subscribers

    def dies_at_bob(people: Any, *rest: Any) -> None:
        if any("bob" in person.address for person in people):
            raise OSError("the disk is full")
        real(people, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(enrolling, "_add_subscribers", dies_at_bob)
        told = _document(_import(file, "--json", code=1))
    assert [row["result"] for row in told["rows"]] == ["new"]
    assert "the same command goes on" in told["error"]
    assert Membership.objects.count() == 1
    again = _document(_import(file, "--json", code=1))
    assert (again["resumed_at"], again["counts"]["new"]) == (1, 2)
    assert [row["line"] for row in again["rows"]] == [3, 4, 5]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--column", "town=2"), "names no column"),
        (("--column", "email=9"), "there is no column 9"),
        (("--list", "doctors"), "no list 'doctors'"),
    ],
)
def test_a_wrong_order_is_refused_in_one_line(
    file: Path, words: tuple[str, ...], what: str
) -> None:
    order = ("--list", "patient", "--consent", "Yes.", *words)
    done = CliRunner().invoke(
        app,
        ["--config", os.environ["DIGEST_CONFIG"], "subscribers", "import", str(file), *order],
    )
    assert what in str(done.exception)
    assert "\n" not in str(done.exception)


@pytest.mark.parametrize("number", ["abc", "0", "٣", "99999999999"])
def test_what_is_no_number_of_an_import_is_told_so(number: str) -> None:
    done = _digest("subscribers", "undo-import", number, code=2)
    assert f"'{number}' is no number; write one such as 3" in done.stderr


def test_an_import_that_is_not_there_cannot_be_undone(file: Path) -> None:
    done = CliRunner().invoke(
        app, ["--config", os.environ["DIGEST_CONFIG"], "subscribers", "undo-import", "7"]
    )
    assert "there is no import 7" in str(done.exception)
