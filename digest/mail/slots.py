"""What differs per recipient: slots in a frozen rendition, filled after inlining.

A `Rendition` and a `Personal` come in; the finished HTML and text go out, or the public page
without anything personal. Law 2: filling changes the slots and nothing else; a summary whose
own words hold a slot is refused, so that no text from outside can be filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from html import escape

from jinja2 import Environment

from digest.errors import Refused
from digest.mail.environment import at_fault, mail_environment
from digest.values import Edition, Personal, Publication, Rendition, Summary, Teaser, Word

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
    html, text = without_marks(rendition)
    values = slot_values(personal)
    html = _SLOT.sub(lambda slot: escape(values[slot[0]]), html)
    return html, _SLOT.sub(lambda slot: values[slot[0]], text)


def without_marks(rendition: Rendition) -> tuple[str, str]:
    """The HTML and the text as they leave, with their slots still open."""
    return _MARK.sub("", rendition.html), _TEXT_MARK.sub("", rendition.text)


def slots_in(*parts: str) -> frozenset[str]:
    """Every slot that stands in one of the parts."""
    return frozenset(slot for part in parts for slot in _SLOT.findall(part))


def slot_values(personal: Personal) -> dict[str, str]:
    """What each slot stands for, as plain text: in HTML it is escaped."""
    return {
        UNSUBSCRIBE_URL: personal.unsubscribe_url,
        PREFERENCES_URL: personal.preferences_url,
        BROWSER_URL: personal.browser_url,
        JOINED: personal.joined,
    }


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
            where=at_fault(environment, ".html", otherwise="templates email/"),
            mend="Put <!--mail-only--> before and <!--/mail-only--> after it.",
        )
    return _MARK.sub("", html)


def refuse_slots(edition: Edition) -> None:
    """Raises Refused when words from outside, the site's or the editor's own hold a slot.

    In any case: a template may write them in capitals.
    """
    for what, where, texts in _words_of(edition):
        if any(PREFIX.casefold() in text.casefold() for text in texts):
            raise _slot_in(what, where)


def _words_of(edition: Edition) -> Iterator[tuple[str, str, Iterable[str]]]:
    """Every text of a mail that is not our templates' own: what it is, whose, the text."""
    audience, issue = edition.wording.audience, f"issue {edition.number}"
    for part in fields(edition.wording):
        yield f"the {part.name}", issue, [getattr(edition.wording, part.name)]
    yield "config.yaml, in publication or sender,", issue, _texts(edition.publication)
    for group in edition.groups:
        theme, said = group.theme, (group.theme.names[audience], group.theme.lines[audience])
        yield "its name or line in themes.yaml", f"theme {theme.id}", said
        for word in group.words:
            yield "its line in the glossary", word.term, _texts(word)
    for item in edition.items:
        teaser = item.teasers[audience]
        yield "its teaser", item.summary.slug, _texts(teaser)
    for summary in (*(item.summary for item in edition.items), *edition.articles):
        yield "its text", summary.slug, _texts(summary)


def _texts(value: Publication | Summary | Teaser | Word) -> list[str]:
    found = (getattr(value, field.name) for field in fields(value))
    return [text for text in found if isinstance(text, str)]


def _slot_in(what: str, where: str) -> Refused:
    return Refused(
        f"{what} holds '{PREFIX}', which stands for a recipient's own data",
        where=where,
        mend=f"Take '{PREFIX}' out of it, or exclude the summary.",
    )
