"""SendGrid's webhook: only what it signed just now is kept, and each event once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from digest.models import Delivery, StoredEvent
from digest.pipeline.hear_back import apply_events
from subscribers.models import Membership, Suppression
from tests.builders import NOW, a_config, a_draft, a_subscriber
from tests.feedback.posts import SHOWN, body_of, posted, signature

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

URL = "/hooks/sendgrid"
REFERENCE = f"{7:040x}"
BODY = body_of(posted(1, "delivered", REFERENCE))
Post = Callable[..., int]


@pytest.fixture(autouse=True)
def _site(settings: Any, tmp_path: Path) -> None:
    settings.CONFIG = a_config(tmp_path, feedback={"sendgrid_public_key": SHOWN})


@pytest.fixture
def post() -> Post:
    """Post a body, signed and fresh unless a test says otherwise; the status of the answer."""
    client = Client(enforce_csrf_checks=True)

    def send(body: bytes = BODY, *, signed: str | None = None, age: int = 0) -> int:
        stamp = str(int(time.time()) - age)
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": (
                signature(body, stamp) if signed is None else signed
            ),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }
        answer = client.post(URL, body, content_type="application/json", headers=headers)
        return int(answer.status_code)

    return send


def test_a_signed_post_is_kept_without_what_is_personal(post: Post) -> None:
    assert post() == 200
    event = StoredEvent.objects.get()
    assert (event.kind, event.reference, event.applied_at) == ("delivered", REFERENCE, None)
    assert "ann@" not in event.raw
    assert "192.0.2.7" not in event.raw


def test_what_is_unsigned_altered_stale_or_no_json_is_refused_and_not_kept(post: Post) -> None:
    assert post(signed="") == 400
    assert post(signed="no base64!") == 400
    assert post(signed=signature(BODY, "1")) == 403
    assert post(age=301) == 403
    assert post(age=-400) == 403
    assert post(b"{") == 400
    assert not StoredEvent.objects.exists()


def test_a_post_without_the_headers_that_prove_it_is_refused(client: Client) -> None:
    assert client.post(URL, BODY, content_type="application/json").status_code == 400
    assert not StoredEvent.objects.exists()


def test_a_body_altered_by_one_byte_is_refused(post: Post) -> None:
    stamp = str(int(time.time()))
    altered = BODY.replace(b'"delivered"', b'"Delivered"')
    assert post(altered, signed=signature(BODY, stamp)) == 403
    assert post(BODY + b" ", signed=signature(BODY, stamp)) == 403
    assert not StoredEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b" ", b"null", b"{}", b"7", b'"text"', b"[", b"[NaN", b"\xff\xfe", b"[" * 100_000,
        b"[" + b"{}," * 10_000 + b"{}]",
    ],
)  # fmt: skip
def test_a_signed_post_that_is_no_list_of_events_is_refused(post: Post, body: bytes) -> None:
    assert post(body) == 400
    assert not StoredEvent.objects.exists()


def test_odd_events_of_a_signed_post_are_kept_and_do_nothing(post: Post, settings: Any) -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"event": ["delivered"]},
        {"event": "bounce", "delivery_id": "'; DROP"},
        {"a": "\0"},
    ]
    assert post(body_of(*odd)) == 200
    assert StoredEvent.objects.count() == 4
    assert apply_events(settings.CONFIG, NOW).suppressed == 0


@pytest.mark.parametrize("length", ["", "x", "-1", "4194305", "9" * 5000, "٣"])
def test_a_post_that_does_not_say_how_large_it_is_or_says_too_much_is_not_read(
    client: Client, length: str
) -> None:
    answer = client.post(URL, BODY, content_type="application/json", CONTENT_LENGTH=length)
    assert answer.status_code == 413


def test_a_late_bounce_or_delivered_lifts_no_suppression(post: Post, settings: Any) -> None:
    ann = a_subscriber()
    Delivery.objects.create(
        issue=a_draft(state="sent"), subscriber=ann, audience="patient", state="accepted",
        reference=REFERENCE, changed_at=NOW,
    )  # fmt: skip
    for number, event in enumerate(("spamreport", "bounce", "delivered", "processed")):
        assert post(body_of(posted(number, event, REFERENCE, status="5.1.1"))) == 200
        apply_events(settings.CONFIG, NOW)
    assert Suppression.objects.get().reason == "complaint"
    assert set(Membership.objects.values_list("state", flat=True)) == {"left"}


def test_a_post_that_is_too_large_is_refused_before_it_is_read(post: Post) -> None:
    assert post(b" " * (4 * 1024 * 1024 + 1), signed="x") == 413


def test_a_large_post_below_the_cap_is_read(post: Post) -> None:
    assert post(BODY + b" " * (3 * 1024 * 1024)) == 200


def test_a_thousand_events_of_one_post_are_kept_each_once(post: Post) -> None:
    body = body_of(*(posted(n, "delivered", f"{n:040x}") for n in range(1000)))
    assert (post(body), post(body)) == (200, 200)
    assert StoredEvent.objects.count() == 1000


def test_the_same_post_again_has_no_second_effect(post: Post, settings: Any) -> None:
    ann = a_subscriber()
    row = Delivery.objects.create(
        issue=a_draft(state="sent"), subscriber=ann, audience="patient", state="unknown",
        reference=REFERENCE, changed_at=NOW,
    )  # fmt: skip
    assert post() == 200
    assert apply_events(settings.CONFIG, NOW).settled == 1
    Delivery.objects.filter(pk=row.pk).update(state="unknown")
    assert post() == 200
    assert apply_events(settings.CONFIG, NOW).applied == {}
    assert Delivery.objects.get().state == "unknown"


def test_looking_at_it_is_not_allowed(client: Client) -> None:
    assert client.get(URL).status_code == 405


def test_without_a_key_there_is_no_such_page(post: Post, settings: Any, tmp_path: Path) -> None:
    settings.CONFIG = a_config(tmp_path)
    assert post() == 404


def test_with_a_key_that_is_none_it_asks_to_try_again(
    post: Post, settings: Any, tmp_path: Path
) -> None:
    settings.CONFIG = a_config(tmp_path, feedback={"sendgrid_public_key": "x"})
    assert post() == 503


def test_no_address_and_no_reason_of_a_post_reaches_the_log(
    post: Post, capfd: pytest.CaptureFixture[str]
) -> None:
    told = {"reason": "550 patient of the sclerosis clinic ann@example.net", "status": "5.1.1"}
    body = body_of(posted(1, "bounce", REFERENCE, **told))
    assert post(body) == 200
    assert post(body, signed="AAAA") == 403
    said = "".join(capfd.readouterr())
    assert "sclerosis" not in said
    assert "ann@" not in said
