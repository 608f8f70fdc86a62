"""Logs hold no token: it would let whoever reads them act for the subscriber."""

from __future__ import annotations

import logging

import pytest

from digest.logs import _NoTokens
from subscribers.urls import urlpatterns

WITH_TOKEN = [str(one.pattern) for one in urlpatterns if "<str:token>" in str(one.pattern)]


@pytest.mark.parametrize("pattern", WITH_TOKEN)
def test_no_token_of_any_page_reaches_a_log(pattern: str) -> None:
    path = "/" + pattern.replace("<str:token>", "t0k3n:1.x-y_z")
    record = logging.LogRecord("django.request", 30, "", 0, "Not Found: %s", (path,), None)
    assert _NoTokens().filter(record)
    assert record.getMessage().startswith("Not Found: /")
    assert "t0k3n" not in record.getMessage()


def test_every_page_of_ones_own_is_among_them() -> None:
    assert {one.split("/")[0] for one in WITH_TOKEN} >= {"leave", "return", "confirm"}
