"""Words that do not stand out from their ground."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.mail.preflight.material import a_study, found, rendered, with_items

EDITION = with_items(a_study())


def _with(html: str) -> list[str]:
    mail = rendered(EDITION)
    changed = mail.html.replace("</body>", f"{html}</body>")
    findings = found(EDITION, replace(mail, html=changed))
    assert {(one.level, one.check) for one in findings} <= {("warns", "contrast")}
    return [one.what for one in findings]


def test_a_faint_text_warns_in_each_scheme_in_which_it_is_faint() -> None:
    said = _with('<p style="color:#999999;background-color:#ffffff">Pale</p>')
    assert len(said) == 3
    assert said[0] == "“Pale” is faint on a light screen: #999999 on #ffffff is 2.8:1, under 4.5:1"


def test_a_text_that_is_faint_in_the_dark_alone_warns_of_the_dark() -> None:
    forced = '<p class="ink" style="color:#1a1a1a;background-color:#ffffff">Forced</p>'
    said = _with(forced * 2)
    assert [what.split(":")[0] for what in said] == [
        "“Forced” is faint in dark mode",
        "“Forced” is faint in Outlook.com's dark mode",
    ]
    assert all(what.endswith("; 2 texts are") for what in said)


@pytest.mark.parametrize("colour", ["#767676", "#000000"])
def test_a_text_that_just_stands_out_is_let_through(colour: str) -> None:
    assert _with(f'<p style="color:{colour};background-color:#ffffff">Clear</p>') == []
