"""A slug of its own for every new summary, by a few queries however many want the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from operator import or_

from django.db.models import Q

from digest.models import StoredSummary
from digest.sources.entry import slug_of

AT_ONCE = 100  # wishes that one query asks for


def name_all(rows: Sequence[StoredSummary], wishes: Iterable[str]) -> None:
    """Give each row the slug of what it wishes for, numbered where that is taken."""
    wanted = [slug_of(wish) or "summary" for wish in wishes]
    taken: set[str] = set()
    slugs = _numbered(wanted, taken)
    while clashing := _stored(Q(slug__in=slugs)):
        taken |= clashing
        stood = sorted({wish for wish, slug in zip(wanted, slugs, strict=True) if slug in clashing})
        for start in range(0, len(stood), AT_ONCE):
            begins = (Q(slug__startswith=f"{wish}-") for wish in stood[start : start + AT_ONCE])
            taken |= _stored(reduce(or_, begins))
        slugs = _numbered(wanted, taken)
    for row, slug in zip(rows, slugs, strict=True):
        row.slug = slug


def _numbered(wanted: Iterable[str], taken: Collection[str]) -> list[str]:
    """Each wish, with the next free number where it is taken; none twice."""
    used, last, slugs = set(taken), dict[str, int](), list[str]()
    for wish in wanted:
        slug, number = wish, last.get(wish, 1)
        while slug in used:
            number += 1
            slug = f"{wish}-{number}"
        last[wish] = number
        used.add(slug)
        slugs.append(slug)
    return slugs


def _stored(which: Q) -> set[str]:
    return set(StoredSummary.objects.filter(which).order_by().values_list("slug", flat=True))
