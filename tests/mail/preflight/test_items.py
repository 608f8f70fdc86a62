"""Empty themes, studies that stand twice, and limits that nobody named."""

from __future__ import annotations

from typing import Any

import pytest

from digest.values import ThemeGroup
from tests.builders import a_summary, a_teaser, a_theme, an_edition
from tests.mail.preflight.material import a_study, found, of, with_items


def test_a_theme_without_a_study_blocks() -> None:
    groups = (ThemeGroup(a_theme(), (a_study(),)), ThemeGroup(a_theme("sleep", "Sleep"), ()))
    (finding,) = found(an_edition(groups=groups))
    assert (finding.level, finding.check) == ("blocks", "theme")
    assert "“Sleep”" in finding.what
    assert "--theme sleep" in finding.mend


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ({"slug": "same"}, {"slug": "same"}, "slug"),
        (
            {"url": "https://a.example/x", "title": "Walking"},
            {"url": "https://a.example/x/", "title": "walking"},
            "address and title",
        ),
        ({"doi": "10.1000/ABC"}, {"doi": "https://doi.org/10.1000/abc"}, "DOI"),
        (
            {"title": "Walking", "headline": "It helps."},
            {"title": "walking", "headline": "It  helps."},
            "title and headline",
        ),
    ],
)
def test_the_same_study_twice_blocks(
    one: dict[str, Any], other: dict[str, Any], shared: str
) -> None:
    findings = of("duplicate", found(with_items(a_study(1, **one), a_study(2, **other))))
    assert [finding.level for finding in findings] == ["blocks"]
    assert f"the same {shared} as study 1" in findings[0].what
    assert findings[0].where.startswith("patient edition, study 2")


def test_a_study_three_times_is_found_twice() -> None:
    studies = [a_study(n, doi="10.1000/abc") for n in (1, 2, 3)]
    assert len(of("duplicate", found(with_items(*studies)))) == 2


def test_the_same_title_alone_warns() -> None:
    studies = [a_study(n, title="Walking") for n in (1, 2)]
    (finding,) = of("duplicate", found(with_items(*studies)))
    assert finding.level == "warns"
    assert "the same title as study 1 (study-1)" in finding.what


def test_a_shared_address_alone_warns_since_a_source_may_link_all_to_one_page() -> None:
    article = a_summary(
        kind="article", slug="up", title="Up", url="https://news.example.org/study-1"
    )
    (finding,) = of("duplicate", found(with_items(a_study(1), articles=(article,))))
    assert (finding.level, finding.where) == ("warns", "patient edition, article 1 (up)")


def test_studies_that_share_what_neither_states_are_two() -> None:
    bare: dict[str, Any] = {"doi": "", "url": "", "headline": ""}
    assert of("duplicate", found(with_items(a_study(1, **bare), a_study(2, **bare)))) == []


def test_two_parts_of_one_page_are_two() -> None:
    studies = [a_study(n, url=f"https://a.example/all#part-{n}") for n in (1, 2)]
    assert found(with_items(*studies)) == ()


def test_teasers_without_a_caveat_of_their_own_are_one_warning() -> None:
    silent = a_teaser(caveat=None)
    studies = (a_study(1, teaser=silent), a_study(2), a_study(3, teaser=silent))
    (finding,) = found(with_items(*studies))
    assert (finding.level, finding.check, finding.where) == ("warns", "limits", "patient edition")
    assert "study 1 (study-1), study 3 (study-3);" in finding.what
