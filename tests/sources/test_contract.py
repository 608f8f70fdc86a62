"""What every kind of source keeps to, whatever it reads; the kind of docs/sources.md with them."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from digest.errors import SourceError
from digest.sources import KINDS
from digest.sources.kind import Kind
from digest.values import Entry, Harvest, Seen
from tests.sources.kind_samples import (
    ALL_KINDS,
    DATED,
    NAP,
    SAMPLES,
    WALK,
    Content,
    Sample,
    visit,
)
from tests.sources.webs import NOW

TEXTS = [one.name for one in fields(Entry) if one.name not in ("published_at", "kind")]
HIDDEN = {"Cc", "Cf", "Cs", "Co"}
HOSTILE = {
    "a megabyte of <": b"<" * 1_000_000,
    "nothing": b"",
    "NULs": b"\0" * 10_000,
    "no text": bytes(range(256)) * 40,
    "half a UTF-16": b"\xff\xfe<\0r\0s",
    "entities": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><rss><channel>&a;',
    "a bomb of brackets": b"[" * 200_000,
    "deep elements": b"<div>" * 50_000,
    "numbers": b'[{"id": ' + b"9" * 10_000 + b"}]",
    "surrogates": b'[{"title": "\\ud800\\udfff\\udfff", "found": "x"}]',
    "null": b"null",
}


class World:
    """One kind with its sample, and a folder of its own for what lies on the disk."""

    def __init__(self, kind: Kind[Any], folder: Path):
        self.kind, self.folder = kind, folder
        self.sample: Sample = SAMPLES[kind.name]
        self._visits = 0

    def settings(self, **more: object) -> Any:
        given = {"name": "x", "kind": self.kind.name, **self.sample.settings, **more}
        return self.kind.settings(**given)

    def harvest(self, content: Content, seen: tuple[Seen, ...] = (), *, days: int = 0) -> Harvest:
        """A visit, `days` after the first. Each finds a disk of its own, with the same names."""
        self._visits += 1
        now = NOW + timedelta(days=days)
        here, web = visit(content, self.folder / str(self._visits), seen, now=now)
        found = self.kind.harvest(self.settings(), here)
        assert all(address.startswith(("http://", "https://")) for address in web.asked)
        return found

    def changed(self, change: Callable[[bytes], bytes]) -> Content:
        """The good content, each of its parts changed."""
        return {name: change(data) for name, data in self.sample.good.items()}


@pytest.fixture(params=ALL_KINDS, ids=lambda kind: kind.name)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param.name not in SAMPLES:
        pytest.skip("see test_every_kind_has_a_sample")
    return World(request.param, tmp_path)


def test_every_kind_has_a_sample() -> None:
    missing = [kind.name for kind in KINDS if kind.name not in SAMPLES]
    assert not missing, (
        f"No sample for {', '.join(missing)}: add a row to SAMPLES in "
        "tests/sources/kind_samples.py; docs/sources.md (Adding a kind of source) shows one"
    )
    assert len({kind.name for kind in ALL_KINDS}) == len(ALL_KINDS)


def test_both_studies_are_found_as_they_were_written(world: World) -> None:
    found = world.harvest(world.sample.good)
    assert found.refusals == ()
    assert len(found.entries) == 2
    for entry, study in zip(found.entries, (WALK, NAP), strict=True):
        stated = {name: getattr(entry, name) for name in study if name != "published"}
        assert stated == {name: value for name, value in study.items() if name != "published"}
        assert (entry.kind, entry.published_at, entry.date_problem) == ("summary", DATED, "")
        assert entry.place
        assert entry.place.isprintable()


def test_a_source_that_holds_nothing_is_no_error(world: World) -> None:
    found = world.harvest(world.sample.empty)
    assert (found.entries, found.refusals, found.unchanged) == ((), (), 0)


def test_a_source_that_cannot_be_read_says_where_and_what_to_do(world: World) -> None:
    for content in world.sample.unreadable:
        with pytest.raises(SourceError) as caught:
            world.harvest(content)
        assert caught.value.where
        assert caught.value.mend
        assert "\n" not in caught.value.line()


def test_one_bad_thing_is_refused_and_the_others_come(world: World) -> None:
    found = world.harvest(world.sample.one_bad)
    assert [entry.title for entry in found.entries] == [WALK["title"], NAP["title"]]
    (refusal,) = found.refusals
    assert all((refusal.place, refusal.problem, refusal.mend))
    assert refusal.line().isprintable()


def test_whatever_is_written_a_reader_gets_clean_plain_text(world: World) -> None:
    dirt = "<b>Wa\u00adlk\u200bing</b>\u202e cafe\u0301<script>alert(1)</script>"
    found = world.harvest(world.changed(lambda data: data.replace(b"Walking", dirt.encode())))
    assert [entry.headline.split(" ")[:2] for entry in found.entries] == [["Walking", "café"]] * 2
    for text in texts(found):
        assert is_clean(text)
        assert "alert(1)" not in text
        assert "<b>" not in text


def test_only_web_addresses_are_links(world: World) -> None:
    bad = b"javascript:alert(document.cookie)//"
    found = world.harvest(
        world.changed(lambda data: data.replace(b"https://news.example.org/news/view/2", bad))
    )
    assert found.entries
    for entry in found.entries:
        assert entry.url == "" or entry.url.startswith(("http://", "https://"))


def test_dates_are_instants_in_utc(world: World) -> None:
    entries = world.harvest(world.sample.good).entries
    assert entries
    for entry in entries:
        assert entry.published_at is not None
        assert entry.published_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("absurd", ["31/31/2026", "0001-01-01", "July 4, 2062"])
def test_a_date_that_cannot_be_is_none_and_says_why(world: World, absurd: str) -> None:
    date = world.sample.date.encode()
    found = world.harvest(world.changed(lambda data: data.replace(date, absurd.encode())))
    assert len(found.entries) == 2
    # A kind whose sources are our own files may list the date too, so that it is mended there.
    assert all(absurd in refusal.problem for refusal in found.refusals)
    for entry in found.entries:
        assert entry.published_at is None
        assert absurd in entry.date_problem
        assert "\n" not in entry.date_problem


def test_the_same_world_gives_the_same_harvest(world: World) -> None:
    first, second = (world.harvest(world.sample.one_bad) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)


def test_a_second_visit_that_remembers_finds_nothing_new(world: World) -> None:
    first = world.harvest(world.sample.good)
    again = world.harvest(world.sample.good, first.seen)
    assert set(again.entries) <= set(first.entries)
    assert len(again.entries) + again.unchanged == len(first.entries)
    assert again.refusals == ()
    third = world.harvest(world.sample.good, again.seen)
    assert len(third.entries) + third.unchanged == len(first.entries)
    assert len({one.url for one in third.seen}) == len(third.seen)


def test_what_changed_is_seen_a_day_later(world: World) -> None:
    first = world.harvest(world.sample.good)
    changed = world.changed(lambda data: data.replace(b"Nurses asked 40", b"Nurses asked 41"))
    again = world.harvest(changed, first.seen, days=1)
    assert "Nurses asked 41 people about naps. Most liked them." in [e.found for e in again.entries]
    assert len(again.entries) + again.unchanged == 2


def test_what_was_refused_is_told_until_it_is_mended(world: World) -> None:
    """At least once a week; where nothing was read anew, what was told before still stands."""
    first = world.harvest(world.sample.one_bad)
    again = world.harvest(world.sample.one_bad, first.seen)
    assert len(again.entries) + again.unchanged == 2
    assert again.refusals == first.refusals or not again.entries
    changed = {
        name: data.replace(b"Nurses asked 40", b"Nurses asked 41")
        for name, data in world.sample.one_bad.items()
    }
    third = world.harvest(changed, again.seen or first.seen, days=7)
    assert third.entries
    assert third.refusals == first.refusals


def test_the_section_refuses_keys_that_nobody_knows(world: World) -> None:
    with pytest.raises(ValidationError, match="surprise"):
        world.settings(surprise=1)
    with pytest.raises(ValidationError):
        world.settings(name="no name\n")
    assert world.settings().undated == "hold"
    assert world.kind.settings.__doc__
    assert isinstance(world.settings().host, str)
    assert hash(world.settings()) == hash(world.settings())


@pytest.mark.parametrize("wild", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_that_is_sent_breaks_it(world: World, wild: bytes) -> None:
    for found in _survived(world, wild):
        for text in texts(found):
            assert is_clean(text)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_nothing_by_chance_breaks_it(world: World, data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(sorted(world.sample.good.values())))
    start = data.draw(st.integers(0, len(good)))
    wild = data.draw(st.binary(max_size=40))
    for _ in _survived(world, good[:start] + wild + good[start + len(wild) :]):
        pass


def test_config_yaml_is_read_without_any_parser_or_client() -> None:
    heavy = ("httpx", "feedparser", "selectolax", "protego", "brotli", "zstandard", "django")
    loaded = f"[name for name in {heavy} if name in sys.modules]"
    code = f"import sys, json, digest.config; print(json.dumps({loaded}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == []


def is_clean(text: str) -> bool:
    """NFC, and nothing in it that a reader cannot see."""
    shown = not any(unicodedata.category(c) in HIDDEN and c != "\n" for c in text)
    return shown and unicodedata.is_normalized("NFC", text)


def texts(found: Harvest) -> Iterator[str]:
    """Every text of the entries and refusals."""
    for entry in found.entries:
        yield from (getattr(entry, name) for name in TEXTS)
    for refusal in found.refusals:
        yield from (refusal.place, refusal.problem, refusal.mend)


def _survived(world: World, wild: bytes) -> Iterator[Harvest]:
    """What is found with `wild` in the place of each part; only SourceError may be raised."""
    for name in world.sample.good:
        with suppress(SourceError):
            yield world.harvest({**world.sample.good, name: wild})
