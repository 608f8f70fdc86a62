"""Mails that an inbox would cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.mail.preflight.opened import sample_of
from digest.mail.slots import personalise
from tests.mail.preflight.material import a_study, found, rendered, with_items


@pytest.mark.parametrize(
    ("letters", "said"),
    [(60_000, None), (90_000, "above 80,000 some inboxes"), (110_000, "Gmail cuts at 102,400")],
)
def test_a_large_html_part_warns(letters: int, said: str | None) -> None:
    edition = with_items(a_study())
    mail = rendered(edition)
    html = mail.html.replace("</ul>", f"</ul><p>{'walk ' * (letters // 5)}</p>")
    findings = found(edition, replace(mail, html=html))
    assert [one.level for one in findings] == (["warns"] if said else [])
    assert not said or said in findings[0].what


@pytest.mark.parametrize(("length", "said"), [(102_400, "as sent"), (102_401, "Gmail cuts at")])
def test_gmail_cuts_what_is_longer_than_its_limit_by_a_byte(length: int, said: str) -> None:
    edition = with_items(a_study())
    mail = rendered(edition)
    filled = len(personalise(mail, sample_of(edition))[0].encode())
    html = mail.html.replace("</ul>", f"</ul><p>{'w' * (length - filled - len('<p></p>'))}</p>")
    assert len(personalise(replace(mail, html=html), sample_of(edition))[0].encode()) == length
    (finding,) = found(edition, replace(mail, html=html))
    assert said in finding.what


def test_letters_that_take_more_bytes_on_the_way_count_as_sent() -> None:
    edition = with_items(a_study())
    mail = rendered(edition)
    html = mail.html.replace("</ul>", f"</ul><p>{'é ' * 20_000}</p>")  # 7 bytes each as sent
    assert len(html.encode()) < 80_000
    assert [one.check for one in found(edition, replace(mail, html=html))] == ["size"]
