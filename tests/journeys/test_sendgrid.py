"""An issue by SendGrid's API, against the local one: each mail once, and what nobody knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digest.config.keys import Keys
from digest.errors import DeliveryError
from digest.models import Delivery, Issue
from digest.pipeline.deliver import send_issue
from digest.project.settings import KEYS
from tests.builders import NOW, a_config, a_subscriber, an_approved_issue
from tests.delivery.sendgrid.api import Answer, Api, sendgrid_api

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

READERS = [f"reader{n}@example.net" for n in range(1, 6)]
WITH_KEY = Keys(KEYS.secret_key, KEYS.data_key, KEYS.hash_key, sendgrid_api_key="SG.x")
BATCH_ID = Answer(201, body=b'{"batch_id": "b-1"}')


@pytest.fixture(autouse=True)
def issue() -> Issue:
    """Approved, with five readers."""
    for address in READERS:
        a_subscriber(address)
    return an_approved_issue()


def send(folder: Path, api: Api, batch: int = 1000) -> dict[str, int]:
    """Only the states that occur."""
    sendgrid = {"kind": "sendgrid", "api_url": api.url, "batch": batch}
    counts = send_issue(1, a_config(folder, transport=sendgrid), WITH_KEY, now=lambda: NOW)
    return {state: rows for state, rows in counts.items() if rows}


def bodies_of(api: Api) -> list[Any]:
    return [body for path, _, body in api.requests if path == "/v3/mail/send"]


def test_all_readers_get_one_mail_of_their_own_in_one_request(tmp_path: Path) -> None:
    with sendgrid_api(BATCH_ID) as api:
        assert send(tmp_path, api) == {"accepted": 5}
        assert send(tmp_path, api) == {"accepted": 5}
    assert sorted(api.mailed) == READERS
    assert api.connections == 1
    assert Issue.objects.get().state == "sent"
    (body,) = bodies_of(api)
    assert body["batch_id"] == "b-1"
    leave = {one["headers"]["List-Unsubscribe"] for one in body["personalizations"]}
    assert len(leave) == 5
    for one in body["personalizations"]:
        link = one["headers"]["List-Unsubscribe"].strip("<>")
        assert link in one["substitutions"].values()
        for part in body["content"]:
            filled = part["value"]
            for slot, value in one["substitutions"].items():
                filled = filled.replace(slot, value)
            assert link in filled
            assert "__DIGEST_" not in filled
        row = Delivery.objects.get(reference=one["custom_args"]["delivery_id"])
        assert row.subscriber is not None
        assert row.subscriber.address == one["to"][0]["email"]


def test_a_request_without_an_answer_is_unknown_and_never_sent_again(tmp_path: Path) -> None:
    with sendgrid_api(BATCH_ID, Answer(), Answer(cut="read")) as api:
        assert send(tmp_path, api, batch=2) == {"accepted": 3, "unknown": 2}
        assert send(tmp_path, api, batch=2) == {"accepted": 3, "unknown": 2}
    assert sorted(api.mailed) == READERS  # they did come in, as it happens
    lost = Delivery.objects.select_related("subscriber").filter(state="unknown")
    assert {row.subscriber.address for row in lost if row.subscriber} == set(READERS[2:4])
    assert all("not answered" in row.detail for row in lost)


def test_an_address_that_the_api_refuses_fails_alone(tmp_path: Path) -> None:
    refusal = Answer(400, (("no valid address", "personalizations.3.to.0.email"),))
    with sendgrid_api(BATCH_ID, refusal) as api:
        assert send(tmp_path, api) == {"accepted": 4, "failed": 1}
    assert len(bodies_of(api)[1]["personalizations"]) == 4
    assert "no valid address" in Delivery.objects.get(state="failed").detail


def test_a_key_that_is_refused_stops_the_issue_and_loses_nobody(tmp_path: Path) -> None:
    refusal = Answer(401, (("The provided authorization grant is invalid", None),))
    with sendgrid_api(refusal, refusal) as api:
        with pytest.raises(DeliveryError, match="authorization grant is invalid"):
            send(tmp_path, api)
        assert set(Delivery.objects.values_list("state", "attempts")) == {("queued", 0)}
        assert send(tmp_path, api) == {"accepted": 5}
