"""Draft to mail: an `Edition` comes in, a frozen `Rendition` goes out.

Subject, preheader, HTML and text are made once per audience and never again: what is approved
is what is sent (law 2). Only the recipient's own slots stay open (see slots.py).
"""

from __future__ import annotations

from binascii import b2a_qp
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError

from digest.errors import DigestError, Refused
from digest.mail.contents import Contents, contents_of, shortened
from digest.mail.environment import at_fault, mail_environment, own_parts
from digest.mail.html import render_html
from digest.mail.links import full_texts
from digest.mail.slots import (
    BROWSER_URL,
    JOINED,
    PREFERENCES_URL,
    UNSUBSCRIBE_URL,
    public_page,
    refuse_slots,
)
from digest.mail.text import render_text
from digest.mail.variants import check_marks
from digest.values import Edition, Rendition

__all__ = ["LARGEST", "mail_environment", "render", "size_as_sent"]

# Bytes of the HTML part as sent. Gmail cuts a mail off at about 102,400 bytes, the way to leave
# the list with it; some servers count the whole message.
LARGEST = 80_000
FOR_ADDRESSES = 1_000  # of them: a reader's own addresses are longer than the slots they fill
SLOTS = {
    "unsubscribe_url": UNSUBSCRIBE_URL,
    "preferences_url": PREFERENCES_URL,
    "browser_url": BROWSER_URL,
}


def render(edition: Edition, environment: Environment) -> Rendition:
    """The mail of one edition; the same edition gives the same bytes.

    A mail that would be too large shows fewer cards a theme and leads to our page for the rest.
    Raises Refused when a summary's text holds a slot, or a site's own template is unfit.
    """
    refuse_slots(edition)
    contents = contents_of(edition, JOINED)
    whole = _mail(contents, environment)
    with _refusing_broken(environment):
        page = public_page(whole, full_texts(edition), environment)
    return replace(_fitting(whole, contents, edition, environment), page=page)


def _fitting(
    whole: Rendition, contents: Contents, edition: Edition, environment: Environment
) -> Rendition:
    """`whole`, or as many cards a theme as an inbox takes; one a theme at least."""
    fitting, least, room = whole, 1, LARGEST - FOR_ADDRESSES
    most = max((len(section.cards) for section in contents.sections), default=0)
    while (size := size_as_sent(fitting.html)) > room and most > least:
        most = max(least, min(most - 1, int(most * room / size)))
        fitting = _mail(shortened(contents, most, edition), environment)
    return fitting


def size_as_sent(html: str) -> int:
    """Bytes of the HTML part over the wire: quoted-printable, each line ending in CRLF."""
    return len(b2a_qp(html.replace("\n", "\r\n").encode("utf-8"), istext=True))


def _mail(contents: Contents, environment: Environment) -> Rendition:
    with _refusing_broken(environment):
        html = render_html(contents, environment, SLOTS)
        text = render_text(contents, environment, SLOTS)
    for name, kind, part in (
        ("email/footer.html", ".html", html),
        ("email/issue.txt", ".txt", text),
    ):
        if UNSUBSCRIBE_URL not in part:
            raise Refused(
                "the mail has no way to leave the list",
                where=at_fault(environment, kind, otherwise=name),
                mend="Put {{ unsubscribe_url }} into the template.",
            )
    mail = Rendition(
        contents.audience,
        contents.subject,
        contents.preheader,
        html,
        text,
        splicing=contents.splicing,
    )
    check_marks(mail, environment)
    return mail


@contextmanager
def _refusing_broken(environment: Environment) -> Iterator[None]:
    """Whatever goes wrong where a site has parts of its own, they are what may be wrong."""
    try:
        yield
    except DigestError:
        raise
    except Exception as error:
        if own_parts(environment):
            raise _broken(error, environment) from error
        raise


def _broken(error: Exception, environment: Environment) -> Refused:
    """The template and line as one place, from the error itself or from where it came out."""
    place, trace = at_fault(environment, otherwise=""), error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith((".html", ".txt", ".css")):
            place = f"{trace.tb_frame.f_code.co_filename} line {trace.tb_lineno}"
        trace = trace.tb_next
    what = f"a template cannot be used ({error or type(error).__name__})"
    if isinstance(error, TemplateNotFound):
        what = f"there is no template '{error.name}', which it asks for"
    elif isinstance(error, TemplateSyntaxError):
        place = f"{error.name} line {error.lineno}"
    mend = "Mend your own copy of it, or remove that copy to use ours."
    return Refused(what, where=place, mend=mend)
