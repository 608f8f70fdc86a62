"""Where a title leads: to the summary's own address, or to its anchor on our page of the issue.

Law 7: our addresses hold a number, an audience and a position, never a slug (it may name a
diagnosis). Law 8: only a well-formed http(s) address is followed.
"""

from __future__ import annotations

from digest.values import Edition, Summary
from digest.web_address import plain_address


def study_anchor(position: int) -> str:
    """The id of a card, counted from 1 through the whole edition."""
    return f"study-{position}"


def article_anchor(position: int) -> str:
    """The id of an article's link, counted from 1."""
    return f"article-{position}"


def issue_address(edition: Edition) -> str:
    """The public page of this edition."""
    return page_address(edition.publication.site_url, edition.number, edition.wording.audience)


def page_address(site_url: str, number: int, audience: str) -> str:
    """The public page of one edition of an issue, below the address of its site."""
    return f"{site_url}/issues/{number}/{audience}"


def address_of(summary: Summary, anchor: str, edition: Edition) -> str:
    """The address behind a title."""
    return own_address(summary) or f"{issue_address(edition)}#{anchor}"


def own_address(summary: Summary) -> str | None:
    """The summary's own http(s) address in plain ASCII; None when it has none that is safe."""
    try:
        return plain_address(summary.url.strip())
    except ValueError:
        return None


def full_texts(edition: Edition) -> tuple[tuple[str, Summary], ...]:
    """What only our own page can show in full: (anchor, summary or article) without address."""
    studies = ((study_anchor(n), item.summary) for n, item in enumerate(edition.items, 1))
    articles = ((article_anchor(n), one) for n, one in enumerate(edition.articles, 1))
    return tuple(
        (anchor, summary) for anchor, summary in (*studies, *articles) if not own_address(summary)
    )
