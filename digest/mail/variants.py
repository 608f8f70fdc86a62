"""A subscriber's choice of themes: the frozen mail, with the blocks of the other themes cut out.

A `Rendition` comes in, marked into blocks when it was rendered and inlined; one for the chosen
themes goes out, its counting sentences told anew (opening.py). Nothing is rendered here, so that
any set of themes costs a splice. Law 2: blocks, sentences and the way of splicing are all in the
content hash that was approved.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import fields, replace
from functools import lru_cache
from html import escape

from jinja2 import Environment

from digest.errors import Refused
from digest.mail.environment import at_fault
from digest.mail.opening import Opening, opening_of
from digest.mail.slots import PREFIX
from digest.mail.text import underlined, wrapped
from digest.values import Rendition

SAID_IN_HTML = ("preheader", "intro", "facts")
SAID_IN_TEXT = ("intro", "facts")
_SHOWN = "docs/templates.md shows where each mark stands"


def _up_to(end: str) -> str:
    """A pattern for everything before `end`; several times as fast as a lazy `.*?`."""
    first, rest = re.escape(end[0]), re.escape(end[1:])
    return f"[^{first}]*(?:{first}(?!{rest})[^{first}]*)*"


_THEME = re.compile(rf"<!--theme (\d+)-->{_up_to('<!--/theme-->')}<!--/theme-->\n?")
_SAY = re.compile(rf"(<!--say ([a-z]+)-->){_up_to('<!--/say-->')}(<!--/say-->)")
_TITLE = re.compile(rf"<title>{_up_to('</title>')}</title>")
_THEME_END, _SAY_END = f"\n{PREFIX}/THEME__\n", f"\n{PREFIX}/SAY__\n"
_TEXT_THEME = re.compile(rf"^{PREFIX}THEME (\d+)__{_up_to(_THEME_END)}{_THEME_END}", re.MULTILINE)
_TEXT_SAY = re.compile(
    rf"^({PREFIX}SAY ([a-z]+)__\n)({_up_to(_SAY_END)})({_SAY_END})", re.MULTILINE
)


@lru_cache(maxsize=64)  # a choice of a large issue weighs a tenth of a megabyte
def for_themes(rendition: Rendition, chosen: frozenset[str]) -> Rendition | None:
    """The mail of the chosen themes (their ids); the whole of it when none is chosen.

    None when it holds none of them. One that was frozen before readers could choose stays whole.
    """
    splicing = rendition.splicing
    if splicing is None or not chosen:
        return rendition
    kept = {str(n) for n, one in enumerate(splicing.themes) if one.theme in chosen}
    if not kept:
        return None
    opening = opening_of(splicing, chosen)
    return replace(
        rendition,
        subject=opening.subject,
        preheader=opening.preheader,
        html=_html(rendition.html, kept, opening),
        text=_text(rendition.text, kept, opening),
    )


def check_marks(rendition: Rendition, environment: Environment | None = None) -> None:
    """Raises Refused when a site's own template lost a mark, so that a choice would be ignored.

    It names that mark, and the site's own files, which `environment` knows.
    """
    assert rendition.splicing is not None
    every = [str(n) for n in range(len(rendition.splicing.themes))]
    known = {field.name for field in fields(Opening)}
    for kind, part, theme, say, said in (
        (".html", rendition.html, _THEME, _SAY, SAID_IN_HTML),
        (".txt", rendition.text, _TEXT_THEME, _TEXT_SAY, SAID_IN_TEXT),
    ):
        where = at_fault(environment, kind, otherwise=f"email/issue{kind}")
        there = Counter(theme.findall(part))
        for number in sorted({*every, *there}):
            due = 2 if number in every else 0
            if there[number] != due:
                is_there = f"{there[number]} times instead of {due}"
                raise Refused(
                    f"{_marks(kind, f'theme {number}')} is there {is_there}",
                    where=where,
                    mend="It stands once around the theme's line in the contents and once around "
                    f"its studies. {_SHOWN}",
                )
        marked = {found[1] for found in say.findall(part)}
        if missing := set(said) - marked:
            raise Refused(
                f"{_marks(kind, f'say {min(missing)}')} is missing",
                where=where,
                mend=f"Without it this sentence ignores a reader's choice of themes. {_SHOWN}",
            )
        if unknown := marked - known:
            raise Refused(
                f"{_marks(kind, f'say {min(unknown)}')} marks no sentence that we know",
                where=where,
                mend=f"Known are {', '.join(sorted(known - {'subject'}))}. {_SHOWN}",
            )


def _html(html: str, kept: Collection[str], opening: Opening) -> str:
    html = _THEME.sub(lambda block: block[0] if block[1] in kept else "", html)
    html = _SAY.sub(lambda said: f"{said[1]}{_escaped(getattr(opening, said[2]))}{said[3]}", html)
    return _TITLE.sub(lambda _: f"<title>{_escaped(opening.subject)}</title>", html, count=1)


def _escaped(sentence: str) -> str:
    """As inlining writes it: a quotation mark stands as it is between two tags."""
    return escape(sentence, quote=False)


def _text(text: str, kept: Collection[str], opening: Opening) -> str:
    def said(was: re.Match[str]) -> str:
        return f"{was[1]}{_laid_out(getattr(opening, was[2]), was[3])}{was[4]}"

    text = _TEXT_THEME.sub(lambda block: block[0] if block[1] in kept else "", text)
    return _TEXT_SAY.sub(said, text)


def _laid_out(sentence: str, like: str) -> str:
    """`sentence` in lines; with a rule under it where the one that it stands for had one."""
    *above, last = like.split("\n")
    is_rule = above and len(set(last)) == 1 and not last[0].isalnum()
    return underlined(sentence, last[0]) if is_rule else wrapped(sentence)


def _marks(kind: str, name: str) -> str:
    """A mark with its end, as a part of this kind writes it."""
    word, which = name.split()
    if kind == ".html":
        return f"<!--{name}--> … <!--/{word}-->"
    return f"{PREFIX}{word.upper()} {which}__ … {PREFIX}/{word.upper()}__"
