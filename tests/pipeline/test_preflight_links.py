"""Preflight asks outside addresses when told to: each once, in time, in no transaction."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from digest.config import Config
from digest.mail.preflight import Finding
from digest.models import Issue
from digest.pipeline import preflight as step
from digest.pipeline.compose import compose
from digest.pipeline.preflight import preflight
from tests.builders import NOW, a_config, a_stored_summary

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    for slug in ("one", "two", "three"):
        a_stored_summary(slug)
    return compose(config, now=NOW)


def unreached(findings: tuple[Finding, ...]) -> list[Finding]:
    return [one for one in findings if one.check == "reachable"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were asked for; all of them answer."""
    pages: list[str] = []
    monkeypatch.setattr(step, "reach", lambda page, **options: pages.append(page))
    return pages


def test_each_outside_address_is_asked_once_and_only_when_told_to(
    config: Config, issue: Issue, asked: list[str]
) -> None:
    preflight(issue, config)
    assert asked == []
    shown: list[tuple[int, int]] = []
    found = preflight(issue, config, reachable=True, progress=lambda *at: shown.append(at))
    assert sorted(asked) == [f"https://news.example.org/{s}" for s in ("one", "three", "two")]
    assert shown == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert unreached(found) == []


def test_one_page_is_asked_once_whatever_place_in_it_is_named(
    config: Config, asked: list[str]
) -> None:
    for slug in ("one", "two"):
        a_stored_summary(slug, url=f"https://news.example.org/page?n=1#{slug}")
    preflight(compose(config, now=NOW), config, reachable=True)
    assert asked == ["https://news.example.org/page?n=1"]


def test_our_own_pages_are_not_asked(config: Config, asked: list[str]) -> None:
    a_stored_summary("one", url="")
    preflight(compose(config, now=NOW), config, reachable=True)
    assert asked == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9", "localhost", "[::1]", "10.0.0.1", "xn--mnchen-3ya.a_b.example"]
)
def test_an_address_that_the_fetcher_refuses_is_a_warning(config: Config, host: str) -> None:
    a_stored_summary("one", url=f"http://{host}/page")
    found = unreached(preflight(compose(config, now=NOW), config, reachable=True))
    assert [(one.level, one.where) for one in found] == [("warns", "every edition")]
    assert found[0].what.startswith(f"http://{host}/page: ")


def test_the_round_ends_in_time_and_says_what_was_not_asked(
    config: Config, issue: Issue, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "LONGEST_ROUND", 0.0)
    found = unreached(preflight(issue, config, reachable=True))
    assert len(found) == 3
    assert "was not asked" in found[0].what
    assert asked == []


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_addresses_are_asked(
    config: Config, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []

    def ask(pages: list[str], *others: Any) -> dict[str, str]:
        inside.append(connection.in_atomic_block)
        return dict.fromkeys(pages, "")

    monkeypatch.setattr(step, "_asked", ask)
    preflight(issue, config, reachable=True)
    assert inside == [False]
