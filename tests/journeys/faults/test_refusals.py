"""Servers that say no: to wait, to one reader, or to everybody."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from digest.delivery import records
from digest.errors import DeliveryError
from digest.models import Delivery, StoredEvent
from digest.pipeline.hear_back import hear_back
from digest.project.settings import KEYS
from subscribers.models import Suppression
from tests.journeys.faults.site import (
    CONNECTIONS,
    RETRY_SECONDS,
    SECONDS_A_MAIL,
    Hours,
    a_site,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

MINUTE = 60.0
HOUR = 60 * MINUTE


def test_half_of_all_451_slows_the_pace_and_everybody_gets_one_in_the_end(tmp_path: Path) -> None:
    hours, chance = Hours(), random.Random(7)

    def rule(step: str, about: str, time: int) -> str:
        storm = step == "RCPT" and hours.seconds < HOUR and chance.random() < 0.5
        return "451 4.3.2 too busy" if storm else ""

    with a_site(tmp_path, rule, people=300, hours=hours) as site:
        site.send()
        assert Counter(site.states().values()).keys() == {"accepted", "deferred"}
        assert site.pace.slowest is not None  # config.yaml sets none: the storm does
        assert site.pace.slowest < 1 / SECONDS_A_MAIL  # what the server took before
        site.send_to_the_end()
        site.assert_once_each()


def test_a_421_storm_slows_the_pace_and_everybody_gets_one_in_the_end(tmp_path: Path) -> None:
    hours, chance = Hours(), random.Random(7)

    def rule(step: str, about: str, time: int) -> str:
        storm = step == "MAIL" and hours.seconds < HOUR and chance.random() < 0.5
        return "421 4.7.0 too many of you" if storm else ""

    with a_site(tmp_path, rule, people=150, hours=hours) as site:
        with suppress(DeliveryError):  # each connection was closed at the same moment
            site.send()
        assert site.pace.slowest is not None
        assert site.pace.slowest < 1 / SECONDS_A_MAIL
        site.send_to_the_end()
        site.assert_once_each()


def test_greylisting_for_ten_minutes_delivers_to_everybody(tmp_path: Path) -> None:
    hours = Hours()

    def rule(step: str, about: str, time: int) -> str:
        early = hours.seconds < 10 * MINUTE
        return "451 4.7.1 greylisted, come back later" if step == "RCPT" and early else ""

    with a_site(tmp_path, rule, hours=hours) as site:
        assert site.send() == {"deferred": 200}
        site.send_to_the_end()
        site.assert_once_each()
        assert hours.seconds < HOUR
        assert max(Delivery.objects.values_list("attempts", flat=True)) < records.MAX_ATTEMPTS


def test_five_in_a_hundred_unknown_users_fail_alone_and_are_suppressed(tmp_path: Path) -> None:
    gone = {f"p{n:03}@example.net" for n in range(0, 200, 20)}

    def rule(step: str, about: str, time: int) -> str:
        return "550 5.1.1 no such user" if step == "RCPT" and about in gone else ""

    with a_site(tmp_path, rule) as site:
        assert site.send() == {"accepted": 190, "failed": 10}
        assert {address for address, state in site.states().items() if state == "failed"} == gone
        assert site.state == "sent"
        site.assert_once_each(but=gone)
        assert StoredEvent.objects.count() == 10
        heard = hear_back(site.config, KEYS, site.hours.now())
        assert (heard.document()["suppressed"], Suppression.objects.count()) == (10, 10)


def test_a_reader_whom_the_server_alone_refuses_by_policy_fails_and_is_not_suppressed(
    tmp_path: Path,
) -> None:
    def rule(step: str, about: str, time: int) -> str:
        return "550 5.7.1 relaying denied" if step == "RCPT" and about == "p050@example.net" else ""

    with a_site(tmp_path, rule, people=60) as site:
        assert site.send() == {"accepted": 59, "failed": 1}
        hear_back(site.config, KEYS, site.hours.now())
        assert not Suppression.objects.exists()


def test_a_server_that_relays_for_nobody_stops_the_issue_and_fails_no_reader(
    tmp_path: Path,
) -> None:
    def rule(step: str, about: str, time: int) -> str:
        return f"550 5.7.1 <{about}>: relaying denied" if step == "RCPT" else ""

    with a_site(tmp_path, rule) as site:
        with pytest.raises(DeliveryError, match="refuses every recipient") as told:
            site.send()
        assert (told.value.temporary, "example.net" in told.value.line()) == (False, False)
        assert Counter(site.states().values()).keys() == {"queued", "deferred"}
        assert not StoredEvent.objects.exists()
        site.server.rule = lambda step, about, time: ""
        site.send_to_the_end()
        site.assert_once_each()


def test_a_sender_that_is_refused_stops_the_issue_and_leaves_nothing_claimed(
    tmp_path: Path,
) -> None:
    def rule(step: str, about: str, time: int) -> str:
        return "553 5.7.1 not your address" if step == "MAIL" else ""

    with a_site(tmp_path, rule) as site:
        with pytest.raises(DeliveryError, match=r"refuses the sender \(553 5\.7\.1 not your"):
            site.send()
        assert Counter(site.states().values()) == {"queued": 200}
        assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
        assert site.server.asked["MAIL", ""] <= 2 * CONNECTIONS  # each was told once or twice
        site.server.rule = lambda step, about, time: ""
        assert site.send() == {"accepted": 200}
        site.assert_once_each()


def test_a_quota_that_is_used_up_stops_the_issue_and_the_rest_goes_out_on_the_next_day(
    tmp_path: Path,
) -> None:
    def rule(step: str, about: str, time: int) -> str:
        used_up = step == "dot" and len(taken) >= 50
        return "550 5.4.5 daily sending quota exceeded" if used_up else ""

    with a_site(tmp_path, rule) as site:
        taken = site.server.taken
        with pytest.raises(DeliveryError, match="takes no more for now") as told:
            site.send()
        assert not told.value.temporary
        states = Counter(site.states().values())
        assert states.keys() == {"accepted", "deferred", "queued"}
        assert states["deferred"] <= CONNECTIONS
        assert not StoredEvent.objects.exists()
        site.server.rule = lambda step, about, time: ""
        site.send_to_the_end()
        site.assert_once_each()


def test_a_content_that_is_refused_fails_nobody_and_goes_out_once_it_is_mended(
    tmp_path: Path,
) -> None:
    def rule(step: str, about: str, time: int) -> str:
        return "554 5.7.1 message content rejected" if step == "dot" else ""

    with a_site(tmp_path, rule) as site:
        with pytest.raises(DeliveryError, match="takes no mail of ours"):
            site.send()
        assert Counter(site.states().values()).keys() == {"queued", "deferred"}
        site.server.rule = lambda step, about, time: ""
        site.send_to_the_end()
        site.assert_once_each()


def test_a_sign_in_that_is_refused_is_tried_once_and_queues_everybody(tmp_path: Path) -> None:
    def rule(step: str, about: str, time: int) -> str:
        return "535 5.7.8 no such user or password" if step == "AUTH" else ""

    keys = replace(KEYS, smtp_password="secret")
    with a_site(tmp_path, rule, username="digest") as site:
        with pytest.raises(DeliveryError, match="does not sign us in") as told:
            site.send(keys=keys)
        assert (told.value.temporary, "secret" in told.value.line()) == (False, False)
        assert site.server.asked["AUTH", ""] == 1
        assert Counter(site.states().values()) == {"queued": 200}
        site.server.rule = lambda step, about, time: ""
        assert site.send(keys=keys) == {"accepted": 200}
        site.assert_once_each()


def test_a_server_that_is_full_of_others_is_tried_again_at_the_next_tick(tmp_path: Path) -> None:
    hours = Hours()

    def rule(step: str, about: str, time: int) -> str:
        return "421 come back" if step == "greeting" and hours.seconds < RETRY_SECONDS else ""

    with a_site(tmp_path, rule, people=60, hours=hours) as site:
        with pytest.raises(DeliveryError) as told:
            site.send()
        assert told.value.temporary
        assert site.send_to_the_end() == 2
        site.assert_once_each()
