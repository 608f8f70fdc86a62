"""The HTML part: the templates' page with its styles written into the elements.

Mail clients drop style sheets, so premailer writes each rule into the elements that it is for.
Media queries and Outlook.com's selectors stay behind in sheets that premailer is told to ignore.
Law 7: nothing in a mail loads from anywhere, and inlining opens no socket.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any

import cssutils
from jinja2 import Environment
from premailer import Premailer

from digest.errors import Refused
from digest.mail.contents import Contents
from digest.mail.environment import at_fault

DOCTYPE = "<!DOCTYPE html>"

cssutils.ser.prefs.minimizeColorHash = False  # Outlook and Notes misread #fff

_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_CLASS = re.compile(r"\.([a-z][\w-]*)")
_INDENTATION = re.compile(r">\s*\n\s*<")
_CLASSES = re.compile(r'(<[a-z][a-z0-9]*) class="([^"<>]*)"')
_STYLED = re.compile(r' style="[^"<>]*">')
_BEFORE_BLOCK = re.compile(r">\n(?=</?(?:p|h[1-6]|ul|li|t[rd]|table)\b)")  # shows nothing
_LOADS = re.compile(r"@(?!media\b)[^\s{;]*|\burl\s*\(|\\", re.IGNORECASE)
_LOADING = re.compile(r"<(?:link|script|iframe|object|embed)\b", re.IGNORECASE)


def render_html(contents: Contents, environment: Environment, slots: dict[str, str]) -> str:
    """The HTML part of one mail. Raises Refused when a site's own template cannot be mailed."""
    html = environment.get_template("email/issue.html").render(issue=contents, **slots)
    return inlined(html, environment)


def inlined(html: str, environment: Environment | None = None) -> str:
    """`html` with its style sheets in its elements; the bytes depend on `html` alone.

    Raises Refused when it cannot be mailed; the environment knows which file to name.
    """
    _refuse_unfit(html, environment)
    return _compact(str(_PREMAILER.transform(html, pretty_print=False)))


class _Premailer(Premailer):  # type: ignore[misc]  # premailer has no types
    """premailer, without what nobody asks of it, which took a third of the time of a mail."""

    @lru_cache(maxsize=32)  # noqa: B019  the one object of this class lives as long as we do
    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> Any:
        """What it reads depends on the sheet alone, and `transform` copies it before use."""
        return super()._parse_style_rules(css_body, ruleset_index)

    def _style_to_basic_html_attributes(self, *_: Any, **__: Any) -> None:
        """Width, height, align, valign, bgcolor: the templates write those that Outlook needs."""


_PREMAILER = _Premailer(
    allow_network=False,
    disable_validation=True,  # cssutils knows too little to judge: mso-, newer properties
    strip_important=False,  # or a media query loses against the inline style
    cssutils_logging_level=logging.CRITICAL,
)


def _refuse_unfit(html: str, environment: Environment | None) -> None:
    if not html.startswith(DOCTYPE):
        raise Refused(
            f"the page does not start with {DOCTYPE}",
            where="email/issue.html",
            mend=f"Start it with {DOCTYPE}",
        )
    sheets = (_LOADS.search(style[1]) for style in _STYLE.finditer(html))
    # premailer fetches an @import even when it is told to stay off the network.
    if rule := next(filter(None, sheets), None):
        mend = "A mail loads nothing: only plain rules and @media may stand there."
        raise _loading(f"a style sheet holds '{rule[0]}'", rule[0], mend, environment)
    if element := _LOADING.search(html):
        mend = "A mail loads and runs nothing: take it out."
        raise _loading(f"the page holds '{element[0]}'", element[0], mend, environment)


def _loading(what: str, holding: str, mend: str, environment: Environment | None) -> Refused:
    kinds, otherwise = (".html", ".css"), "templates email/"
    where = at_fault(environment, *kinds, holding=holding, otherwise=otherwise)
    return Refused(what, where=where, mend=mend)


def _compact(html: str) -> str:
    """Without indentation, without the classes that only inlining needed, without spare spaces.

    Each pattern holds a raw < or >, which no text of a summary has here: it reads &lt; or &gt;.
    """
    kept = set(_CLASS.findall(" ".join(style[1] for style in _STYLE.finditer(html))))

    def classes(tag: re.Match[str]) -> str:
        names = " ".join(name for name in tag[2].split() if name in kept)
        return f'{tag[1]} class="{names}"' if names else tag[1]

    html = _INDENTATION.sub(">\n<", html)
    html = _BEFORE_BLOCK.sub(">", html)
    html = _CLASSES.sub(classes, html)
    return _STYLED.sub(lambda tag: tag[0].replace("; ", ";").replace(", ", ","), html)
