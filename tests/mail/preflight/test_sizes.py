"""Mails that an inbox would cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

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


def test_letters_that_take_more_bytes_on_the_way_count_as_sent() -> None:
    edition = with_items(a_study())
    mail = rendered(edition)
    html = mail.html.replace("</ul>", f"</ul><p>{'é ' * 20_000}</p>")  # 7 bytes each as sent
    assert len(html.encode()) < 80_000
    assert [one.check for one in found(edition, replace(mail, html=html))] == ["size"]
