"""What differs per recipient: slots in a frozen rendition, filled after inlining.

A `Rendition` and a `Personal` come in; the finished HTML and text go out, or the public page
without anything personal. Law 2: filling changes the slots and nothing else; a summary whose
own words hold a slot is refused, so that no text from outside can be filled.
"""

from __future__ import annotations

import re
from dataclasses import fields
from html import escape

from jinja2 import Environment

from digest.errors import Refused
from digest.mail.environment import mail_environment
from digest.values import Edition, Personal, Rendition, Summary

# Letters and underscores only: premailer and lxml leave them alone in text and in an href.
# None is shorter than what it stands for in a line of text (a date), so no line grows.
PREFIX = "__DIGEST_"
UNSUBSCRIBE_URL = f"{PREFIX}UNSUBSCRIBE_URL__"
PREFERENCES_URL = f"{PREFIX}PREFERENCES_URL__"
BROWSER_URL = f"{PREFIX}BROWSER_URL__"
JOINED = f"{PREFIX}JOINED_ON_DATE__"

# Comments that the templates set and every reader's copy loses: what stands in the mail only,
# where the public page shows a summary that has no address of its own, and what follows a
# reader's choice of themes (variants.py). In the text part lines of their own mark the latter.
_MAIL_ONLY = re.compile(r"<!--mail-only-->.*?<!--/mail-only-->\n?", re.DOTALL)
_MARK = re.compile(
    r"<!--(?:/?mail-only|full-text [a-z]+-\d+|theme \d+|say [a-z]+|/theme|/say)-->\n?"
)
_TEXT_MARK = re.compile(rf"^{PREFIX}(?:THEME \d+|SAY [a-z]+|/THEME|/SAY)__\n", re.MULTILINE)
_SLOT = re.compile(rf"{PREFIX}[A-Z_]+?__")


def personalise(rendition: Rendition, personal: Personal) -> tuple[str, str]:
    """The HTML and the text for one recipient; values are escaped in the HTML."""
    values = {
        UNSUBSCRIBE_URL: personal.unsubscribe_url,
        PREFERENCES_URL: personal.preferences_url,
        BROWSER_URL: personal.browser_url,
        JOINED: personal.joined,
    }
    html = _SLOT.sub(lambda slot: escape(values[slot[0]]), _MARK.sub("", rendition.html))
    text = _TEXT_MARK.sub("", rendition.text)
    return html, _SLOT.sub(lambda slot: values[slot[0]], text)


def public_page(
    rendition: Rendition,
    full_texts: tuple[tuple[str, Summary], ...] = (),
    environment: Environment | None = None,
) -> str:
    """The same HTML for the web: nothing personal in it, and `full_texts` at their anchors.

    `full_texts` comes from `links.full_texts(edition)`. Raises Refused when a site's own
    template left a slot outside of its mail-only marks.
    """
    html = _MAIL_ONLY.sub("", rendition.html)
    template = (environment or mail_environment()).get_template("email/full_text.html")
    for anchor, summary in full_texts:
        html = html.replace(f"<!--full-text {anchor}-->", template.render(summary=summary))
    if _SLOT.search(html):
        raise Refused(
            "what is meant for one recipient would show on the public page",
            where="templates email/",
            mend="Put <!--mail-only--> before and <!--/mail-only--> after it.",
        )
    return _MARK.sub("", html)


def refuse_slots(edition: Edition) -> None:
    """Raises Refused when words from outside, or the editor's own, hold a slot."""
    for part in fields(edition.wording):
        if PREFIX in str(getattr(edition.wording, part.name)):
            raise _slot_in(f"the {part.name}", f"issue {edition.number}")
    for word in (word for group in edition.groups for word in group.words):
        if PREFIX in word.meaning:
            raise _slot_in("its line in the glossary", word.term)
    teasers = {item.summary.slug: item.teasers[edition.wording.audience] for item in edition.items}
    for summary in (*(item.summary for item in edition.items), *edition.articles):
        teaser = teasers.get(summary.slug)
        texts = [getattr(summary, field.name) for field in fields(summary)]
        texts += [teaser.lead, teaser.audience, teaser.caveat] if teaser else []
        if any(PREFIX in text for text in texts if isinstance(text, str)):
            raise _slot_in("its text", summary.slug)


def _slot_in(what: str, where: str) -> Refused:
    return Refused(
        f"{what} holds '{PREFIX}', which stands for a recipient's own data",
        where=where,
        mend=f"Take '{PREFIX}' out of it, or exclude the summary.",
    )
