"""SendGrid's posts: signed, fresh, read once, and without what is personal."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ConfigError
from digest.feedback.errors import BadPost
from digest.feedback.events import FeedbackEvent
from digest.feedback.sendgrid_events import Received, check_post, public_key, read_post
from tests.feedback.letters import OUR_ID

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
PRIVATE = ec.generate_private_key(ec.SECP256R1())
BODY = b'[{"event":"delivered"}]\r\n'


def as_shown(key: PublicKeyTypes) -> str:
    """The key as SendGrid's page shows it."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode("ascii")


KEY = public_key(as_shown(PRIVATE.public_key()))


def signed(body: bytes, stamp: str = STAMP) -> str:
    return base64.b64encode(PRIVATE.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()


def refusal(*, signature: str | None = None, stamp: str = STAMP, body: bytes = BODY) -> int:
    """The status that a post is refused with."""
    sent = signed(BODY) if signature is None else signature
    with pytest.raises(BadPost) as refused:
        check_post(KEY, signature=sent, timestamp=stamp, body=body, now=NOW)
    return refused.value.status


def an_item(**changes: Any) -> dict[str, Any]:
    return {
        "email": "ann.lee@reader.example",
        "timestamp": int(NOW.timestamp()) - 60,
        "smtp-id": "<14c5d75ce93.dfd@ismtpd-5>",
        "event": "delivered",
        "sg_event_id": "ev-1",
        "sg_message_id": "14c5d75ce93.filter1.0",
        "delivery_id": "d-77",
        "ip": "192.0.2.7",
        "useragent": "Mail/1",
        "response": "250 OK ann.lee@reader.example",
        **changes,
    }


def read(*items: object) -> tuple[Received, ...]:
    return read_post(json.dumps(items).encode(), NOW)


def event(**changes: Any) -> FeedbackEvent:
    found = read(an_item(**changes))[0].event
    assert found is not None
    return found


def test_a_post_signed_over_its_timestamp_and_raw_body_is_taken() -> None:
    check_post(KEY, signature=signed(BODY), timestamp=STAMP, body=BODY, now=NOW)


def test_an_altered_body_is_refused_even_where_the_json_is_the_same() -> None:
    assert refusal(body=BODY.strip()) == 403
    assert refusal(body=BODY.replace(b"delivered", b"spamreport")) == 403


def test_another_timestamp_than_the_signed_one_is_refused() -> None:
    assert refusal(stamp=str(int(STAMP) + 1)) == 403


def test_a_signature_of_another_key_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    forged = base64.b64encode(other.sign(STAMP.encode() + BODY, ec.ECDSA(SHA256()))).decode()
    assert refusal(signature=forged) == 403


@pytest.mark.parametrize(("seconds", "status"), [(301, 403), (-301, 403), (10**9, 403)])
def test_a_timestamp_more_than_300_seconds_off_is_refused(seconds: int, status: int) -> None:
    stamp = str(int(STAMP) + seconds)
    assert refusal(stamp=stamp, signature=signed(BODY, stamp)) == status


@pytest.mark.parametrize("seconds", [300, -300])
def test_a_timestamp_of_300_seconds_is_fresh(seconds: int) -> None:
    stamp = str(int(STAMP) + seconds)
    check_post(KEY, signature=signed(BODY, stamp), timestamp=stamp, body=BODY, now=NOW)


@pytest.mark.parametrize("stamp", ["", "now", "-5", "1e9", "９", "1" * 13, STAMP + "\n", "nan"])
def test_a_timestamp_that_is_none_is_refused(stamp: str) -> None:
    assert refusal(stamp=stamp) == 400


@pytest.mark.parametrize("signature", ["", "!!", "é", "A" * 201])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    assert refusal(signature=signature) == 400


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=150))
def test_no_bytes_pass_for_a_signature(raw: bytes) -> None:
    assert refusal(signature=base64.b64encode(raw).decode()) in (400, 403)


def test_a_post_too_large_is_refused_before_it_is_checked() -> None:
    assert refusal(body=b" " * (4 * 1024 * 1024 + 1)) == 413


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64!",
        "AAAA",
        as_shown(ec.generate_private_key(ec.SECP384R1()).public_key()),
        as_shown(rsa.generate_private_key(65537, 2048).public_key()),
    ],
)
def test_what_is_no_p256_key_is_an_error_of_the_configuration(text: str) -> None:
    with pytest.raises(ConfigError, match=r"feedback\.sendgrid_public_key"):
        public_key(text)


