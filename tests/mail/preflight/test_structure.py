"""Headings, images, tables and the language of the page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.mail.preflight.material import a_study, found, rendered, with_items

EDITION = with_items(a_study(1), a_study(2))


def _changed(pattern: str, by: str, times: int = 0) -> list[tuple[str, str, str]]:
    mail = rendered(EDITION)
    html, done = re.subn(pattern, by, mail.html, count=times)
    assert done
    findings = found(EDITION, replace(mail, html=html))
    return [(one.level, one.check, one.what) for one in findings]


def test_a_mail_without_its_h1_warns() -> None:
    assert ("warns", "structure", "it has no h1 headings; a mail has one") in _changed(
        r"(</?)h1", r"\1p"
    )


def test_a_second_h1_warns() -> None:
    said = _changed("</ul>", "</ul><h1>Again</h1>")
    assert said == [("warns", "structure", "it has 2 h1 headings; a mail has one")]


def test_a_level_that_is_left_out_warns() -> None:
    said = _changed("</ul>", "</ul><h2>More</h2><h4>Small</h4>")
    assert said == [("warns", "structure", "“Small” is an h4 under an h2")]


def test_many_headings_of_the_same_fault_are_one_finding_that_names_a_few() -> None:
    edition = with_items(*(a_study(n) for n in range(1, 9)))
    mail = rendered(edition)
    html = re.sub(r"(</?)h3", r"\1h5", mail.html)
    html = re.sub(r"(?=<h5)", "<h2>Again</h2>", html)
    said = [one.what for one in found(edition, replace(mail, html=html))]
    few = "“Study 1 on Walking”, “Study 2 on Walking”, “Study 3 on Walking” and 5 more"
    assert said == [
        f"{few} are each an h5 under an h2",
        f"cards are without their h3 heading: {few}",
    ]


def test_going_back_up_is_no_matter() -> None:
    mail = rendered(EDITION)
    html = mail.html.replace("</ul>", "</ul><h2>One</h2><h3>Two</h3><h2>Three</h2>")
    assert found(EDITION, replace(mail, html=html)) == ()


def test_a_theme_without_its_h2_and_a_card_without_its_h3_warn() -> None:
    (said,) = _changed(r"<h2([^>]*)>Everyday symptoms</h2>", r"<h2\1>Others</h2>")
    assert said[2] == "themes are without their h2 heading: “Everyday symptoms”"
    (said,) = _changed(r"(<h3.*?)Study 2 on Walking", r"\1Study two")
    assert said[2] == "cards are without their h3 heading: “Study 2 on Walking”"


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ('<img src="a.png">', ["1 image without an alternative text", "it holds 1 image, "]),
        ('<img src="a.png" alt="">', ["it holds 1 image, "]),
        ('<img src="a.png" alt="A walk">', ["it holds 1 image, "]),
    ],
)
def test_images_warn_and_more_so_without_a_text(image: str, said: list[str]) -> None:
    findings = _changed("</body>", f"<p>{image}</p></body>")
    assert [(level, check) for level, check, _ in findings] == [("warns", "images")] * len(said)
    for (_, _, what), start in zip(findings, said, strict=True):
        assert what.startswith(start)


def test_a_table_that_is_no_layout_warns() -> None:
    (said,) = _changed(r'<table role="presentation" width="100%"', "<table", 1)
    assert said == ("warns", "structure", '1 table without role="presentation"')


def test_a_page_without_a_language_warns() -> None:
    (said,) = _changed(r'<html lang="en"', "<html", 1)
    assert said == ("warns", "structure", "its html element names no language (lang)")
