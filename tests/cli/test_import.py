"""`digest subscribers import`, `imports`, `undo-import`: counts, rows, and one JSON document."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli.main import app
from subscribers import enrolling
from subscribers.importing import run as running
from subscribers.models import Membership, Subscriber

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


def _import(file: Path, *words: str, code: int = 0) -> Result:
    order = ("--list", "patient", "--consent", "Yes.", "--consent-source", "paper")
    return _digest("subscribers", "import", str(file), *order, *words, code=code)


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
    assert not Subscriber.objects.exists()


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


def test_an_import_that_is_not_there_cannot_be_undone(file: Path) -> None:
    done = CliRunner().invoke(
        app, ["--config", os.environ["DIGEST_CONFIG"], "subscribers", "undo-import", "7"]
    )
    assert "there is no import 7" in str(done.exception)
