"""Every sample means what its system meant, and is matched as its shape allows."""

from __future__ import annotations

import pytest

from digest.feedback.bounces import read_mail
from digest.feedback.events import FeedbackEvent, Passed
from tests.feedback.letters import AT, DELIVERY, HOST, KEY, OUR_ID, READER
from tests.feedback.samples import Sample, samples

SAMPLES = pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)


def read(raw: bytes) -> FeedbackEvent | Passed:
    return read_mail(raw, at=AT, key=KEY, host=HOST)


@SAMPLES
def test_a_sample_means_what_its_system_meant(sample: Sample) -> None:
    found = read(sample.raw)
    assert (found.kind if isinstance(found, FeedbackEvent) else "nothing") == sample.means


@SAMPLES
def test_a_sample_is_matched_by_what_it_tells_of_our_mail(sample: Sample) -> None:
    found = read(sample.raw)
    if isinstance(found, Passed):
        assert sample.means == "nothing"
        return
    assert (found.delivery_id == DELIVERY) is (sample.by in ("address", "both"))
    assert (found.message_id == OUR_ID) is (sample.by in ("message id", "both"))
    assert found.identified is (sample.by != "recipient")


@SAMPLES
def test_no_detail_names_the_reader(sample: Sample) -> None:
    found = read(sample.raw)
    told = found.detail if isinstance(found, FeedbackEvent) else found.reason
    assert "@" not in told
    assert READER not in repr(found)
    assert told.isprintable()
    assert len(told) <= 500


@SAMPLES
def test_bare_line_feeds_change_nothing(sample: Sample) -> None:
    bare = read(sample.raw.replace(b"\r\n", b"\n"))
    crlf = read(sample.raw)
    assert type(bare) is type(crlf)
    if isinstance(bare, FeedbackEvent) and isinstance(crlf, FeedbackEvent):
        assert (bare.kind, bare.message_id) == (crlf.kind, crlf.message_id)


def test_there_are_samples_of_every_family() -> None:
    names = " ".join(sample.name for sample in samples())
    for family in (
        "Postfix",
        "Exim",
        "Exchange",
        "Gmail",
        "Yahoo",
        "qmail",
        "Amazon",
        "ARF",
        "AOL",
    ):
        assert family in names
