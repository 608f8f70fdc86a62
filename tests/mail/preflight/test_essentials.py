"""What no mail goes out without, in either part."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from digest.mail.preflight import Finding
from digest.mail.slots import UNSUBSCRIBE_URL
from digest.values import AUDIENCES, Audience, Edition
from tests.builders import a_month, a_publication, a_teaser, a_wording
from tests.mail.preflight.material import a_study, blocking, found, rendered, with_items

EDITION = with_items(a_study(1), a_study(2))


def _without(pattern: str, part: str, edition: Edition = EDITION) -> list[Finding]:
    """What blocks when `pattern` is taken out of one part of the mail."""
    mail = rendered(edition)
    cut: dict[str, Any] = {part: re.sub(pattern, "", getattr(mail, part))}
    assert cut[part] != getattr(mail, part)
    return blocking(found(edition, replace(mail, **cut)))


@pytest.mark.parametrize("part", ["html", "text"])
@pytest.mark.parametrize(
    ("pattern", "check"),
    [
        (re.escape(UNSUBSCRIBE_URL), "footer"),
        (r"You\s+get\s+this\s+because", "footer"),
        (r"1\s+Example\s+Street", "postal address"),
    ],
)
def test_each_line_of_the_footer_is_missed_in_each_part(
    pattern: str, check: str, part: str
) -> None:
    findings = [one for one in _without(pattern, part) if one.check != "links"]
    assert [one.check for one in findings] == [check]
    assert findings[0].where.endswith({"html": "HTML part", "text": "text part"}[part])


def test_a_way_out_that_is_written_but_leads_nowhere_is_none() -> None:
    mail = rendered(EDITION)
    unlinked = mail.html.replace(f'href="{UNSUBSCRIBE_URL}"', f'title="{UNSUBSCRIBE_URL}"')
    (finding,) = blocking(found(EDITION, replace(mail, html=unlinked)))
    assert finding.what == "it has no way to leave the list"


def test_a_publication_without_postal_address_blocks() -> None:
    edition = with_items(a_study(), publication=a_publication(postal_address=" "))
    (finding,) = blocking(found(edition))
    assert "sender.postal_address" in finding.mend


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("part", ["html", "text"])
def test_a_card_without_its_caveat_line_blocks(audience: Audience, part: str) -> None:
    studies = [
        a_study(n, teaser=a_teaser(caveat=f"Only clinic number {n} took part."))
        for n in range(1, 5)
    ]
    edition = with_items(*studies, wording=a_wording(audience=audience))
    (finding,) = _without(r"Only\s+clinic\s+number\s+3\s+took\s+part\.", part, edition)
    assert finding.check == "caveat"
    assert finding.where == f"{audience} edition, study 3 (study-3)"


@pytest.mark.parametrize("part", ["html", "text"])
def test_a_caveat_without_its_label_blocks(part: str) -> None:
    (finding,) = _without("Keep in mind:", part)
    assert finding.check == "caveat"
    assert "study 1 (study-1), study 2 (study-2)" in finding.what


@pytest.mark.parametrize("part", ["html", "text"])
def test_one_of_several_cards_with_the_same_caveat_lacks_it(part: str) -> None:
    mail = rendered(EDITION)
    body = getattr(mail, part).replace("Only one clinic took part.", "", 1)
    (finding,) = blocking(found(EDITION, replace(mail, **{part: body})))
    assert finding.check == "caveat"


def test_the_line_that_no_limits_are_named_must_stand_too() -> None:
    edition = with_items(a_study(1, teaser=a_teaser(caveat=None)), a_study(2))
    (finding,) = _without("The summary names no limits", "html", edition)
    assert finding.where == "patient edition, study 1 (study-1)"


def test_a_caveat_may_be_broken_into_lines_and_hold_a_word_of_any_length() -> None:
    long = "a" * 200
    caveat = f"Only one clinic took part, and it says {long} and more of it in one long sentence."
    assert blocking(found(with_items(a_study(teaser=a_teaser(caveat=caveat))))) == []


def test_an_empty_text_part_is_one_finding() -> None:
    (finding,) = blocking(found(EDITION, replace(rendered(EDITION), text=" \n")))
    assert (finding.check, finding.where) == ("parts", "patient edition, text part")


def test_a_text_part_without_a_title_blocks() -> None:
    (finding,) = _without("Study 2 on Walking", "text")
    assert finding.check == "parts"
    assert "study 2 (study-2)" in finding.what
    assert "study 1" not in finding.what


def test_a_templates_own_capitals_are_no_matter() -> None:
    mail = rendered(EDITION)
    assert blocking(found(EDITION, replace(mail, text=mail.text.upper()))) != []  # addresses too
    shouted = mail.text.replace("Study 2 on Walking", "STUDY 2 ON WALKING")
    assert blocking(found(EDITION, replace(mail, text=shouted))) == []


def test_cards_that_had_no_room_in_the_mail_are_not_missed() -> None:
    edition = a_month(cards=90)
    findings = found(edition)
    assert blocking(findings) == []
    (finding,) = findings
    assert finding.check == "size"
    assert re.match(r"\d+ of 90 studies had no room and are more on the web: ", finding.what)


def test_a_theme_that_lost_its_way_to_the_web_is_missed_though_the_others_have_theirs() -> None:
    edition = a_month(cards=90)
    mail = rendered(edition)
    html, cut = re.subn(r"<a [^>]*>\d+ more on the web: Walking[^<]*</a>", "", mail.html)
    assert cut == 1
    checks = {finding.check for finding in blocking(found(edition, replace(mail, html=html)))}
    assert checks == {"parts", "caveat"}


def test_a_caveat_is_missed_in_a_mail_that_has_no_room_for_all() -> None:
    edition = a_month(cards=90)
    mail = rendered(edition)
    html = mail.html.replace("Only one clinic took part", "", 1)
    (finding,) = blocking(found(edition, replace(mail, html=html)))
    assert finding.check == "caveat"