def test_a_key_pasted_over_several_lines_is_read() -> None:
    shown = as_shown(PRIVATE.public_key())
    assert public_key(f" {shown[:40]}\n{shown[40:]}\n") == KEY


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"event": "processed"}, "processed"),
        ({"event": "delivered"}, "delivered"),
        ({"event": "deferred", "response": "450 later"}, "deferred"),
        ({"event": "bounce", "type": "bounce", "status": "5.1.1"}, "hard bounce"),
        ({"event": "bounce", "type": "bounce", "status": "5.0.0", "reason": "x"}, "hard bounce"),
        ({"event": "bounce", "type": "bounce", "status": "5.2.2"}, "soft bounce"),
        ({"event": "bounce", "type": "blocked", "status": "5.7.1"}, "blocked"),
        ({"event": "bounce", "type": "blocked", "status": "5.1.1"}, "blocked"),
        ({"event": "bounce", "status": "5.0.0", "bounce_classification": "Reputation"}, "blocked"),
        (
            {"event": "bounce", "status": "5.0.0", "bounce_classification": "Invalid Address"},
            "hard bounce",
        ),
        ({"event": "dropped", "reason": "Bounced Address"}, "hard bounce"),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, "complaint"),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, "leave all"),
        ({"event": "dropped", "reason": "Recipient List over Package Quota"}, "dropped"),
        ({"event": "spamreport"}, "complaint"),
        ({"event": "unsubscribe"}, "leave all"),
        ({"event": "group_unsubscribe"}, "leave"),
    ],
)
def test_an_event_has_its_kind(changes: dict[str, Any], kind: str) -> None:
    assert event(**changes).kind == kind


@pytest.mark.parametrize("name", ["open", "click", "group_resubscribe", "brand_new", "", None, 7])
def test_an_event_of_another_kind_is_kept_and_ignored(name: object) -> None:
    one = read(an_item(event=name))[0]
    assert one.event is None
    assert json.loads(one.raw)["event"] == name


def test_an_event_is_about_the_delivery_that_we_named() -> None:
    found = event(**{"smtp-id": OUR_ID})
    assert (found.delivery_id, found.message_id) == ("d-77", OUR_ID)
    assert (found.raw_id, found.at) == ("ev-1", NOW - timedelta(seconds=60))


@pytest.mark.parametrize("place", ["custom_args", "unique_args"])
def test_a_delivery_that_is_named_apart_is_found(place: str) -> None:
    assert event(**{"delivery_id": None, place: {"delivery_id": 12}}).delivery_id == "12"


@pytest.mark.parametrize("value", [None, "", True, ["d"], "x" * 101, "a\nb", 10**30])
def test_an_event_about_no_mail_of_ours_is_kept_and_ignored(value: object) -> None:
    assert read(an_item(delivery_id=value))[0].event is None


def test_nothing_personal_is_kept() -> None:
    one = read(an_item(reason="550 user Ann.Lee unknown", other=["to ann.lee@reader.example"]))[0]
    for canary in ("ann.lee", "reader.example", "192.0.2.7", "Mail/1"):
        assert canary not in one.raw.lower()
        assert canary not in repr(one)
    assert json.loads(one.raw)["delivery_id"] == "d-77"


def test_a_reader_whose_name_is_a_word_of_sendgrids_is_read_as_any_other() -> None:
    one = read(an_item(email="bounce@reader.example", event="bounce", status="5.1.1"))[0]
    assert one.event is not None
    assert json.loads(one.raw)["event"] == "bounce"
    invalid = event(email="invalid@reader.example", event="dropped", reason="Invalid")
    assert invalid.kind == "hard bounce"


def test_the_same_event_twice_in_a_post_is_one() -> None:
    assert [one.raw_id for one in read(an_item(), an_item(), an_item(sg_event_id="ev-2"))] == [
        "ev-1", "ev-2",
    ]  # fmt: skip


@pytest.mark.parametrize("given_id", [None, "", "a b", "\0", "\ud800", "x" * 201, 5])
def test_an_event_without_a_sound_id_is_known_by_its_content(given_id: object) -> None:
    first, again = (read(an_item(sg_event_id=given_id))[0] for _ in range(2))
    other = read(an_item(sg_event_id=given_id, delivery_id="d-78"))[0]
    assert first.raw_id == again.raw_id != other.raw_id
    assert first.raw_id.startswith("sha256:")


@pytest.mark.parametrize("stamp", [None, "soon", -1, 2**40, 1.5, True])
def test_an_event_without_a_time_happened_when_it_came(stamp: object) -> None:
    assert event(timestamp=stamp).at == NOW


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{}", b"null", b"\xff\xfe", b"[" * 100_000, b"[1" + b"1" * 5000 + b"]",
     b"[" + b"1," * 10_000 + b"1]"],
)  # fmt: skip
def test_a_body_that_is_no_array_of_events_is_refused(body: bytes) -> None:
    with pytest.raises(BadPost) as refused:
        read_post(body, NOW)
    assert refused.value.status == 400


def test_what_is_odd_in_a_post_is_kept_and_the_rest_goes_on() -> None:
    received = read(None, 5, [[["x"]]], "ann@reader.example", an_item())
    assert [one.event is not None for one in received] == [False, False, False, False, True]
    assert not any("ann@" in one.raw for one in received)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
NAMES = ("event", "email", "timestamp", "delivery_id", "smtp-id", "reason", "type", "status",
         "sg_event_id", "custom_args", "bounce_classification")  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8))
def test_no_event_whatever_it_holds_raises(item: dict[str, Any]) -> None:
    one = read_post(json.dumps([item]).encode(), NOW)[0]
    assert json.loads(one.raw, parse_constant=pytest.fail) is not None
    assert one.raw.isascii()
    assert "\0" not in one.raw


def test_a_post_of_a_thousand_events_is_read_whole() -> None:
    items = [an_item(sg_event_id=f"ev-{n}", delivery_id=f"d-{n}") for n in range(1000)]
    received = read(*items)
    assert [one.event.delivery_id for one in received if one.event] == [
        f"d-{n}" for n in range(1000)
    ]
