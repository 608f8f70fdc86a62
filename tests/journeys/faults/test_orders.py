"""What people do while an issue goes out: they leave, pause it, cancel it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from digest.errors import Refused
from digest.models import Delivery, Issue
from digest.pipeline import review, sending
from subscribers.addresses import address_key
from subscribers.models import Membership
from tests.builders import NOW
from tests.journeys.faults.site import a_site, elsewhere

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
    pytest.mark.usefixtures("on_disk"),
]


@pytest.fixture(autouse=True)
def _look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender looks in each round, so that a quick test has rounds to look in."""
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.0)


def once(at: int, act: Callable[[], object]) -> Callable[[int], None]:
    """Done by another process, when the server has so many mails."""
    return lambda mails: elsewhere(act) if mails == at else None


def the_issue() -> Issue:
    """Issue 1."""
    return Issue.objects.get(number=1)


def test_who_leaves_in_mid_issue_is_in_no_later_claim(tmp_path: Path) -> None:
    leaving = {f"p{n:03}@example.net" for n in range(0, 900, 3)}
    late: set[str] = set()

    def leave() -> None:
        Membership.objects.filter(subscriber__address_key__in=map(address_key, leaving)).update(
            state="left"
        )
        with transaction.atomic():  # after the claim that is being made, if one is
            queued = Delivery.objects.select_for_update().filter(state="queued")
            still = Delivery.objects.filter(pk__in=[row.pk for row in queued])
            late.update(leaving & set(still.values_list("subscriber__address", flat=True)))

    with a_site(tmp_path, people=900, on_taken=once(20, leave)) as site:
        counts = site.send()
        assert late  # else nobody was left to leave in time
        assert late.isdisjoint(site.server.taken)
        assert {site.states()[address] for address in late} == {"skipped"}
        assert {site.details()[address] for address in late} == {"left"}
        skipped = counts["skipped"]  # more of them, where a claim was made before we looked
        assert counts == {"accepted": 900 - skipped, "skipped": skipped}
        assert len(late) <= skipped <= len(leaving)
        site.assert_once_each(but={a for a, state in site.states().items() if state == "skipped"})


def test_a_pause_stops_it_within_a_claim_and_a_resume_sends_the_rest(tmp_path: Path) -> None:
    def pause() -> None:
        review.pause(the_issue(), who="Ada", now=NOW)

    with a_site(tmp_path, people=600, on_taken=once(60, pause)) as site:
        counts = site.send()
        assert (site.state, set(counts)) == ("paused", {"accepted", "queued"})
        assert 60 <= len(site.server.taken) < 600
        with pytest.raises(Refused, match="digest resume 1"):
            site.send()
        review.resume(the_issue(), who="Ada", now=NOW)
        assert site.send() == {"accepted": 600}
        site.assert_once_each()


def test_a_cancelled_issue_skips_what_is_not_begun_and_is_never_sent_on(tmp_path: Path) -> None:
    def cancel() -> None:
        review.cancel(the_issue(), who="Ada", now=NOW)

    with a_site(tmp_path, people=600, on_taken=once(60, cancel)) as site:
        counts = site.send()
        assert (site.state, set(counts)) == ("cancelled", {"accepted", "skipped"})
        assert counts["accepted"] == len(site.server.taken)
        assert 60 <= len(site.server.taken) < 600
        spared = {address for address, detail in site.details().items() if detail == "cancelled"}
        site.assert_once_each(but=spared)
        with pytest.raises(Refused, match="issue 1 is cancelled"):
            site.send()
        assert Counter(site.states().values()) == counts


def test_a_paused_issue_that_is_cancelled_skips_the_rest(tmp_path: Path) -> None:
    def pause() -> None:
        review.pause(the_issue(), who="Ada", now=NOW)

    with a_site(tmp_path, people=300, on_taken=once(20, pause)) as site:
        site.send()
        review.cancel(the_issue(), who="Ada", now=NOW)
        sent = len(site.server.taken)
        assert Counter(site.states().values()) == {"accepted": sent, "skipped": 300 - sent}
