"""The body of a request: as the API describes it, with nothing in it that tells on anybody."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.sendgrid import payload
from digest.delivery.sendgrid.payload import Content, Recipient, prepare, request_body
from digest.errors import Refused
from digest.mail.render import mail_environment, render
from digest.mail.slots import BROWSER_URL, JOINED, PREFERENCES_URL, UNSUBSCRIBE_URL, personalise
from digest.values import AUDIENCES, Audience, Personal, Sender
from tests.builders import a_month
from tests.delivery.sendgrid.api import SITE, SLOTS, a_content, a_recipient, recipients
from tests.delivery.sendgrid.described import faults_in

CANARY = "canary-7f3@example.net"


def body_of(content: Content, *readers: Recipient) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request_body(content, readers or [a_recipient()]))
    assert faults_in("/v3/mail/send", body) == []
    return body


def test_a_request_is_as_the_api_describes_it() -> None:
    body = body_of(a_content(batch_id="b1"), *recipients(3))

    assert body["from"] == {"email": "digest@example.org", "name": "Research Digest"}
    assert body["reply_to"] == {"email": "editors@example.org"}
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    assert body["content"][0]["value"] == a_content().text
    assert body["content"][1]["value"] == a_content().html
    assert body["headers"] == {"List-Id": "<updates.example.org>"}
    assert body["batch_id"] == "b1"
    assert body["personalizations"][1] == {
        "to": [{"email": "reader2@example.net", "name": "Zoë Reader"}],
        "headers": {
            "List-Unsubscribe": "<https://digest.example.org/leave/token-2>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Message-ID": "<2@example.org>",
        },
        "substitutions": dict(a_recipient(2).values),
        "custom_args": {"delivery_id": "opaque-2"},
    }


def test_every_way_of_tracking_is_off() -> None:
    body = body_of(a_content())

    settings_of = {**body["tracking_settings"], **body["mail_settings"]}
    assert set(settings_of) == {
        "click_tracking", "open_tracking", "subscription_tracking", "ganalytics",
        "footer", "sandbox_mode",
    }  # fmt: skip
    assert {on for one in settings_of.values() for on in one.values()} == {False}


def test_what_sendgrid_keeps_holds_neither_an_address_nor_a_list() -> None:
    body = body_of(a_content(), a_recipient(address=CANARY))

    kept = json.dumps([body["categories"], body["personalizations"][0]["custom_args"]])
    assert "@" not in kept
    assert json.loads(kept) == [["digest"], {"delivery_id": "opaque-1"}]


def test_a_mail_without_html_reply_address_or_link_to_leave_is_plain() -> None:
    content = a_content(sender=Sender("Digest", "digest@example.org", None), text="Hi", html="")
    notice = a_recipient(unsubscribe_url="", message_id="", name="", values={})

    body = body_of(content, notice)

    assert "reply_to" not in body
    assert "batch_id" not in body
    assert body["content"] == [{"type": "text/plain", "value": "Hi"}]
    assert body["personalizations"][0]["to"] == [{"email": "reader1@example.net"}]
    assert body["personalizations"][0]["headers"] == {}
    assert body["personalizations"][0]["substitutions"] == {}


def test_a_mailbox_to_leave_by_stands_after_the_link() -> None:
    body = body_of(a_content(), a_recipient(unsubscribe_mailto="leave+t.1@example.org"))

    assert body["personalizations"][0]["headers"]["List-Unsubscribe"] == (
        "<https://digest.example.org/leave/token-1>, <mailto:leave+t.1@example.org>"
    )


def test_only_the_slots_that_stand_in_the_mail_are_sent() -> None:
    body = body_of(a_content(text=f"Leave: {SLOTS[0]}", html=""))

    assert set(body["personalizations"][0]["substitutions"]) == {SLOTS[0]}


def test_commas_and_semicolons_do_not_end_a_name() -> None:
    body = body_of(a_content(), a_recipient(name="Byron, Ann; of X"), a_recipient(2, name=",;"))

    assert body["personalizations"][0]["to"][0]["name"] == "Byron  Ann  of X"
    assert "name" not in body["personalizations"][1]["to"][0]


def test_domains_outside_of_ascii_are_written_in_ascii() -> None:
    body = body_of(a_content(), a_recipient(address="ann@bücher.example"))

    assert body["personalizations"][0]["to"][0]["email"] == "ann@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "no address"},
        {"address": "a@b.example, c@d.example"},
        {"address": "zoë@example.net"},
        {"name": "Ann\r\nBcc: all@example.net"},
        {"name": "Ann\u2028"},
        {"name": "\ud800"},
        {"delivery_id": "ann@example.net"},
        {"delivery_id": ""},
        {"delivery_id": 'x"'},
        {"message_id": "<no id>"},
        {"message_id": "<1@example.org>\r\nX: y"},
        {"unsubscribe_url": "http://digest.example.org/leave/1"},
        {"unsubscribe_url": "https://digest.example.org/leave/1> x"},
        {"unsubscribe_mailto": "leave@example.org?subject=x"},
        {"values": {}},
        {"values": dict.fromkeys(SLOTS[:2], "x")},
        *({"values": dict.fromkeys(SLOTS, f"a{bad}b")} for bad in "<>&\"'`\n\x00\x7f\u2029\ud800"),
        {"values": dict.fromkeys(SLOTS, f"one inside another: {SLOTS[0]}")},
        {"values": dict.fromkeys(SLOTS, "x" * 3400)},
    ],
)
def test_who_cannot_be_mailed_is_left_out_and_the_others_are_not(changes: dict[str, Any]) -> None:
    readers = [a_recipient(1), a_recipient(2, **changes), a_recipient(3)]

    request = prepare(a_content(), readers)

    assert request.deliveries == ("opaque-1", "opaque-3")
    assert list(request.refused) == [1]
    assert "token" not in request.refused[1]
    body = json.loads(request.body)
    assert faults_in("/v3/mail/send", body) == []
    assert len(body["personalizations"]) == 2
    with pytest.raises(Refused):
        request_body(a_content(), readers)


def test_one_address_stands_once_in_a_request_however_it_is_written() -> None:
    written = ("Reader1@example.net", "READER1@EXAMPLE.net", "reader2@example.net")
    readers = [a_recipient(n, address=address) for n, address in enumerate(written)]

    request = prepare(a_content(), readers)

    assert request.deliveries == ("opaque-0", "opaque-2")
    assert "reader1" not in request.refused[1].lower()


def test_who_was_refused_for_another_reason_keeps_nobody_out() -> None:
    request = prepare(a_content(), [a_recipient(1, values={}), a_recipient(1)])

    assert request.deliveries == ("opaque-1",)


def test_a_thousand_go_into_one_request_and_one_more_does_not() -> None:
    assert len(body_of(a_content(), *recipients(1000))["personalizations"]) == 1000
    with pytest.raises(Refused, match="1001 recipients"):
        prepare(a_content(), recipients(1001))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": ""},
        {"subject": "Hi\r\nBcc: all@example.net"},
        {"text": ""},
        {"sender": Sender("Dig\nest", "digest@example.org", None)},
        {"sender": Sender("Digest", "digest", None)},
        {"sender": Sender("Digest", "digest@example.org", "no address")},
        {"headers": (("List-Id", "<x>\r\nBcc: y"),)},
        {"headers": (("X Y", "z"),)},
        *(
            {"headers": ((name, "x"),)}
            for name in ("From", "subject", "X-SG-ID", "Message-ID", "BCC")
        ),
    ],
)
def test_a_content_that_cannot_be_sent_is_refused_as_a_whole(changes: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        prepare(a_content(**changes), recipients(2))


@settings(max_examples=100)
@given(
    name=st.text(max_size=30),
    address=st.emails() | st.text(max_size=20),
    value=st.text(max_size=40),
    text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=200),
)
def test_whatever_comes_in_a_request_is_whole_or_refused(
    name: str, address: str, value: str, text: str
) -> None:
    reader = a_recipient(name=name, address=address, values=dict.fromkeys(SLOTS, value))
    content = a_content(text=f"{text}{SLOTS[0]}", html="")

    request = prepare(content, [a_recipient(99), reader])

    body = json.loads(request.body)
    assert faults_in("/v3/mail/send", body) == []
    assert body["content"][0]["value"] == content.text
    if not request.refused:
        assert body["personalizations"][1]["substitutions"] == {SLOTS[0]: value}
        assert not set(value) & set("<>&\"'\r\n\x00")


WILD = st.text(st.sampled_from('ab.@-+_/:<> \\"\n%é,'), max_size=6)
LONG = st.sampled_from(["", "x" * 61, ".y" * 130])
NEARLY = st.builds(
    lambda at, odd, long, text: text[: at % (len(text) + 1)] + odd + long + text[at:],
    st.integers(0, 40),
    WILD | st.just(""),
    LONG,
    st.sampled_from(
        ["ann@example.net", "<1@example.org>", "https://a.example/x", 'http://host:80/"', "d-1"]
    ),
)


@settings(max_examples=400)
@given(delivery_id=NEARLY, to=NEARLY, url=NEARLY, mailbox=NEARLY, message_id=NEARLY)
def test_the_quick_look_passes_nobody_whom_the_single_checks_would_refuse(
    delivery_id: str, to: str, url: str, mailbox: str, message_id: str
) -> None:
    usual: dict[str, Any] = {
        "delivery_id": "d-1",
        "address": "ann@example.net",
        "unsubscribe_url": "https://a.example/x",
        "unsubscribe_mailto": "leave@example.net",
        "message_id": "<1@example.org>",
    }
    wild = dict(zip(usual, (delivery_id, to, url, mailbox, message_id), strict=True))
    # All of them wild, and each alone among usual ones.
    for changes in (wild, *({**usual, name: value} for name, value in wild.items())):
        reader = a_recipient(**changes)
        if (quick := payload._usual(reader)) is not None:
            assert quick == payload._checked(reader)
    assert payload._usual(a_recipient(**usual)) is not None  # else this says nothing
    assert payload._usual(a_recipient(**{**usual, "unsubscribe_mailto": ""})) is not None


@given(st.text(st.characters(max_codepoint=0x2100), max_size=8))
def test_values_that_pass_the_quick_look_need_no_escape_anywhere(text: str) -> None:
    if payload.USUAL_VALUES.fullmatch(text):
        assert not payload.UNSAFE.search(text)
        assert json.dumps(text) == f'"{text}"'


@pytest.mark.parametrize("audience", AUDIENCES)
def test_what_sendgrid_fills_is_the_approved_mail_letter_by_letter(audience: Audience) -> None:
    rendition = render(a_month(cards=6, audience=audience), mail_environment())
    names = (UNSUBSCRIBE_URL, PREFERENCES_URL, BROWSER_URL, JOINED)
    html, text = personalise(rendition, Personal(*names))
    fills = [f"{SITE}/{kind}/Zk3-_x.p5" for kind in ("leave", "choose", "web")] + ["3 March 2026"]
    values = dict(zip(names, fills, strict=True))

    body = body_of(a_content(text=text, html=html), a_recipient(values=values))

    assert filled(body) == list(reversed(personalise(rendition, Personal(*fills))))


def filled(body: dict[str, Any]) -> list[str]:
    """Text and HTML for the first recipient, as SendGrid fills slots: by plain replacement."""
    found = []
    for part in body["content"]:
        mail = part["value"]
        for slot, value in body["personalizations"][0]["substitutions"].items():
            mail = mail.replace(slot, value)
        found.append(mail)
    return found


def test_nobody_is_shown_where_a_recipient_is_printed() -> None:
    shown = repr(a_recipient(address=CANARY, name="Canary"))

    assert "anary" not in shown
    assert "token" not in shown


@pytest.mark.skipif(
    importlib.util.find_spec("sendgrid") is None, reason="the package sendgrid is not installed"
)
def test_the_official_package_builds_the_same_request() -> None:
    kit: Any = importlib.import_module("sendgrid.helpers.mail")
    content, reader = a_content(batch_id="b1"), a_recipient()
    ours = body_of(content, reader)

    mail = kit.Mail(
        from_email=kit.From("digest@example.org", "Research Digest"), subject=content.subject
    )
    mail.reply_to = kit.ReplyTo("editors@example.org")
    mail.content = [kit.Content("text/plain", content.text), kit.Content("text/html", content.html)]
    one = kit.Personalization()
    one.add_to(kit.To("reader1@example.net", "Zoë Reader"))
    for name, value in ours["personalizations"][0]["headers"].items():
        one.add_header(kit.Header(name, value))
    for slot, value in reader.values.items():
        one.add_substitution(kit.Substitution(slot, value))
    one.add_custom_arg(kit.CustomArg("delivery_id", reader.delivery_id))
    mail.add_personalization(one)
    mail.add_header(kit.Header("List-Id", "<updates.example.org>"))
    mail.add_category(kit.Category("digest"))
    mail.batch_id = kit.BatchId("b1")
    mail.mail_settings = kit.MailSettings(
        footer_settings=kit.FooterSettings(False), sandbox_mode=kit.SandBoxMode(False)
    )
    mail.tracking_settings = kit.TrackingSettings(
        kit.ClickTracking(False, False),
        kit.OpenTracking(False),
        kit.SubscriptionTracking(False),
        kit.Ganalytics(False),
    )

    assert mail.get() == ours
