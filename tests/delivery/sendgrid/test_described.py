"""The description finds what is wrong; else every test against it would pass for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from digest.delivery.sendgrid.payload import request_body
from tests.delivery.sendgrid.api import a_content, recipients
from tests.delivery.sendgrid.described import description, faults_in

Body = dict[str, Any]


def a_body() -> Body:
    body: Body = json.loads(request_body(a_content(batch_id="b"), recipients(2)))
    return body


def first(body: Body) -> Body:
    one: Body = body["personalizations"][0]
    return one


FAULTS: dict[str, Callable[[Body], Any]] = {
    "lacks subject": lambda body: body.pop("subject"),
    "holds template_id": lambda body: body.update(template_id="d-1"),
    "body.subject: is no string": lambda body: body.update(subject=7),
    "personalizations: has 0": lambda body: body.update(personalizations=[]),
    "personalizations: has 1002": lambda body: body["personalizations"].extend(
        [first(body)] * 1000
    ),
    "stands twice": lambda body: body["personalizations"].append(first(body)),
    "more than 10,000": lambda body: first(body)["substitutions"].update(__DIGEST_A__="x" * 10_000),
    "substitutions (name)": lambda body: first(body)["substitutions"].update({"-name-": "x"}),
    "__DIGEST_A__: does not": lambda body: first(body)["substitutions"].update(__DIGEST_A__="<b>"),
    "custom_args: holds email": lambda body: first(body)["custom_args"].update(email="x"),
    "delivery_id: does not": lambda body: first(body)["custom_args"].update(delivery_id="a@b.c"),
    "to: has 2": lambda body: first(body)["to"].append({"email": "x@example.net"}),
    "name: does not": lambda body: first(body)["to"][0].update(name="Byron, Ann"),
    "headers (name)": lambda body: first(body)["headers"].update(Subject="x"),
    "List-Id: does not": lambda body: body["headers"].update({"List-Id": "x\r\ny"}),
    "does not come first": lambda body: body["content"].reverse(),
    "categories.0: is none of": lambda body: body.update(categories=["patients"]),
    "categories: holds one thing": lambda body: body.update(categories=["digest", "digest"]),
    "open_tracking.enable: is none": lambda body: body["tracking_settings"].update(
        open_tracking={"enable": True}
    ),
    "lacks click_tracking": lambda body: body["tracking_settings"].pop("click_tracking"),
    "batch_id: has 0": lambda body: body.update(batch_id=""),
}


def test_what_we_send_has_no_fault() -> None:
    assert faults_in("/v3/mail/send", a_body()) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str) -> None:
    body = a_body()
    FAULTS[fault](body)

    assert any(fault in found for found in faults_in("/v3/mail/send", body))


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(description())
    for kind, named in description()["components"].items():
        for name in named:
            assert f"#/components/{kind}/{name}" in text or kind == "securitySchemes"
