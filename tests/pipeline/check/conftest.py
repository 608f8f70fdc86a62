"""No test of `digest check` asks a name server; TLS is shown a certificate of this run."""

from __future__ import annotations

import socket
from typing import NoReturn

import pytest

from tests.delivery.smtp.conftest import certificate

__all__ = ["certificate"]


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are not looked up; an address of numbers needs none."""

    def refuse(host: str, *rest: object, **options: object) -> NoReturn:
        raise AssertionError(f"a test asked a name server for {host}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
