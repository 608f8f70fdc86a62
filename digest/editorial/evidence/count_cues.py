"""The words around head counts: who was not studied, how groups are told, what multiplies them."""

from __future__ import annotations

import re

from digest.editorial.evidence.vocabulary import cue

# The people of the world, and people still to be asked.
NOT_STUDIED = cue(
    r"worldwide|globally|around the world|in the world|(?:is|are) estimated",
    r"(?:diagnosed|fall ill|die|develop it|affected|get (?:it|ms)) (?:\w+ ){0,3}(?:each|per|every)"
    r" year|each year (?:\w+ ){0,4}(?:are diagnosed|fall ill|die|get)",
    r"affects? (?:about|more|nearly|around|over|up|an|roughly|some|\d)",
    r"(?:million|\d{2,3},\d{3}) (?:(?!who\b)[\w-]+ ){1,4}(?:(?:live|lives|are living|suffer)"
    r" (?:with|from)|have ms|have multiple)",
    r"(?:are living|live|living) with (?:ms|multiple sclerosis) in",
    r"people (?:(?!who\b)\w+ ){0,4}have (?:ms|multiple sclerosis)",
    r"will|going to|(?:to|are to be) (?:enrol\w*|recruit\w*|invited?)|(?:is|are) to (?!be\b)\w+",
    r"(?:plans?|aims?|intends?|hopes?|is meant) to include|are (?:sought|wanted)",
    r"(?:should|can|may) take part",
    r"(?:if|treat|treating|imagine|picture|suppose) (?:\w+ )?\d[\d,]* (?:people|patients|women)",
    r"\d[\d,]* (?:\w+ ){1,3}(?:would|should|must|is|are) (?:be )?(?:needed|required|necessary)",
)
OTHER_STUDY = cue(
    r"(?:larger|future|bigger|upcoming|earlier|previous|original|older|another team's)"
    r"(?: \w+)? (?:study|trial|survey|work|report)"
)
EACH_GROUP = cue(
    r"(?:each|either) of (?:the )?(?:\w+ )?(?:groups|arms|teams|classes)",
    r"(?:each|either|both|per) (?:\w+ )?(?:groups?|arms?|teams?|classes|class)",
    r"(?:two|three|four|five|2|3|4|5) (?:[\w-]+ )?(?:groups|teams|classes|cohorts) of",
    r"(?:people|patients|participants|volunteers|members|adults) (?:each|apiece)(?=[,.;)]|$)",
)
HOW_MANY_GROUPS = cue(
    r"(?:two|three|four|five|[2-5]) (?:[\w-]+ )?"
    r"(?:groups|arms|teams|classes|options|cohorts|program(?:me)?s|ways)"
)
N_EQUALS = re.compile(r"\bn ?= ?(\d[\d,]{0,9})", re.ASCII)
OF_THESE = re.compile(r"(?:of|among) (?:these|them|those)\b")
COMPARED = cue(
    r"yardsticks?|reference|benchmark|baseline|contrast\w*|compar\w+|controls?|alongside"
    r"|as well as|also|served|matched|beside|against"
)
MENTIONED_BEFORE = cue(r"(?:the|these|those|all|both|among them|including) \d[\d,]*")
SECOND_COHORT = cue(
    r"(?:second|another|separate|independent|further|additional|validation|replication|different"
    r"|extra|new) (?:[\w-]+ ){0,2}(?:group|cohort|set|sample|batch) of|(?:another|further"
    r"|additional|extra) \d|\d[\d,]* (?:more|further|additional|other|extra"
    r"|new) (?:[\w-]+ ){0,2}(?:people|patients|adults|women|participants)",
)
REPEATED_IN = cue(
    r"(?:repeated|replicated|reproduced|validated|held (?:up|true|good)|borne out|same (?:pattern"
    r"|picture|result|finding|thing|was true))[^\n]{0,30} (?:in|with|among|on"
    r"|by) (?:[a-z]+ ){0,3}\d"
)
CONFIRMED = cue(
    r"confirm\w*|repeat\w*|replicat\w*|check\w*|held (?:up|true|in)|same (?:pattern|picture|result)"
    r"|likewise|validation|tested|compar\w+|second"
)
GROUP_NOUN = cue(r"groups?|arms?|placebo|without|received|got|took|given")
# "In the first, 210 stayed …": one of several groups.
IN_THE_FIRST = re.compile(
    r"(?:in|of) (?:the )?(?:first|second|third|one|other)\b|the .{0,30}\bwent to"
)
ADDS_GROUP = re.compile(
    r"(?:and )?(?:another|a further|in addition|besides|added to|also|plus|likewise"
    r"|they were joined|joining them|on top|the other)\b"
)
SO_DID = re.compile(r"(?:so|as) (?:did|were|had) ")
COMPLETES = re.compile(r"(?:the )?(?:other|remaining)\b")  # the rest of a whole already told
THE_OTHERS = (
    r"(?:healthy|controls?|people|others|volunteers|men|women|peers|neighbou?rs|siblings|partners"
    r"|relatives|friends|patients)"
)
EQUALLY_MANY = cue(
    rf"(?:just )?as many (?:[\w-]+ ){{0,2}}{THE_OTHERS}(?! as)",
    rf"(?:an equal|the same) number of (?:[\w-]+ ){{0,2}}{THE_OTHERS}",
    r"(?:an equal number|just as many|the same number) (?:had|got|took|did|swam|ate|(?!as\b)\w+ed)",
    r"one (?:[\w-]+ ){0,3}(?:brother|sister|sibling|partner|relative|friend|control|person) (?:of"
    r"|for) each",
    r"each \w+ one [^\n]{0,40} and one",
)
TIMES_AS_MANY = re.compile(
    r"\b(?P<times>twice|two times|three times|four times|five times|ten times|double) (?:as many"
    r"|the number of) (?:[\w-]+ ){0,3}?(?:healthy|controls?|people|others|volunteers|men|women"
    r"|peers|neighbou?rs|without)\b(?! as)"
)
TIMES = {"twice": 2, "double": 2}
# "Twelve clinics enrolled 10 patients each": the number of places is the factor.
PLACES_EACH = re.compile(
    r"\b(?P<places>\d\d?|[a-z]+) (?:cent(?:er|re)s|clinics|hospitals|villages|schools|towns"
    r"|countries|practices)\b[^\n]*\b(?:each|apiece)(?=[,.;)]|$)"
)
# "Each was paired with two people who …": the matched come on top.
EACH_MATCHED = re.compile(
    r"\b(?:each|every)\b(?:[^\n]{0,60}?(?:\b(?:with|to|by|against|brought(?: along)?|picked|and)"
    r"|\b(?:one|them|case|person), [^\n]{0,20}of|them [^\n]{0,20}of|, the \w+ of)"
    r"|(?: of (?:them|these)| person| patient| case| one)?,)(?: exactly| about)? "
    r"(?=[^\n]*\b(?:who|without|of the same|with the same|from the same|of like|not|free|healthy"
    r"|outside)\b)(?P<own>an?|one|two|three|four|five|ten|\d\d?) (?:[\w-]+ ){0,3}?"
    r"(?:people|persons?|controls?|look-alikes?|peers?|counterparts?|neighbou?rs?|siblings?"
    r"|patients?|citizens?|inhabitants?|comrades?|wom[ae]n|m[ae]n)\b",
    re.IGNORECASE,
)
# "… and, for each, up to two people who did not (951 in all)"
SUM_IN_BRACKETS = re.compile(
    r"\bfor each\b[^\n]*\((?P<sum>\d[\d,]*) (?:in all|in total|altogether)\)"
)
