"""A workbook is read as its sheet shows it, and refused in one line where it is wicked."""

from __future__ import annotations

import random
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from subscribers.errors import SubscribersError
from subscribers.importing import import_people
from subscribers.models import Subscriber
from subscribers.xlsx_rows import Workbook
from tests.subscribers.workbooks import MAIN, WORKBOOK, row, write_workbook

SHARED_CELLS = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'
    '<row r="4"><c r="A4" t="s"><v>2</v></c><c r="C4" t="s"><v>3</v></c></row>'
)


def _cells(path: Path) -> list[tuple[int, tuple[str, ...] | None]]:
    with path.open("rb") as stream:
        return [(record.line, record.cells) for record in Workbook(stream, "x").records()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.xlsx"


def test_shared_texts_gaps_and_line_numbers_are_read(file: Path) -> None:
    write_workbook(file, SHARED_CELLS)
    assert _cells(file) == [(1, ("email", "", "name")), (4, ("ann@example.org", "", "Ann Lee"))]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<c><v>42</v></c>", "42"),
        ("<c><v>0.5</v></c>", "0.5"),
        ('<c s="1"><v>46347</v></c>', "2026-11-21"),
        ('<c s="2"><v>46347.5</v></c>', "2026-11-21 12:00:00"),
        ('<c s="3"><v>46347</v></c>', "46347"),
        ('<c s="1"><v>1e99</v></c>', "1e99"),
        ('<c t="b"><v>1</v></c>', "TRUE"),
        ('<c t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c t="str"><f>A1&amp;"x"</f><v>ann@example.org</v></c>', "ann@example.org"),
        ('<c t="s"><v>99</v></c><c><v>1</v></c>', ""),
    ],
)
def test_every_kind_of_cell_becomes_text(file: Path, cell: str, text: str) -> None:
    write_workbook(file, f"<row>{cell}</row>")
    (_, cells), *_ = _cells(file)
    assert cells is not None
    assert cells[0] == text


def test_dates_of_an_old_mac_are_read_from_1904(file: Path) -> None:
    old = WORKBOOK.replace("<workbookPr/>", '<workbookPr date1904="1"/>')
    write_workbook(file, '<row><c s="1"><v>44885</v></c></row>', workbook=old)
    assert _cells(file) == [(1, ("2026-11-21",))]


@pytest.mark.django_db
def test_people_of_a_workbook_are_imported(file: Path) -> None:
    write_workbook(file, SHARED_CELLS + row("a@b.org, c@d.org", "", "Two"))
    report = import_people(
        file, list_name="patient", consent_text="Yes.", consent_source="paper", actor="operator"
    )
    assert (report.counts["new"], report.counts["invalid"]) == (1, 1)
    assert report.rows[0].line == 5
    assert list(Subscriber.objects.values_list("address", "name")) == [
        ("ann@example.org", "Ann Lee")
    ]


BOMB = f"<worksheet {MAIN}><sheetData>{' ' * 4_000_000}</sheetData></worksheet>"
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"sheet": BOMB}, "unpacks to more"),
        ({"sheet": ENTITIES}, "declares a document type"),
        ({"shared": ENTITIES}, "declares a document type"),
        ({"workbook": ENTITIES}, "declares a document type"),
        ({"sheet": "<worksheet><row>"}, "damaged"),
        ({"sheet": ""}, "no sheet"),
        ({"rels": ""}, "damaged"),
        ({"workbook": ""}, "no workbook"),
        ({"workbook": "<workbook/>"}, "no sheet"),
    ],
)
def test_a_wicked_or_broken_workbook_is_refused_in_one_line(
    file: Path, parts: dict[str, str], what: str
) -> None:
    write_workbook(file, SHARED_CELLS, **parts)
    with pytest.raises(SubscribersError, match=what) as refused:
        _cells(file)
    assert refused.value.mend


def test_a_cell_far_to_the_right_costs_nothing(file: Path) -> None:
    write_workbook(file, '<row><c r="A1"><v>1</v></c><c r="ZZZZZ1"><v>2</v></c></row>')
    assert _cells(file) == [(1, ("1",))]


@given(seed=st.integers(0, 10_000))
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_damage_to_a_workbook_ends_in_anything_but_a_refusal(file: Path, seed: int) -> None:
    write_workbook(file, SHARED_CELLS)
    chance, content = random.Random(seed), bytearray(file.read_bytes())
    for _ in range(chance.randint(1, 12)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    file.write_bytes(content)
    with suppress(SubscribersError):
        _cells(file)


def test_an_archive_with_a_password_is_refused(file: Path) -> None:
    write_workbook(file, SHARED_CELLS)
    content = bytearray(file.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1  # "encrypted"
            at = content.find(mark, at + 1)
    file.write_bytes(content)
    assert zipfile.is_zipfile(file)
    with pytest.raises(SubscribersError, match="damaged"):
        _cells(file)
