"""Importing: every row gets a result, a bad row stops nobody, an opt-out stays one."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from subscribers.errors import SubscribersError
from subscribers.exporting import export_rows, write_csv
from subscribers.importing import RESULTS, ImportReport, ImportRow, import_people
from subscribers.leave import leave
from subscribers.membership import confirm
from subscribers.models import ConsentRecord, Membership, Subscriber, Suppression
from subscribers.suppression import suppress
from tests.builders import NOW, a_subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def _import(file: Path, content: str | bytes | None = None, **changes: Any) -> ImportReport:
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    arguments = {
        "list_name": "patient",
        "consent_text": "Yes, mail me.",
        "consent_source": "paper form",
        "actor": "operator",
        "now": NOW,
    }
    rows: list[ImportRow] = []
    report = import_people(file, tell=rows.append, **{**arguments, **changes})
    return replace(report, rows=rows)


def _found(report: ImportReport) -> dict[str, int]:
    return {what: count for what, count in report.counts.items() if count}


def _people() -> list[tuple[str, str]]:
    return list(Subscriber.objects.order_by("id").values_list("address", "name"))


def test_the_counts_name_every_result() -> None:
    assert RESULTS == (
        "new",
        "joins_list",
        "already_there",
        "opted_out_before",
        "suppressed",
        "duplicate_in_file",
        "invalid",
    )


def test_each_row_gets_its_result(file: Path) -> None:
    a_subscriber("there@example.org")
    a_subscriber("other@example.org", lists=("clinician",))
    gone = a_subscriber("gone@example.org")
    leave(gone, "patient", actor="subscriber", source="page", now=NOW)
    suppress("bounced@example.org", Suppression.Reason.BOUNCE, "operator", now=NOW)
    report = _import(
        file,
        "email,name\n"
        "new@example.org,New\n"
        "There@Example.org,\n"
        "other@example.org,\n"
        "gone@example.org,\n"
        "bounced@example.org,\n"
        "NEW@example.org,Again\n"
        "nonsense,\n",
    )
    assert [(row.line, row.result) for row in report.rows] == [
        (2, "new"),
        (3, "already_there"),
        (4, "joins_list"),
        (5, "opted_out_before"),
        (6, "suppressed"),
        (7, "duplicate_in_file"),
        (8, "invalid"),
    ]
    assert report.counts == dict.fromkeys(RESULTS, 1)
    assert report.rows[5].reason == "the same address as in line 2"
    assert report.refused() == [f"{file} line 8: it has no @. Write it as ann@example.org"]
    assert report.rows[6].address == "nonsense"


def test_an_import_never_revives_an_opt_out_or_a_suppression(file: Path) -> None:
    leave(a_subscriber(), "patient", actor="subscriber", source="page", now=NOW)
    a_subscriber("bob@example.org")
    suppress("bob@example.org", Suppression.Reason.OPERATOR, "operator", now=NOW)
    _import(file, "email\nann@example.org\nbob@example.org\n")
    states = dict(Membership.objects.values_list("subscriber__address", "state"))
    assert states == {"ann@example.org": "left", "bob@example.org": "suppressed"}


def test_a_dry_run_says_the_same_and_writes_nothing(file: Path) -> None:
    a_subscriber("there@example.org")
    content = "there@example.org\nnew@example.org\nnew@example.org\nbad\n" + "".join(
        f"person{n}@example.org\n" for n in range(600)
    )
    foreseen = _import(file, content, dry_run=True)
    assert Subscriber.objects.count() == 1
    assert ConsentRecord.objects.count() == 1
    done = _import(file)
    assert foreseen.rows == done.rows
    assert done.counts["new"] == 601


def test_importing_twice_adds_nothing(file: Path) -> None:
    _import(file, "ann@example.org\nbob@example.org\n")
    assert _found(_import(file)) == {"already_there": 2}
    assert ConsentRecord.objects.count() == 2


def test_stated_consent_confirms_and_is_kept_with_its_date(file: Path) -> None:
    agreed = NOW - timedelta(days=40)
    _import(file, "ann@example.org", consent_date=agreed)
    membership = Membership.objects.get()
    assert (membership.state, membership.joined_at, membership.changed_at) == (
        "confirmed",
        agreed,
        NOW,
    )
    record = ConsentRecord.objects.get()
    assert (record.event, record.at, record.text, record.source, record.actor) == (
        "confirmed",
        agreed,
        "Yes, mail me.",
        "paper form",
        "operator",
    )


def test_without_a_source_each_is_asked_once_after_the_commit(
    file: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    mailoutbox: list[mail.EmailMessage],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        report = _import(file, "ann@example.org\nbob@example.org\n", consent_source="")
        assert mailoutbox == []
    assert _found(report) == {"new": 2}
    assert sorted(message.to for message in mailoutbox) == [
        ["ann@example.org"],
        ["bob@example.org"],
    ]
    assert set(Membership.objects.values_list("state", flat=True)) == {"pending"}
    with django_capture_on_commit_callbacks(execute=True):
        assert _found(_import(file, consent_source="")) == {"already_there": 2}
    assert len(mailoutbox) == 2


def test_someone_pending_becomes_confirmed_by_a_later_proof(file: Path) -> None:
    a_subscriber(state="pending")
    assert _found(_import(file, "ann@example.org")) == {"joins_list": 1}
    assert Membership.objects.get().state == "confirmed"


def test_many_batches_keep_their_lines(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.importing.run.BATCH", 2)
    monkeypatch.setattr("subscribers.importing.run.MOST", 2)
    report = _import(file, "a@example.org\nbad\nb@example.org\nc@example.org\nA@example.org\n")
    assert [(row.line, row.result) for row in report.rows] == [
        (1, "new"),
        (2, "invalid"),
        (3, "new"),
        (4, "new"),
        (5, "duplicate_in_file"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_and_delimiter_are_found(file: Path, encoding: str, delimiter: str) -> None:
    content = f"E-Mail{delimiter}Name\r\nann@example.org{delimiter}Zoë Müller\r\n"
    _import(file, content.encode(encoding))
    assert _people() == [("ann@example.org", "Zoë Müller")]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("email\nann@example.org\n", ""),
        ("ann@example.org\n", ""),
        ("ann@example.org", ""),
        ("\n\n  \nann@example.org\n\n", ""),
        ("Name,Mail\nAnn,ann@example.org\n", "Ann"),
        ("id,First Name,Last name,E-mail address\n7,Ann,Lee,ann@example.org\n", "Ann Lee"),
        ("Address,Email\n1 Long Lane,ann@example.org\n", ""),
        ("ann@example.org,Ann Lee\n", "Ann Lee"),
        ("Ann Lee,ann@example.org\n", "Ann Lee"),
        ('email,name\nann@example.org,"Lee, Ann"\n', "Lee, Ann"),
        ('email, name\nann@example.org, "Lee, Ann"\n', "Lee, Ann"),
        ('email,name\nann@example.org,"Ann\nLee"\n', "Ann Lee"),
        ("email;name\nann@example.org;Lee, Ann\n", "Lee, Ann"),
        ("email\r'ann@example.org\r", ""),
        ('email,note\nann@example.org,"she said ""yes"""\n', ""),
        ("email\nAnn Lee <ann@example.org>\n", "Ann Lee"),
        ("email,name\nann@example.org,ann@example.org\n", ""),
        ("email,name,,\nann@example.org,Ann,,\n", "Ann"),
        ("email,name\nann@example.org\n", ""),
    ],
)
def test_columns_are_found_with_or_without_a_header(file: Path, content: str, name: str) -> None:
    assert _found(_import(file, content)) == {"new": 1}
    assert _people()[0][1] == name
    assert _people()[0][0].endswith("ann@example.org")


