"""The export tells each membership and runs no formula."""

from __future__ import annotations

import csv
import io
import json

import pytest

from subscribers.errors import SubscribersError
from subscribers.exporting import defused, export_rows, write_csv, write_json
from subscribers.segments import saved
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


def addresses(*arguments: str | None) -> list[tuple[object, object]]:
    return [(row["address"], row["list"]) for row in export_rows(*arguments)]


def test_a_segment_is_exported_by_name_or_expression_with_every_membership_of_its_people() -> None:
    a_subscriber(lists=("patient", "clinician"), tags=["clinic a"])
    a_subscriber("bob@example.org", state="left", tags=["clinic a"])
    a_subscriber("cy@example.org")
    saved.save("clinic-a", 'tag = "clinic a"', actor="eve", now=NOW)
    ann = [("ann@example.org", "patient"), ("ann@example.org", "clinician")]
    assert addresses(None, "clinic-a") == [*ann, ("bob@example.org", "patient")]
    assert addresses("clinician", "clinic-a") == ann[1:]
    assert addresses(None, "list = clinician") == ann


def test_an_unknown_segment_is_refused_before_the_first_row() -> None:
    with pytest.raises(SubscribersError, match="no segment 'friends'"):
        export_rows(None, "friends")


def test_the_json_is_one_document_with_each_row() -> None:
    stream = io.StringIO()
    assert write_json(export_rows(None), stream) == 0
    assert json.loads(stream.getvalue()) == {"subscribers": []}
    a_subscriber(name="Zoë")
    a_subscriber("bob@example.org")
    stream = io.StringIO()
    assert write_json(export_rows(None), stream) == 2
    assert json.loads(stream.getvalue()) == {"subscribers": list(export_rows(None))}


def test_rows_are_written_one_by_one_as_they_come() -> None:
    for n in range(3):
        a_subscriber(f"p{n}@example.org")
    for write in (write_csv, write_json):
        stream, seen = io.StringIO(newline=""), list[int]()
        rows = (seen.append(stream.tell()) or row for row in export_rows(None))  # type: ignore[func-returns-value]
        assert write(rows, stream) == 3
        assert sorted(set(seen)) == seen
