"""Draft to mail: an `Edition` comes in, a frozen `Rendition` goes out.

Subject, preheader, HTML and text are made once per audience and never again: what is approved
is what is sent (law 2). Only the recipient's own slots stay open (see slots.py).
"""

from __future__ import annotations

from dataclasses import replace

from jinja2 import Environment, TemplateError

from digest.errors import Refused
from digest.mail.contents import contents_of
from digest.mail.environment import mail_environment
from digest.mail.html import render_html
from digest.mail.links import full_texts
from digest.mail.slots import BROWSER_URL, JOINED, UNSUBSCRIBE_URL, public_page, refuse_slots
from digest.mail.text import render_text
from digest.values import Edition, Rendition

__all__ = ["mail_environment", "render"]


def render(edition: Edition, environment: Environment) -> Rendition:
    """The mail of one edition; the same edition gives the same bytes.

    Raises Refused when a summary's text holds a slot, or a site's own template is unfit.
    """
    refuse_slots(edition)
    contents = contents_of(edition, JOINED)
    slots = {"unsubscribe_url": UNSUBSCRIBE_URL, "browser_url": BROWSER_URL}
    try:
        html = render_html(contents, environment, slots)
        text = render_text(contents, environment, slots)
    except (TemplateError, TypeError) as error:  # TypeError: a macro with other arguments
        raise _broken(error) from error
    for name, part in (("email/footer.html", html), ("email/issue.txt", text)):
        if UNSUBSCRIBE_URL not in part:
            raise Refused(
                "the mail has no way to leave the list",
                where=name,
                mend="Put {{ unsubscribe_url }} into the template.",
            )
    audience = edition.wording.audience
    mail = Rendition(audience, contents.subject, contents.preheader, html, text)
    return replace(mail, page=public_page(mail, full_texts(edition), environment))


def _broken(error: TemplateError | TypeError) -> Refused:
    """The template and line as one place, from the error itself or from where it came out."""
    place, trace = "templates email/", error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith((".html", ".txt", ".css")):
            place = f"{trace.tb_frame.f_code.co_filename} line {trace.tb_lineno}"
        trace = trace.tb_next
    if name := getattr(error, "name", None):
        place = f"{name} line {getattr(error, 'lineno', '?')}"
    return Refused(
        f"a template cannot be used ({error})",
        where=place,
        mend="Mend your own copy of it, or remove that copy to use ours.",
    )