@pytest.mark.parametrize(
    "content",
    [
        "a@b.c, e@x.y\n",
        'email\n"a@b.c, e@x.y"\n',
        "email\na@b.c, e@x.y\n",
        "email,name\na@b.c, e@x.y\n",
        "email,name\na@b.c, e@x.y, Ann\n",
        "email;name\na@b.c, e@x.y;Ann\n",
        "email\na@b.c; e@x.y\n",
        "email\na@b.c e@x.y\n",
    ],
)
def test_two_addresses_in_a_row_are_refused_never_split(file: Path, content: str) -> None:
    report = _import(file, content + "fine@example.org\n")
    assert report.counts["invalid"] == 1
    assert _people() == [("fine@example.org", "")]


def test_an_unclosed_quotation_mark_swallows_one_row_only(file: Path) -> None:
    report = _import(
        file,
        'email,name\nann@example.org,"Ann\nbob@example.org,Bob\ncy@example.org,"Cy"\n',
    )
    assert [(row.line, row.result) for row in report.rows] == [
        (2, "invalid"),
        (3, "new"),
        (4, "new"),
    ]


def test_wild_names_become_one_plain_line(file: Path) -> None:
    _import(file, f'email,name\nann@example.org,"Ann\r\nBcc: x\x07{"y" * 500}"\n')
    name = _people()[0][1]
    assert name.startswith("Ann Bcc: x y")
    assert name.isprintable()
    assert len(name) <= 200


