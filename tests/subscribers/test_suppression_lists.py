"""The suppression list travels as keyed hashes, and an import only ever adds to it."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from subscribers.addresses import address_key
from subscribers.erase import erase
from subscribers.errors import SubscribersError
from subscribers.models import ConsentRecord, Membership, Subscriber, Suppression
from subscribers.recipients import confirmed_recipients
from subscribers.suppression import suppress
from subscribers.suppression_lists import (
    MEND_ROW,
    ListReport,
    counts,
    fingerprint,
    import_addresses,
    import_list,
    write_list,
)
from tests.builders import NOW, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

Reason = Suppression.Reason
LATER = NOW + timedelta(days=30)


@pytest.fixture
def departures(settings: Any, tmp_path: Path) -> Path:
    """Where leavings are noted."""
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures")
    return tmp_path / "departures"


def exported() -> str:
    stream = io.StringIO(newline="")
    write_list(stream)
    return stream.getvalue()


def a_list(folder: Path, *rows: str, key: str | None = None) -> Path:
    """A file of keyed hashes as another site of ours would write it."""
    file = folder / "list.csv"
    beginning = [f"hashed with,{key or fingerprint()}", "address_key,reason,date,actor"]
    file.write_text("\r\n".join([*beginning, *rows, ""]), encoding="utf-8")
    return file


def a_row(address: str, reason: str, date: str = NOW.isoformat(), actor: str = "digest") -> str:
    return f"{address_key(address)},{reason},{date},{actor}"


def result(report: ListReport) -> dict[str, int]:
    return {what: count for what, count in report.counts.items() if count}


def reasons() -> dict[str, str]:
    names = {address_key(f"{name}@example.org"): name for name in ("ann", "bob", "cy", "di")}
    return {names[one.address_key]: one.reason for one in Suppression.objects.all()}


def test_what_is_exported_can_be_imported_and_has_no_address(tmp_path: Path) -> None:
    suppress("ann@example.org", Reason.COMPLAINT, "=cmd()", now=NOW)
    a_subscriber("bob@example.org")
    erase("bob@example.org", now=NOW)
    before = set(Suppression.objects.values_list("address_key", "reason", "at", "actor"))
    text = exported()
    assert "@" not in text
    assert "'=cmd()" in text
    Suppression.objects.all().delete()
    file = tmp_path / "list.csv"
    file.write_text(text, encoding="utf-8")
    assert result(import_list(file, now=LATER)) == {"new": 2}
    assert set(Suppression.objects.values_list("address_key", "reason", "at", "actor")) == before
    assert result(import_list(file, now=LATER)) == {"already": 2}


def test_an_import_suppresses_live_members_and_notes_it_outside_of_the_database(
    tmp_path: Path, departures: Path
) -> None:
    ann = a_subscriber(lists=("patient", "clinician"))
    a_subscriber("bob@example.org", state="left")
    file = a_list(
        tmp_path, a_row("ann@example.org", "bounce"), a_row("bob@example.org", "complaint")
    )
    assert result(import_list(file, now=LATER)) == {"new": 2}
    assert list(confirmed_recipients(("patient", "clinician"))) == []
    states = Membership.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["suppressed", "suppressed", "left"]
    records = ConsentRecord.objects.filter(event="withdrawn", subscriber=ann)
    assert {(one.at, one.source) for one in records} == {(LATER, "suppressed: bounce")}
    noted = departures.read_text(encoding="ascii").splitlines()
    assert {tuple(line.split()[1:]) for line in noted} == {
        ("suppressed", address_key("ann@example.org"), "bounce"),
        ("suppressed", address_key("bob@example.org"), "complaint"),
    }
    assert all(line.startswith(LATER.isoformat()[:16]) for line in noted)  # not when it was there
    import_list(file, now=LATER)
    assert len(departures.read_text(encoding="ascii").splitlines()) == 2


def test_no_reason_is_weakened_and_erased_is_the_weakest(tmp_path: Path) -> None:
    suppress("ann@example.org", Reason.COMPLAINT, "eve", now=NOW)
    suppress("bob@example.org", Reason.ERASED, "eve", now=NOW)
    rows = [a_row("ann@example.org", reason) for reason in ("bounce", "erased", "operator")]
    rows += [a_row("bob@example.org", "erased"), a_row("bob@example.org", "bounce")]
    rows += [a_row("cy@example.org", "bounce"), a_row("cy@example.org", "erased")]
    report = import_list(a_list(tmp_path, *rows), now=LATER)
    assert result(report) == {"already": 5, "stronger": 1, "new": 1}
    assert reasons() == {"ann": "complaint", "bob": "bounce", "cy": "bounce"}


def test_who_came_back_after_an_erasure_is_not_erased_again_by_an_old_list(tmp_path: Path) -> None:
    a_subscriber()  # joined at NOW
    a_subscriber("bob@example.org")
    a_subscriber("cy@example.org")
    long_ago = (NOW - timedelta(days=90)).isoformat()
    rows = [
        a_row("ann@example.org", "erased", long_ago),
        a_row("bob@example.org", "bounce", long_ago),
        a_row("cy@example.org", "erased", LATER.isoformat()),
    ]
    assert result(import_list(a_list(tmp_path, *rows), now=LATER)) == {"returned": 1, "new": 2}
    assert reasons() == {"bob": "bounce", "cy": "erased"}
    assert Membership.objects.get(state="confirmed").subscriber.address == "ann@example.org"


def test_a_list_of_another_hashing_key_is_refused_in_one_line(tmp_path: Path) -> None:
    file = a_list(tmp_path, a_row("ann@example.org", "bounce"), key="0123456789abcdef")
    with pytest.raises(SubscribersError, match="another hashing key") as raised:
        import_list(file, now=NOW)
    assert len(raised.value.line().splitlines()) == 1
    assert not Suppression.objects.exists()


def test_the_fingerprint_follows_the_key_and_is_not_the_key(settings: Any) -> None:
    ours = fingerprint()
    assert ours not in settings.SUBSCRIBERS_HASH_KEY
    settings.SUBSCRIBERS_HASH_KEY = "b" * 64
    assert fingerprint() != ours


@pytest.mark.parametrize(
    "content",
    [b"", b"address,reason\nann@example.org,bounce\n", b"\xff\xfe\x00", b"hashed with\n", b"\n" * 9,
     b'"' * 200_000, b"hashed with,x\naddress_key,why\n"],
)  # fmt: skip
def test_another_file_is_no_suppression_list(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.csv"
    file.write_bytes(content)
    with pytest.raises(SubscribersError, match=r"other\.csv: this is no suppression list"):
        import_list(file, now=NOW)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SubscribersError, match=r"none\.csv: cannot be read"):
        import_list(tmp_path / "none.csv", now=NOW)


def test_wrong_rows_are_told_with_their_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = a_row("ann@example.org", "bounce")
    rows = ["ann@example.org,bounce,2026-01-01,x", a_row("bob@example.org", "because"), "",
            a_row("cy@example.org", "bounce", "yesterday"), "a,b", good.upper(),
            a_row("di@example.org", "bounce", "9999-12-31T23:59:59-20:00"), good]  # fmt: skip
    report = import_list(a_list(tmp_path, *rows), now=NOW)
    assert result(report) == {"new": 1, "invalid": 6}
    assert [wrong.line for wrong in report.invalid] == [3, 4, 6, 7, 8, 9]
    assert {wrong.mend for wrong in report.invalid} == {MEND_ROW}
    assert reasons() == {"ann": "bounce"}
    assert "@" not in "".join(wrong.reason for wrong in report.invalid)


def test_plain_addresses_are_suppressed_by_the_operator(tmp_path: Path) -> None:
    a_subscriber()
    file = tmp_path / "addresses.txt"
    file.write_bytes(
        "\ufeffAnn@Example.org\r\n\n# from the old tool\nbob@example.org\nbob@example.org\n"
        "not an address\na@b.example, c@d.example\n".encode()
        + b"caf\xe9@example.org\n"
    )
    report = import_addresses(file, Reason.OPERATOR, actor="eve", now=NOW)
    assert result(report) == {"new": 2, "already": 1, "invalid": 3}
    assert [wrong.line for wrong in report.invalid] == [6, 7, 8]
    assert all(wrong.mend for wrong in report.invalid)
    assert reasons() == {"ann": "operator", "bob": "operator"}
    assert set(Suppression.objects.values_list("actor", "at")) == {("eve", NOW)}
    assert Subscriber.objects.get().memberships.get().state == "suppressed"
    assert counts() == {"bounce": 0, "complaint": 0, "operator": 2, "erased": 0}


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.txt", b"PK\x03\x04rest"), ("a.xlsx", b"\0\0"), ("a", b"\xd0\xcf\x11\xe0")],
)
def test_a_workbook_is_no_file_of_addresses(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(SubscribersError, match=r"it is a workbook, .*one a line"):
        import_addresses(file, Reason.BOUNCE, actor="eve", now=NOW)
    assert not Suppression.objects.exists()


def test_a_long_file_goes_in_by_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.suppression_lists.KEYS_PER_QUERY", 3)
    file = tmp_path / "addresses.txt"
    file.write_text("".join(f"p{n}@example.org\n" for n in range(8)), encoding="utf-8")
    assert result(import_addresses(file, Reason.BOUNCE, actor="eve", now=NOW)) == {"new": 8}
    assert result(import_addresses(file, Reason.BOUNCE, actor="eve", now=NOW)) == {"already": 8}
