"""Where a title leads: to the summary's own address, or to its anchor on our page of the issue.

Law 7: our addresses hold a number, an audience and a position, never a slug (it may name a
diagnosis). Law 8: only a well-formed http(s) address is followed.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

from digest.values import Edition, Summary

# RFC 3986 section 2: the characters that an address may hold as they are.
_ADDRESS_CHARACTERS = "/:?#[]@!$&'()*+,;=%~-._"


def study_anchor(position: int) -> str:
    """The id of a card, counted from 1 through the whole edition."""
    return f"study-{position}"


def article_anchor(position: int) -> str:
    """The id of an article's link, counted from 1."""
    return f"article-{position}"


def issue_address(edition: Edition) -> str:
    """The public page of this edition."""
    site = edition.publication.site_url
    return f"{site}/issues/{edition.number}/{edition.wording.audience}"


def address_of(summary: Summary, anchor: str, edition: Edition) -> str:
    """The address behind a title."""
    return own_address(summary) or f"{issue_address(edition)}#{anchor}"


def own_address(summary: Summary) -> str | None:
    """The summary's own http(s) address in plain ASCII; None when it has none that is safe."""
    url = summary.url.strip()
    if not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.netloc.encode("ascii" if parts.netloc.isascii() else "idna").decode()
        well_formed = parts.port is None or parts.port > 0
    except ValueError:  # a broken port or bracket, or a host that IDNA refuses
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or not well_formed:
        return None
    if "@" in host:  # a name before the host passes one site off as another
        return None
    return quote(urlunsplit(parts._replace(netloc=host)), safe=_ADDRESS_CHARACTERS)


def full_texts(edition: Edition) -> tuple[tuple[str, Summary], ...]:
    """What only our own page can show in full: (anchor, summary or article) without address."""
    studies = ((study_anchor(n), item.summary) for n, item in enumerate(edition.items, 1))
    articles = ((article_anchor(n), one) for n, one in enumerate(edition.articles, 1))
    return tuple(
        (anchor, summary) for anchor, summary in (*studies, *articles) if not own_address(summary)
    )