def test_a_row_with_too_many_cells_is_refused_with_the_mend(file: Path) -> None:
    report = _import(file, "email,name\nann@example.org,Lee,Ann\n")
    assert report.rows[0].reason == "the row has 3 cells, the others 2"
    assert "quotation marks" in report.rows[0].mend


def test_a_header_without_rows_imports_nobody(file: Path) -> None:
    report = _import(file, "email,name\n")
    assert (report.rows, _found(report)) == ([], {})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b" \r\n\n", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"name,town\nAnn,Leeds\n", "there is no e-mail address in it. Give a file with"),
        (b"Name,Town\n" + b"Ann,Leeds\n" * 300, "no e-mail address in its first 200 rows"),
        (b"PK\x03\x04...", "a damaged workbook"),
        (b"\xd0\xcf\x11\xe0...", "an old or a locked workbook"),
        (b"ann@example.org,\x81\x8d", "no text in UTF-8"),
    ],
)
def test_a_file_without_people_is_refused_in_one_line(
    file: Path, content: bytes, what: str
) -> None:
    with pytest.raises(SubscribersError) as refused:
        _import(file, content)
    line = refused.value.line()
    assert line.startswith(str(file))
    assert what in line
    assert refused.value.mend
    assert "\n" not in line


def test_a_missing_file_or_a_folder_is_refused(file: Path) -> None:
    with pytest.raises(SubscribersError, match="there is no such file"):
        _import(file)
    with pytest.raises(SubscribersError, match="cannot be read"):
        _import(file.parent)


def test_a_file_that_is_too_large_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.csv_rows.MAX_BYTES", 10)
    with pytest.raises(SubscribersError, match="larger than"):
        _import(file, "ann@example.org\n")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"list_name": "doctors"}, "The lists are: patient, caregiver, clinician"),
        ({"consent_text": " "}, "text is missing"),
        ({"consent_source": "", "consent_date": NOW}, "no source"),
        ({"consent_date": NOW + timedelta(days=1)}, "in the future"),
    ],
)
def test_an_order_that_does_not_hold_together_is_refused(
    file: Path, changes: dict[str, Any], what: str
) -> None:
    with pytest.raises(SubscribersError, match=what):
        _import(file, "ann@example.org\n", **changes)
    assert not Subscriber.objects.exists()


@pytest.mark.both_databases
def test_importing_works_on_both_databases(file: Path) -> None:
    ann = a_subscriber(state="pending")
    report = _import(file, "ann@example.org\nbob@example.org\nbob@example.org\nbad\n")
    assert _found(report) == {"joins_list": 1, "new": 1, "duplicate_in_file": 1, "invalid": 1}
    outcome = confirm(ann, "patient", source="page", text="Yes.", actor="subscriber")
    assert outcome == "already_confirmed"


def test_what_was_exported_comes_back_as_it_was(file: Path) -> None:
    a_subscriber("+tag@example.org", name="=1+1", lists=("clinician",))
    stream = io.StringIO(newline="")
    write_csv(export_rows(None), stream)
    assert _found(_import(file, stream.getvalue())) == {"joins_list": 1}
