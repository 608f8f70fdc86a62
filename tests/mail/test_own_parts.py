"""A site's own templates: they go before ours, and one that is wrong is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.errors import Refused
from digest.mail.render import mail_environment, render
from digest.shipped import shipped
from tests.builders import a_month, an_edition


def with_own(folder: Path, part: str, source: str) -> Path:
    """A site's folder of templates that holds this one part."""
    (folder / "email").mkdir()
    (folder / "email" / part).write_text(source, encoding="utf-8")
    return folder


def test_a_sites_own_part_goes_before_ours(tmp_path: Path) -> None:
    own = with_own(
        tmp_path,
        "about.html",
        "{% macro about(issue) %}<tr><td>Our own {{ issue.about }}</td></tr>{% endmacro %}",
    )
    html = render(an_edition(), mail_environment(own)).html
    assert "<td>Our own One study is one piece of a puzzle." in html
    assert "Study 1 on Walking" in html


@pytest.mark.parametrize(
    ("part", "source", "told"),
    [
        (
            "about.html",
            "{% macro about(issue) %}\n{{ issue.nonsense }}{% endmacro %}",
            "about.html line 2",
        ),
        ("about.html", "\n\n{% macro about(issue) %}", "about.html line 3"),
        ("about.html", "{% macro about() %}{% endmacro %}", "takes not more than 0 argument"),
        ("footer.html", "{% macro footer(a, b, c, d) %}{% endmacro %}", "no way to leave the list"),
        ("issue.txt", "Hello", "issue.txt: the mail has no way to leave"),
        ("inline.css", "@import 'x.css';", "@import"),
    ],
)
def test_a_sites_own_part_that_is_wrong_is_refused_in_one_line(
    part: str, source: str, told: str, tmp_path: Path
) -> None:
    assert told in _refused(with_own(tmp_path, part, source))


@pytest.mark.parametrize(
    ("part", "mark", "instead", "told"),
    [
        ("contents.html", "<!--theme {{ loop.index0 }}-->", "", "does not mark a theme"),
        ("contents.html", "<!--/theme-->", "", "does not mark a theme"),
        ("contents.html", "<!--say intro-->", "", "does not mark the intro"),
        ("contents.html", "<!--say facts-->", "", "does not mark the facts"),
        ("contents.html", "<!--say facts-->", "<!--say month-->", "does not mark the facts"),
        ("issue.html", "<!--say preheader-->", "", "does not mark the preheader"),
        ("issue.html", "<!--theme {{ loop.index0 }}-->", "<!--theme 0-->", "does not mark a theme"),
        ("issue.txt", "__DIGEST_SAY intro__\n", "", "does not mark the intro"),
        ("issue.txt", "__DIGEST_SAY facts__", "__DIGEST_SAY fact__", "does not mark the facts"),
        ("issue.txt", "__DIGEST_THEME {{ loop.index0 }}__\n", "", "does not mark a theme"),
        ("issue.txt", "__DIGEST_/THEME__", "", "does not mark a theme"),
        (
            "issue.txt",
            "{{ issue.about|wrapped }}",
            "__DIGEST_SAY month__\nx\n__DIGEST_/SAY__",
            "marks 'month', no sentence that follows",
        ),
    ],
)
def test_a_sites_own_part_that_lost_a_mark_is_refused_in_one_line(
    part: str, mark: str, instead: str, told: str, tmp_path: Path
) -> None:
    ours = (shipped("templates") / "email" / part).read_text(encoding="utf-8")
    assert mark in ours
    line = _refused(with_own(tmp_path, part, ours.replace(mark, instead)))
    ending = part.rpartition(".")[2]
    assert line.startswith(f"email/issue.{ending}: the mail ")
    assert told in line
    assert ("<!--theme 0-->" if ending == "html" else "__DIGEST_THEME 0__") in line


@pytest.mark.parametrize("part", ["contents.html", "issue.html", "issue.txt"])
def test_our_own_part_copied_by_a_site_is_taken(part: str, tmp_path: Path) -> None:
    ours = (shipped("templates") / "email" / part).read_text(encoding="utf-8")
    own = mail_environment(with_own(tmp_path, part, ours))
    assert render(an_edition(), own) == render(an_edition(), mail_environment())


def test_a_sites_own_text_is_tidied(tmp_path: Path) -> None:
    ours = (shipped("templates") / "email" / "issue.txt").read_text(encoding="utf-8")
    own = ours.replace(
        "{{ issue.facts|wrapped }}", "{{ issue.facts|wrapped }} \t\n \n\n\n\nOur own  "
    )
    text = render(an_edition(), mail_environment(with_own(tmp_path, "issue.txt", own))).text
    assert "minute.\n\n\nOur own\n__DIGEST_/SAY__\n" in text


def _refused(site: Path) -> str:
    """The one line with which the mail is refused."""
    with pytest.raises(Refused) as refused:
        render(a_month(cards=4, themes=2), mail_environment(site))
    line = refused.value.line()
    assert "\n" not in line
    return line
