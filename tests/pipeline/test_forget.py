"""Forget: nothing of the person is left but a keyed hash, and the counts stay true."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from digest.delivery import records
from digest.delivery.transports.maildir import file_name
from digest.errors import Refused
from digest.models import Delivery, Issue, QueuedMail, StoredEvent
from digest.pipeline.forget import forget, forget_mails
from digest.values import Outcome
from subscribers.addresses import address_key
from subscribers.importing import import_people, undo_import
from subscribers.models import ConsentRecord, Subscriber, Suppression
from tests.builders import NOW, a_config, a_draft, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ANN, REFERENCE = "ann@example.org", "a" * 40
LISTS = ("patient",)


@pytest.fixture(autouse=True)
def outbox(tmp_path: Path, settings: Settings) -> Path:
    settings.CONFIG = a_config(tmp_path)
    for folder in ("tmp", "new", "cur"):
        (tmp_path / "outbox" / folder).mkdir(parents=True)
    return tmp_path / "outbox"


def a_mail(path: Path, to: str) -> Path:
    path.write_bytes(f"From: Us <us@example.org>\r\nTo: {to}\r\nSubject: x\r\n\r\nHi".encode())
    return path


def a_delivery(person: Subscriber, issue: Issue | None = None, **changes: object) -> Delivery:
    return Delivery.objects.create(
        **{
            "issue": issue or a_draft(state="sent"),
            "subscriber": person,
            "audience": "patient",
            "state": "accepted",
            "detail": f"250 <{ANN}> ok",
            "reference": REFERENCE,
            "changed_at": NOW,
            **changes,
        }
    )


def test_a_person_is_forgotten_and_the_delivery_stays_without_a_name() -> None:
    a_delivery(a_subscriber(ANN))
    QueuedMail.objects.create(
        recipient=ANN,
        recipient_key=address_key(ANN),
        message_id="<1@x>",
        content=b"",
        queued_at=NOW,
    )
    assert forget("Ann@Example.org", now=NOW) == "erased"
    assert not Subscriber.objects.exists()
    assert not ConsentRecord.objects.exists()
    assert not QueuedMail.objects.exists()
    row = Delivery.objects.get()
    assert (row.subscriber, row.detail, row.reference, row.state) == (None, "", "", "accepted")
    assert Suppression.objects.get().reason == "erased"
    assert forget(ANN, now=NOW) == "already_erased"


def test_events_about_them_go_and_nobody_elses() -> None:
    issue = a_draft(state="sent")
    a_delivery(a_subscriber(ANN), issue)
    a_delivery(a_subscriber("bob@example.org"), issue, reference="b" * 40)
    for reference in (REFERENCE, "b" * 40):
        StoredEvent.objects.create(
            raw_id=f"smtp:{reference}", raw=f'{{"id": "{reference}"}}', kind="soft bounce",
            reference=reference, at=NOW, received_at=NOW,
        )  # fmt: skip
    forget(ANN, now=NOW)
    assert StoredEvent.objects.get().reference == "b" * 40
    assert Delivery.objects.exclude(subscriber=None).get().reference == "b" * 40


def test_what_waits_for_an_address_they_were_about_to_change_to_goes_too() -> None:
    a_subscriber(ANN, new_address="ann@example.net")
    for number, address in enumerate((ANN, "ann@example.net", "bob@example.org")):
        QueuedMail.objects.create(
            recipient=address, recipient_key=address_key(address), message_id=f"<{number}@x>",
            content=b"", queued_at=NOW,
        )  # fmt: skip
    forget(ANN, now=NOW)
    assert QueuedMail.objects.get().recipient == "bob@example.org"


def test_their_mails_leave_the_maildir_wherever_a_reader_put_them(outbox: Path) -> None:
    a_delivery(a_subscriber(ANN))
    name = file_name(f"<{REFERENCE}@example.org>")
    a_mail(outbox / "cur" / f"{name}:2,S", "ann.before@example.com")  # an older address of hers
    a_mail(outbox / "new" / "a-test", "Ann <ANN@example.org>")
    a_mail(
        outbox / "new" / "folded", "=?utf-8?q?A_long_name?=\r\n =?utf-8?q?_ann?= <ann@example.org>"
    )
    a_mail(outbox / "tmp" / "half-written", ANN)
    bob = a_mail(outbox / "new" / "bobs", "Ann <bob@example.org>")
    (outbox / "new" / "no-mail").write_bytes(b"\xff\x00")
    forget(ANN, now=NOW)
    kept = sorted(path.name for path in outbox.rglob("*") if path.is_file())
    assert kept == ["bobs", "no-mail"]
    assert bob.exists()


def test_a_site_without_a_maildir_forgets_as_well(settings: Settings, tmp_path: Path) -> None:
    settings.CONFIG = a_config(tmp_path / "elsewhere")
    a_subscriber(ANN)
    assert forget(ANN, now=NOW) == "erased"
    transport = {"kind": "smtp", "host": "mail.example.org"}
    assert forget_mails(a_config(tmp_path, transport=transport)) == 0


def test_killed_before_the_rows_went_it_ends_when_run_again(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_delivery(a_subscriber(ANN))
    first = a_mail(outbox / "new" / file_name(f"<{REFERENCE}@example.org>"), "old@example.com")
    second = a_mail(outbox / "new" / "zz", ANN)
    real = Path.unlink
    killed: list[Path] = []

    def dies(path: Path, missing_ok: bool = False) -> None:
        if killed:
            raise KeyboardInterrupt
        killed.append(path)
        real(path, missing_ok=missing_ok)

    with monkeypatch.context() as killing:
        killing.setattr(Path, "unlink", dies)
        with pytest.raises(KeyboardInterrupt):
            forget(ANN, now=NOW)
    assert first.exists() != second.exists()
    assert Delivery.objects.get().reference  # the row still tells which file is theirs
    assert forget(ANN, now=NOW) == "erased"
    assert not first.exists()
    assert not second.exists()


def test_one_erased_while_an_issue_goes_out_gets_no_later_mail() -> None:
    ann = a_subscriber(ANN)
    issue = a_draft(state="sending")
    a_delivery(ann, issue, state="queued", detail="")
    forget(ANN, now=NOW)
    assert records.claim(issue, 10, NOW) == []
    row = Delivery.objects.get()
    assert (row.state, row.detail) == ("skipped", "erased")


@pytest.mark.parametrize("state", ["accepted", "failed", "unknown"])
def test_a_mail_under_way_ends_as_a_number_without_the_servers_words(
    state: str, outbox: Path
) -> None:
    a_subscriber(ANN)
    issue = a_draft(state="sending")
    records.enqueue(issue, LISTS, NOW, reference_of=lambda public_id: REFERENCE)
    (claimed,) = records.claim(issue, 10, NOW, owner="us")
    forget(ANN, now=NOW)
    late = a_mail(outbox / "new" / "late", ANN)  # its sender had it in hand
    outcome = Outcome(state, f"<{ANN}> said")  # type: ignore[arg-type]
    records.settle([(claimed.delivery_id, outcome)], NOW, owner="us")
    row = Delivery.objects.get()
    assert (row.state, row.subscriber, row.detail, row.reference) == (state, None, "", "")
    assert forget_mails(a_config(outbox.parent), dry_run=True) == 1
    assert late.exists()
    assert forget_mails(a_config(outbox.parent)) == 1  # each night
    assert not late.exists()


def test_who_came_back_keeps_their_mails(outbox: Path) -> None:
    a_subscriber(ANN)
    Suppression.objects.create(address_key=address_key(ANN), reason="bounce", at=NOW)
    mail = a_mail(outbox / "new" / "m", ANN)
    assert forget_mails(a_config(outbox.parent)) == 0
    assert mail.exists()


def test_a_mail_that_cannot_be_removed_is_one_line_and_nothing_is_erased(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_delivery(a_subscriber(ANN))
    mail = a_mail(outbox / "new" / "zz", ANN)

    def refuses(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuses)
    with pytest.raises(Refused, match="nothing is erased yet") as refused:
        forget(ANN, now=NOW)
    assert str(mail) in refused.value.line()
    assert "\n" not in refused.value.line()
    assert Subscriber.objects.get().address == ANN
    assert Delivery.objects.get().reference == REFERENCE
    assert not Suppression.objects.exists()


def test_whom_an_undone_import_made_is_forgotten_as_well(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"email\n{ANN}\n", encoding="utf-8")
    run = import_people(
        file, list_name="patient", consent_text="Yes.", consent_source="paper", actor="Ada", now=NOW
    ).run
    a_delivery(Subscriber.objects.get())
    other = a_delivery(a_subscriber("bob@example.org"), Issue.objects.get(), reference="b" * 40)
    for reference in (REFERENCE, other.reference):
        StoredEvent.objects.create(
            raw_id=reference, kind="deferred", reference=reference, at=NOW, received_at=NOW
        )
    undo_import(run or 0, actor="Ada", now=NOW)
    row = Delivery.objects.exclude(pk=other.pk).get()
    assert (row.subscriber, row.reference, row.detail, row.state) == (None, "", "", "accepted")
    assert StoredEvent.objects.get().reference == other.reference
    other.refresh_from_db()
    assert other.detail
