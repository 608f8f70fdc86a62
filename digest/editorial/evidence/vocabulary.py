"""Words that the cues of the evidence share, and how strong a cue can be.

Cues are matched on plain lower-case text, a sentence a line; `[^\n]` keeps a cue within one.
"""

from __future__ import annotations

import re

# What a cue is worth. OUTRIGHT words name the kind of study; STRONG ones are hardly used of another
# kind, FAIR ones seldom; a HINT decides only where nothing else is said.
OUTRIGHT, STRONG, FAIR, HINT = 8, 5, 3, 1
Cues = tuple[tuple[int, re.Pattern[str]], ...]


def cue(*alternatives: str) -> re.Pattern[str]:
    """As `digest.editorial.cues.cue`, but tried only where a word begins: a third faster."""
    return re.compile(rf"\b(?=\w)(?:{'|'.join(alternatives)})(?!\w)", re.MULTILINE)


NUMBER = (
    r"(?:\d[\d,]*|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?|two|three"
    r"|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh"
    r"|nine)teen|a dozen|(?:a|one|two) hundred)"
)
PEOPLE = (
    r"(?:people|patients|participants|adults|women|men|children|volunteers|persons|individuals"
    r"|mothers|twins|siblings|veterans|teenagers|babies|infants|carers|caregivers|relatives)"
)
KIN = (
    r"(?:patients?|persons?|people|wom[ae]n|m[ae]n|child|children|girls?|boys?|cases?|relatives"
    r"|sisters?|brothers?|siblings|mothers?|fathers?|students?|teenagers?|nurses?|teachers?|adults?"
    r"|pensioners?|infants?|bab(?:y|ies)|twins?|runners?|farmers?|workers?)"
)
PAPERS = r"(?:studies|trials|papers|articles|publications|case reports)"
TREATMENT = (
    r"(?:\w+ ){0,2}(?:transplant|treatment|medicine|drug|tablet|infusion|program(?:me)?|diet"
    r"|course|class(?:es)?|therapy|pills?|training|exercises?|capsules?|injections?|lessons)"
)
GOT = (
    r"(?:got|received|(?:was|were) (?:given|taught|offered|asked to|put on|handed)|took|tried"
    r"|did|trained|practi[sc]ed|learn(?:ed|t)|drank|ate|swallowed|wore|went on|went to|stayed"
    r"|waited|carried on|kept to|attended|joined)"
)
PUT = (
    r"(?:assigned|allocated|allotted|divided|split|sorted|put|placed|separated|grouped|shared out"
    r"|drawn|picked|chosen|selected)"
)
GROUPS = r"(?:groups?|arms?|teams?|halves|options|courses|classes|treatments|diets|program(?:me)?s)"
ONE = (
    r"(?:patient|person|woman|man|child|girl|boy|teenager|student|nurse|teacher|mother|father"
    r"|farmer|worker|runner|pensioner|infant|baby|adult|case)"
)
PLAIN_WORDS = r"(?:(?!of\b|in\b|for\b|with\b|among\b|groups?\b|to\b|that\b|from\b)[\w-]+ ){0,3}?"
REPORT = r"(?:report|text|summary|article|announcement|paper|release|abstract|information|news)"
