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
        (
            "about.html",
            "{% macro about(issue) %}{{ 1 / 0 }}{% endmacro %}",
            "about.html line 1: a te",
        ),
        ("about.html", '{% include "email/about.html" %}', "about.html line 1: a template cannot"),
        ("about.html", '{% include "email/abut.html" %}', "no template 'email/abut.html', which"),
        ("full_text.html", "{% if %}", "email/full_text.html line 1: a template cannot be used"),
        ("inline.css", "{{ look.nonsense }}", "inline.css line 1: a template cannot be used"),
        ("issue.txt", "Hello", "issue.txt: the mail has no way to leave"),
        ("inline.css", "@import 'x.css';", "email/inline.css: a style sheet holds '@import'"),
        (
            "about.html",
            '{% macro about(issue) %}<link rel="stylesheet" href="x.css">{% endmacro %}',
            "email/about.html: the page holds '<link'. A mail loads and runs",
        ),
        ("issue.html", "<html>", "email/issue.html: the page does not start with"),
        (
            "about.html",
            "{% macro about(issue) %}{{ issue.why_you_get_this }}{% endmacro %}",
            "email/about.html: what is meant for one recipient would show on the public page",
        ),
    ],
)
def test_a_sites_own_part_that_is_wrong_is_refused_in_one_line(
    part: str, source: str, told: str, tmp_path: Path
) -> None:
    assert told in _refused(with_own(tmp_path, part, source))


@pytest.mark.parametrize(
    ("part", "mark", "instead", "told"),
    [
        (
            "contents.html",
            "<!--theme {{ loop.index0 }}-->",
            "",
            "<!--theme 0--> … <!--/theme--> is",
        ),
        ("contents.html", "<!--/theme-->", "", " … <!--/theme--> is there 1 time"),
        ("contents.html", "<!--say intro-->", "", "<!--say intro--> … <!--/say--> is missing"),
        ("contents.html", "<!--say facts-->", "", "<!--say facts--> … <!--/say--> is missing"),
        ("contents.html", "say facts", "say month", "<!--say facts--> … <!--/say--> is missing"),
        ("issue.html", "<!--say preheader-->", "", "<!--say preheader--> … <!--/say--> is missing"),
        ("issue.html", "<!--theme {{ loop.index0 }}-->", "<!--theme 0-->", "is there 3 times inst"),
        ("about.html", "{{ issue.about }}", "<!--theme 7-->x<!--/theme-->", "1 times instead of 0"),
        ("issue.txt", "__DIGEST_SAY intro__\n", "", "__DIGEST_SAY intro__ … __DIGEST_/SAY__ is mi"),
        ("issue.txt", "SAY facts__", "SAY fact__", "__DIGEST_SAY facts__ … __DIGEST_/SAY__ is mis"),
        (
            "issue.txt",
            "__DIGEST_THEME {{ loop.index0 }}__\n",
            "",
            "__DIGEST_THEME 0__ … __DIGEST_/",
        ),
        ("issue.txt", "__DIGEST_/THEME__", "", "__DIGEST_THEME 0__ … __DIGEST_/THEME__ is there"),
        (
            "issue.txt",
            "{{ issue.about|wrapped }}",
            "__DIGEST_SAY month__\nx\n__DIGEST_/SAY__",
            "__DIGEST_SAY month__ … __DIGEST_/SAY__ marks no sentence that we know",
        ),
    ],
)
def test_a_sites_own_part_that_lost_a_mark_is_refused_with_its_file_and_the_mark(
    part: str, mark: str, instead: str, told: str, tmp_path: Path
) -> None:
    ours = (shipped("templates") / "email" / part).read_text(encoding="utf-8")
    assert mark in ours
    site = with_own(tmp_path, part, ours.replace(mark, instead))
    (site / "email" / "inline.css").write_text("p { margin: 0 }", encoding="utf-8")
    line = _refused(site)
    assert line.startswith(f"email/{part}: ")
    assert told in line
    assert line.endswith("docs/templates.md shows where each mark stands")


def test_of_several_own_parts_each_may_have_lost_the_mark(tmp_path: Path) -> None:
    site = with_own(tmp_path, "contents.html", "{% macro contents(issue) %}{% endmacro %}")
    (site / "email" / "bar.html").write_text("unused", encoding="utf-8")
    assert _refused(site).startswith("email/bar.html or email/contents.html: <!--theme 0-->")


def test_the_mend_of_a_missing_doctype_is_the_doctype(tmp_path: Path) -> None:
    line = _refused(with_own(tmp_path, "issue.html", "<!-- ours --><!DOCTYPE html><html></html>"))
    assert line.endswith("Start it with <!DOCTYPE html>")


# ── files and folders ─────────────────────────────────────────────────────────────────────


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        Refused, match=r"^config\.yaml, templates: there is no folder .*nofolder\. "
    ):
        mail_environment(tmp_path / "nofolder")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(Refused, match=r"file cannot be read \(Not a directory\)"):
        mail_environment(tmp_path / "file")


def test_a_folder_in_place_of_a_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "email" / "card.html").mkdir(parents=True)
    assert "email/card.html: it cannot be read (Is a directory)" in _refused(tmp_path)


def test_a_part_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "card.html").symlink_to(tmp_path / "gone.html")
    assert "email/card.html: it cannot be read (No such file" in _refused(tmp_path)


def test_a_file_in_place_of_the_folder_of_parts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "email").write_text("x", encoding="utf-8")
    assert "it cannot be read (Not a directory)" in _refused(tmp_path)


def test_a_part_that_nobody_may_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = with_own(tmp_path, "card.html", "x") / "email" / "card.html"
    read = Path.read_text

    def denied(path: Path, **how: str) -> str:
        if path == own:
            raise PermissionError(13, "Permission denied")
        return read(path, **how)

    monkeypatch.setattr(Path, "read_text", denied)
    assert "card.html: it cannot be read (Permission denied). Mend your own" in _refused(tmp_path)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_part_that_is_not_utf_8_is_refused(encoding: str, tmp_path: Path) -> None:
    site = with_own(tmp_path, "footer.html", "")
    (site / "email" / "footer.html").write_text("{# é #}", encoding=encoding)
    line = _refused(site)
    assert line == f"{site / 'email' / 'footer.html'}: it is not UTF-8. Save it as UTF-8."


def test_a_part_with_a_byte_order_mark_is_taken(tmp_path: Path) -> None:
    ours = (shipped("templates") / "email" / "issue.html").read_text(encoding="utf-8")
    site = with_own(tmp_path, "issue.html", f"\ufeff{ours}")
    assert render(an_edition(), mail_environment(site)) == render(an_edition(), mail_environment())


def test_a_part_or_folder_that_comes_changes_or_goes_is_noticed(tmp_path: Path) -> None:
    def says(word: str) -> bool:
        return word in render(an_edition(), mail_environment(tmp_path)).html

    assert not says("our first")
    part = with_own(tmp_path, "card.html", "") / "email" / "card.html"
    for word in ("our first", "our next"):
        # Our own theme.html asks for the card: what it was given must not stay.
        card = f"{{% macro card(one, issue, last) %}}<tr><td>{word}</td></tr>{{% endmacro %}}"
        part.write_text(card, encoding="utf-8")
        assert says(word)
    part.unlink()
    assert not says("our next")
    part.parent.rmdir()
    tmp_path.rmdir()
    with pytest.raises(Refused, match="there is no folder"):
        mail_environment(tmp_path)


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
