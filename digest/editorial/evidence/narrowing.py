"""Those who were only asked or listed, and those of them who took part: only the latter count.

In: the words of a sentence. Out: whether it names a pool ("1,046 were invited", "20,000 stand in
the register"), and the numbers of people said to have been kept ("612 filled in the form",
"3,112 were analysed"). `participants.py` puts the two together.
"""

from __future__ import annotations

import re
from typing import Literal

from digest.editorial.evidence.numbers import number_places, read_number
from digest.editorial.evidence.vocabulary import cue

Pool = Literal["invited", "asked", "listed"]

SENT = r"(?:forms?|letters?|questionnaires?|surveys?|polls?|links?|envelopes?|e-?mails?)"
INVITED = cue(
    r"received an? (?:\w+ )?(?:link|form|letter|questionnaire|invitation|e-?mail)",
    r"invited|invitations?|mailed|posted|e-?mailed|mail-out",
    rf"{SENT} [^\n]{{0,60}}(?:sent|went|handed|out) (?:out )?to",
    rf"sent (?:out )?(?:\w+ ){{0,3}}{SENT}",
)
ASKED = cue(
    r"asked|approached|contacted|eligible|screened|years ago|originally|members of|years before",
    r"in the past|had (?:once )?taken part",
    r"(?:earlier|previous|original|former|first) (?:\w+ )?(?:study|trial|experiment|survey|project"
    r"|members|participants|cohort|group|volunteers)|thrown out|excluded|left out|discarded"
    r"|set aside",
    r"(?:opened|clicked|begun|started|seen) by",
    rf"{SENT} (?:[\w-]+ ){{0,4}}(?:came|left|went|were|was)",
)
LISTED = cue(
    r"regist(?:er|ry|ers|ries)|databases?|records|enrol+ed|recruited|began|started|signed up"
    r"|joined|initially|entered|randomi[sz]ed|files|volunteered|biobank|cohort"
)
POOLS: tuple[tuple[Pool, re.Pattern[str]], ...] = (
    ("invited", INVITED),
    ("asked", ASKED),
    ("listed", LISTED),
)
REPLIED = (
    r"filled|replied|answered|responded|returned|agreed|came back|sent (?:it|them|their|one|back"
    r"|the \w+ back)|wrote back|did (?:so|reply|answer)|said yes|accepted|took part|participated"
    r"|could be (?:reached|traced)|were (?:\w+ )?(?:reached|traced|re-examined|seen again"
    r"|examined again|interviewed)|gave (?:answers|replies|an answer)|completed (?:the|a|an"
    r"|their) (?:\w+ )?(?:survey|questionnaire|form)|came(?= [.,;]| along)|consented|turned up"
    r"|mailed|posted|(?:completed|filled-in|usable|valid|full) (?:forms|questionnaires|surveys"
    r"|sheets)"
)
ANALYSED = (
    r"met the (?:conditions|requirements|entry|inclusion|criteria)(?! (?:for|of))|qualified"
    r"|fitted the|fulfilled|made it into|remained (?:for|in) (?:the )?(?:final )?(?:analysis|study"
    r"|count)|had (?:complete|enough|usable|full|sufficient|all (?:the )?(?:data|tests|scans|visits"
    r"|samples))|counted (?:in|for) the|ended up in|entered the (?:final )?(?:analysis|study"
    r"|calculations?)|(?:were|was|could be) (?:[\w-]+ )?(?:analy[sz]ed|counted|studied|kept in"
    r"|included in the (?:final )?(?:analysis|study|count|comparison|results))|(?:could"
    r"|can) be used"
)
NOUNS = (
    r"(?:of (?:them|these|those|whom|the \w+) |(?!of\b|and\b|but\b|questions|items|more\b"
    r"|\d)[\w'-]+ ){0,3}?"
)
ONLY_ANALYSED = re.compile(rf"{NOUNS}(?:{ANALYSED})\b")
EITHER = re.compile(rf"{NOUNS}(?:{REPLIED}|{ANALYSED})\b")
# "caught up with 83 of them", "picked 2,300 who had …"
PICKED = re.compile(
    r"\b(?:caught up with|reached|traced|re-examined|picked(?: out)?|singled out|selected|got back"
    r"|could use|zoomed in on|narrowed (?:it|them|these|this) down to|invited back|(?:managed"
    r"|able) to (?:re-?)?(?:examine|reach|trace|find|see|contact|test|follow)|came back from"
    r"|followed up|focused on|came from|replies from|answers from|(?:completed|filled in|answered"
    r"|finished|returned) by|analy[sz]ed|back came|left|leaving|leaves|(?:left|remain\w*"
    r"|stayed) (?:[\w,'-]+ ){0,10}(?:were|was))(?: only| just| the)?$"
)
FROM_AMONG = re.compile(r"(?:from|out of) (?:among |within )?(?:them|these|this|that|those)\b")
WORDS_AROUND = 8
WORDS_BEFORE = 14


def pool_in(line: str) -> Pool | None:
    """The kind of pool that the plain sentence `line` names, if any."""
    if line.startswith(("of ", "out of ")):
        return "asked" if INVITED.search(line) or ASKED.search(line) else "listed"
    return next((name for name, pattern in POOLS if pattern.search(line)), None)


def kept_in(lower: list[str], pool: Pool) -> list[int]:
    """The numbers of people who, of a pool of that kind, took part.

    Of those who were listed or enrolled, only "analysed" and the like tells who was studied:
    "28 of 30 took part to the end" does not make the study smaller.
    """
    after_number = ONLY_ANALYSED if pool == "listed" else EITHER
    kept = []
    for place in number_places(lower):
        if number := read_number(lower, place):
            count, after = number
            following = " ".join(lower[after : after + WORDS_AROUND])
            before = " ".join(lower[max(0, place - WORDS_BEFORE) : place])
            if after_number.match(following) or PICKED.search(before):
                kept.append(count)
    return kept
