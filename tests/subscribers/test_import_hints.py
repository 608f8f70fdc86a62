"""What looks odd is told and taken; what nobody reads is refused; what is wild harms nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from subscribers.addresses import address_key, address_keys, parse_address
from subscribers.errors import BadAddress, SubscribersError
from subscribers.hints import hint, nobody_reads
from subscribers.importing import ImportRow, import_people
from subscribers.importing.reading import Seen
from subscribers.models import Subscriber
from tests.builders import NOW


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("ann@gmial.com", "gmail.com"),
        ("ann@gmail.con", "gmail.com"),
        ("ann@gmal.com", "gmail.com"),
        ("ann@hotnail.com", "hotmail.com"),
        ("ann@hotmail.co", "hotmail.com"),
        ("ann@yaho.com", "yahoo.com"),
        ("ann@outlok.com", "outlook.com"),
    ],
)
def test_a_slip_in_a_well_known_domain_is_a_hint(address: str, meant: str) -> None:
    assert hint(address) == f"did you mean @{meant}?"


@pytest.mark.parametrize(
    "address", ["ann@gmail.com", "ann@mail.com", "ann@ymail.com", "ann@gmx.net", "inform@a.org"]
)
def test_a_real_domain_is_no_slip(address: str) -> None:
    assert hint(address) == ""


def test_a_mailbox_of_several_people_is_a_hint() -> None:
    assert hint("Info@example.org").startswith("Info@ is often read by several")


@pytest.mark.parametrize("address", ["noreply@a.org", "no-reply@a.org", "Do.Not_Reply@a.org"])
def test_a_mailbox_that_only_sends_is_known(address: str) -> None:
    assert nobody_reads(address)
    assert not nobody_reads("noreen@a.org")


@pytest.mark.django_db
def test_hints_are_told_and_their_people_imported(tmp_path: Path) -> None:
    file = tmp_path / "people.tsv"
    file.write_text(
        "email\ttags\tlanguage\nann@gmial.com\tNorth; volunteer,North\tde-AT\n"
        "info@example.org\t\tGerman\nnoreply@example.org\t\t\n" + f"{'a' * 64}@{'b' * 255}\t\t\n",
        encoding="utf-8",
    )
    rows: list[ImportRow] = []
    report = import_people(
        file,
        list_name="patient",
        consent_text="Yes.",
        consent_source="paper",
        actor="operator",
        columns={"tags": ("tags",), "language": ("3",)},
        now=NOW,
        tell=rows.append,
    )
    assert [row.result for row in rows] == ["new", "new", "invalid", "invalid"]
    assert report.hints == 2
    assert report.hinted()[0] == f"{file} line 2: did you mean @gmail.com?"
    assert "nobody reads" in report.refused()[0]
    people = dict(Subscriber.objects.values_list("address", "tags"))
    assert people == {"ann@gmial.com": ["North", "volunteer"], "info@example.org": []}
    assert set(Subscriber.objects.values_list("language", flat=True)) == {"de-AT", ""}


@given(st.lists(st.integers(0, 300), max_size=200))
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_repeated_key_is_known_by_its_first_line(numbers: list[int]) -> None:
    seen, expected = Seen(), dict[int, int]()
    for line, number in enumerate(numbers, start=1):
        assert seen.first_line(f"{number + 1:016x}", line) == expected.setdefault(number, line)


def test_many_keys_are_told_apart() -> None:
    seen, key = Seen(), address_keys()
    keys = [key(f"reader{n}@example.org") for n in range(20_000)]
    assert all(seen.first_line(one, line) == line for line, one in enumerate(keys, 1))
    assert all(seen.first_line(one, 99_999) == line for line, one in enumerate(keys, 1))


@given(st.text(max_size=60) | st.emails())
@hypothesis_settings(max_examples=100, deadline=None)
def test_keys_in_bulk_are_the_keys_one_by_one(address: str) -> None:
    text = address.encode("utf-8", "replace").decode()
    assert address_keys()(text) == address_key(text)


@given(st.emails())
@hypothesis_settings(max_examples=100, deadline=None)
def test_the_quick_look_at_an_address_finds_what_the_slow_one_does(address: str) -> None:
    try:
        quick = parse_address(address)
    except BadAddress:
        return
    assert parse_address(f"<{address}>") == quick


@pytest.mark.django_db
@given(content=st.binary(max_size=300) | st.text(alphabet='a@.,;"\t\r\n <>=é', max_size=300))
@hypothesis_settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_wild_files_are_refused_or_every_row_gets_a_result(
    tmp_path: Path, content: bytes | str
) -> None:
    file = tmp_path / "wild"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows: list[ImportRow] = []
    try:
        report = import_people(
            file,
            list_name="patient",
            consent_text="Yes.",
            actor="x",
            dry_run=True,
            tell=rows.append,
        )
    except SubscribersError:
        return  # as a whole
    assert len(rows) == sum(report.counts.values())
    assert [row.line for row in rows] == sorted(row.line for row in rows)
    assert all(row.reason and row.mend for row in rows if row.result == "invalid")
