"""The HTML part: the templates' page with its styles written into the elements.

Mail clients drop style sheets, so premailer writes each rule into the elements that it is for.
Media queries and Outlook.com's selectors stay behind in sheets that premailer is told to ignore.
Law 7: nothing in a mail loads from anywhere, and inlining opens no socket.
"""

from __future__ import annotations

import logging
import re

import cssutils
from jinja2 import Environment
from premailer import Premailer

from digest.errors import Refused
from digest.mail.contents import Contents

DOCTYPE = "<!DOCTYPE html>"

# premailer would add these as attributes on its own wherever a style names them; Outlook needs
# some of them, and those the templates write themselves.
_OWN_ATTRIBUTES = ["width", "height", "align", "valign", "bgcolor"]

cssutils.ser.prefs.minimizeColorHash = False  # Outlook and Notes misread #fff

_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_CLASS = re.compile(r"\.([a-z][\w-]*)")
_BEFORE_BLOCK = re.compile(r">\n(?=</?(?:p|h[1-6]|ul|li|t[rd]|table)\b)")  # shows nothing
_LOADS = re.compile(r"@(?!media\b)[^\s{;]*|\burl\s*\(|\\", re.IGNORECASE)


def render_html(contents: Contents, environment: Environment, slots: dict[str, str]) -> str:
    """The HTML part of one mail. Raises Refused when a site's own template cannot be mailed."""
    html = environment.get_template("email/issue.html").render(issue=contents, **slots)
    return inlined(html)


def inlined(html: str) -> str:
    """`html` with its style sheets in its elements; the bytes depend on `html` alone."""
    _refuse_unfit(html)
    premailer = Premailer(
        html,
        allow_network=False,
        cache_css_parsing=True,
        disable_basic_attributes=_OWN_ATTRIBUTES,
        disable_validation=True,  # cssutils knows too little to judge: mso-, newer properties
        strip_important=False,  # or a media query loses against the inline style
        cssutils_logging_level=logging.CRITICAL,
    )
    return _compact(str(premailer.transform(pretty_print=False)))


def _refuse_unfit(html: str) -> None:
    if not html.startswith(DOCTYPE):
        raise Refused(
            f"the page does not start with {DOCTYPE}",
            where="email/issue.html",
            mend="Without it, written just so, mail clients lay the page out in quirks mode.",
        )
    for style in _STYLE.finditer(html):
        # premailer fetches an @import even when it is told to stay off the network.
        if found := _LOADS.search(style[1]):
            raise Refused(
                f"a style sheet holds '{found[0]}'",
                where="templates email/",
                mend="A mail loads nothing: only plain rules and @media may stand there.",
            )


def _compact(html: str) -> str:
    """Without indentation, without the classes that only inlining needed, without spare spaces.

    Each pattern holds a raw < or >, which no text of a summary has here: it reads &lt; or &gt;.
    """
    kept = set(_CLASS.findall(" ".join(style[1] for style in _STYLE.finditer(html))))

    def classes(tag: re.Match[str]) -> str:
        names = " ".join(name for name in tag[2].split() if name in kept)
        return f'{tag[1]} class="{names}"' if names else tag[1]

    html = re.sub(r">\s*\n\s*<", ">\n<", html)
    html = _BEFORE_BLOCK.sub(">", html)
    html = re.sub(r'(<[a-z][a-z0-9]*) class="([^"<>]*)"', classes, html)
    return re.sub(r' style="([^"<>]*)">', lambda tag: re.sub(r"([;,]) ", r"\1", tag[0]), html)
