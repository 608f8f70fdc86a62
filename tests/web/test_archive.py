"""The public archive: only what went out, nothing personal, nothing loaded from elsewhere."""

from __future__ import annotations

import pytest
from django.test import Client

from digest.config import Config
from digest.models import Issue, IssueItem, StoredSummary
from digest.pipeline import review
from digest.pipeline.compose import compose
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    a_stored_summary("with-address")
    a_stored_summary("without", url="", why="Patients may walk. A second thought on why.")
    a_stored_summary("round-up", kind="article", url="", body="The whole text of the article.")
    issue = compose(config, now=NOW)
    review.approve(issue, config, who="Ada", now=NOW)
    return issue


def publish(issue: Issue) -> None:
    Issue.objects.filter(pk=issue.pk).update(state="sent")


def test_an_issue_that_did_not_go_out_has_no_public_page(client: Client, issue: Issue) -> None:
    assert client.get("/issues/1/patient").status_code == 404
    publish(issue)
    assert client.get("/issues/1/patient").status_code == 200


@pytest.mark.parametrize("path", ["/issues/1/doctor", "/issues/2/patient", "/issues/x/patient"])
def test_an_address_that_is_none_of_ours_is_not_found(
    client: Client, issue: Issue, path: str
) -> None:
    publish(issue)
    response = client.get(path)
    assert response.status_code == 404
    assert b"<h1>" in response.content


def test_the_page_holds_nothing_personal_and_no_slot(client: Client, issue: Issue) -> None:
    publish(issue)
    html = client.get("/issues/1/patient").content.decode()
    assert "__DIGEST_" not in html
    assert "/leave/" not in html
    assert "You get this" not in html


def test_what_has_no_address_of_its_own_stands_whole_on_the_page(
    client: Client, issue: Issue
) -> None:
    publish(issue)
    html = client.get("/issues/1/patient").content.decode()
    assert "A second thought on why." in html
    assert "The whole text of the article." in html


def test_the_archive_lists_what_went_out_for_each_list(client: Client, issue: Issue) -> None:
    assert b"No issue has gone out yet" in client.get("/").content
    publish(issue)
    html = client.get("/").content.decode()
    for audience in ("patient", "caregiver", "clinician"):
        assert f'href="/issues/1/{audience}"' in html


def test_the_archive_leads_to_no_edition_that_was_not_made(client: Client, issue: Issue) -> None:
    issue.renditions.filter(audience="caregiver").delete()
    publish(issue)
    html = client.get("/").content.decode()
    assert html.count("/issues/1/") == 2
    assert "/issues/1/caregiver" not in html


def test_every_page_forbids_loading_from_elsewhere(client: Client, issue: Issue) -> None:
    publish(issue)
    for path in ("/", "/issues/1/patient", "/studio/login", "/nothing-here"):
        response = client.get(path)
        assert response["Content-Security-Policy"].startswith("default-src 'none'")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"


def test_an_evil_host_header_is_refused(client: Client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/", "/issues/1/patient", "/healthz"])
def test_a_post_to_a_page_that_shows_is_refused(client: Client, issue: Issue, path: str) -> None:
    publish(issue)
    assert client.post(path).status_code in (403, 405)


def test_the_health_check_answers(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_public_page_stays_as_it_was_approved(client: Client, issue: Issue) -> None:
    publish(issue)
    before = client.get("/issues/1/patient").content
    StoredSummary.objects.update(found="Quite another text.", title="Another title")
    IssueItem.objects.update(theme="a-theme-that-is-gone")
    assert client.get("/issues/1/patient").content == before


@pytest.mark.parametrize("state", ["accepted", "unknown"])
def test_a_page_that_was_mailed_still_opens_when_its_issue_is_cancelled(
    client: Client, issue: Issue, state: str
) -> None:
    ann = a_subscriber("ann@example.net")
    issue.deliveries.create(subscriber=ann, audience="patient", state=state, changed_at=NOW)
    Issue.objects.update(state="sending")
    before = client.get("/issues/1/patient").content
    review.cancel(Issue.objects.get(), who="Ada", now=NOW)
    assert client.get("/issues/1/patient").content == before
    assert client.get("/issues/1/caregiver").status_code == 404  # nobody was mailed it
    assert b"/issues/1/" not in client.get("/").content


def test_a_cancelled_issue_that_nobody_got_has_no_page(client: Client, issue: Issue) -> None:
    ann = a_subscriber("ann@example.net")
    issue.deliveries.create(subscriber=ann, audience="patient", state="queued", changed_at=NOW)
    Issue.objects.update(state="sending")
    review.cancel(Issue.objects.get(), who="Ada", now=NOW)
    assert client.get("/issues/1/patient").status_code == 404
