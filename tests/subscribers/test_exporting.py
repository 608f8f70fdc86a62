"""The export tells each membership and runs no formula."""

from __future__ import annotations

import csv
import io

import pytest

from subscribers.errors import SubscribersError
from subscribers.exporting import defused, export_rows, write_csv
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db


def test_each_membership_is_one_row() -> None:
    a_subscriber(name="Ann", lists=("patient", "clinician"), themes=["mind", "life"])
    a_subscriber("bob@example.org", state="pending")
    assert list(export_rows("patient")) == [
        {
            "address": "ann@example.org",
            "name": "Ann",
            "list": "patient",
            "state": "confirmed",
            "joined": NOW.isoformat(),
            "themes": ["mind", "life"],
        },
        {
            "address": "bob@example.org",
            "name": "",
            "list": "patient",
            "state": "pending",
            "joined": "",
            "themes": [],
        },
    ]
    assert len(list(export_rows(None))) == 3


def test_an_unknown_list_is_refused_before_the_first_row() -> None:
    with pytest.raises(SubscribersError, match="no list 'doctors'"):
        export_rows("doctors")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_formula_is_written_as_text(start: str) -> None:
    assert defused(f"{start}1+1") == f"'{start}1+1"


def test_the_csv_can_be_read_back_and_holds_no_formula() -> None:
    a_subscriber("+ann@example.org", name='=HYPERLINK("x"), Ann', themes=["mind", "life"])
    stream = io.StringIO(newline="")
    assert write_csv(export_rows(None), stream) == 1
    stream.seek(0)
    (row,) = csv.DictReader(stream)
    assert row["name"] == '\'=HYPERLINK("x"), Ann'
    assert row["address"] == "'+ann@example.org"
    assert row["themes"] == "mind life"


def test_an_export_of_nobody_is_its_header() -> None:
    stream = io.StringIO(newline="")
    assert write_csv(export_rows(None), stream) == 0
    assert stream.getvalue() == "address,name,list,state,joined,themes\r\n"
