"""Terms of our data files as patterns: how themes.yaml and glossary.yaml say what to look for.

`remyelinat*` has any ending, `*brutinib` any beginning; a blank is also a hyphen; a term with
capitals matches only with these capitals. Terms are indexed by how they begin (or end), so that
at each word of a text only a few are tried.
"""

from __future__ import annotations

import re

KEY_LENGTH = 3
WORD = re.compile(r"\w+")
SIGNS = str.maketrans("‐‑‒–—−’", "------'")  # one for one: places in the text stay


def term_pattern(term: str) -> re.Pattern[str]:
    """The pattern of a term, for where a word begins. Raises ValueError if it could match any."""
    words = re.split(r"[\s-]+", term.strip())
    if len(words[0].strip("*")) < (KEY_LENGTH if "*" in words[0] else 1):
        raise ValueError(f"'{term}' is too short; a stem has at least {KEY_LENGTH} letters")
    if not re.fullmatch(r"\*?\w+\*?(?:[\s-]+(?:\w+\*?|\*))*", term.strip()):
        raise ValueError(f"'{term}' is no term; write words, with * for any ending")
    body = r"[\s-]+".join(re.escape(word).replace(r"\*", r"\w*") for word in words)
    flags = re.NOFLAG if term != term.lower() else re.IGNORECASE
    return re.compile(body + r"(?!\w)", flags)


def key_of(term: str) -> str:
    """Under which key a term is indexed: its first letters ("rem") or its last ones ("*nib")."""
    first = re.split(r"[\s-]", term.strip().lower())[0]
    if first.startswith("*"):
        return "*" + first[-KEY_LENGTH:]
    return first.rstrip("*")[:KEY_LENGTH]


def keys_of(word: str) -> tuple[str, str]:
    """The keys of the terms that may begin at `word` (in lower case)."""
    return word[:KEY_LENGTH], "*" + word[-KEY_LENGTH:]
