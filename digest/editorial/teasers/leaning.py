"""What a sentence leans on: words that mean something said in another sentence.

In: one sentence. Out: whether it may open, or stand alone, where the sentence before it is not
shown. Cues are data; openings read the text as written, all others `plain` text.
"""

from __future__ import annotations

import re

from digest.editorial.cues import cue, opening, words

# "This study" is the one that is told of; any other "this" points back.
_STUDY = r"(?:study|research|work|review|report|paper|article|analysis|survey|trial|project)"
THE_STUDY = words(
    "study studies research finding findings result results work information knowledge review "
    "trial data report survey analysis insight insights evidence paper article news"
)
_THOSE = (
    r"those(?! (?:who|whose|with|without|on|in|living|taking|affected|most|at|already|over|under"
    r"|aged|given|treated|having|that|of)\b)"
)
_COUNTED = (
    r"(?:(?:More than|Fewer than|Less than|About|Around|Nearly|Almost|Over|Only|Just|At least|Some"
    r"|Roughly|The) )?(?:[Hh]alf|[Aa] (?:third|quarter|few|handful)|[Tt]wo[- ]thirds|[Mm]any"
    r"|[Mm]ost|[Ss]everal|[Ff]ew|[Nn]one|[Aa]ll|[Ee]ach|[Ss]ome|[Mm]ajority|[Rr]est|\d+|[Tt]wo"
    r"|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|[Ee]leven|[Tt]welve"
    r"|[A-Z]\w+teen|[A-Z]\w+ty(?:-\w+)?)"
)
_ORDINAL = r"(?:first|second|third|former|latter)"

# An opening that points back to a sentence which is not there.
POINTS_BACK = opening(
    rf"It|Its|They|Their|Theirs|Them|He|She|His|Her|This(?! {_STUDY}\b)|These|That|Such",
    r"Those(?! (?:with|who|whose|living|affected)\b)|Here|There|Both|Neither|Either|Others?",
    r"Another|All this|All that|Once|But|And|Or|Nor|So|Yet|Still|Even|However|Therefore|Thus|Hence",
    r"Also|Too|Then|Instead|Additionally|Moreover|Furthermore|Interestingly|Surprisingly|Notably",
    r"Importantly|Finally|Lastly|First|Secondly|Next|Specifically|Indeed|Of course|Strikingly",
    r"Overall|Similarly|Likewise|Nevertheless|Nonetheless|Meanwhile|Rather|If so|Not every",
    r"As a result|Otherwise|Besides|Afterwards?|Later|Accordingly|Consequently|Again|Conversely",
    r"As such|On top of",
    r"Number (?:one|two|three|four)",
    r"Put (?:differently|simply|another way)|That said|All in all|After all|By contrast",
    r"For (?:example|instance)|On the (?:other hand|contrary)|At the same time|To this end",
    r"In (?:addition|contrast|turn|other words|short|particular|fact|both|either)",
    rf"In (?:that|this|these|those)|In the (?:same|other|{_ORDINAL}(?! \w+s?\b))",
    rf"The (?:same|others?|{_ORDINAL}|two|three|remaining|rest)",
    r"(?:Because|Instead|Regardless) of (?:this|that|these|those|them|it)",
    r"(?:Of|Among|With|Without|From|To|By|Against|After|Before|During|Behind|Beyond|Despite) "
    r"(?:it|this|that|these|those(?! (?:with|who|on))|them|such)",
    r"(?:Understanding|Knowing|Seeing|Doing) (?:it|this|that|these|so)",
    # "Many walked faster": many of whom?
    rf"{_COUNTED} (?:\w+ed|were|was|had|did|said|also|got|made|felt|could|would|may|might|are|have"
    r"|kept|took|lost|left|fell|rose|went|became|showed|do|does|still)",
    # "Twenty-two of them rose", "Much of their worsening"
    r"[^,]{0,50} of (?:them|these|those(?! (?:with|who|on)))|(?:\w+ ){1,3}of (?:their|its)",
    r"(?:For|In|At|By) [\d.,]+% (?:of \w+ )?(?:it|they)",
    # … or behind a short opening: "Before that, these were …", "Which face they show …"
    rf"(?:[^,]|,(?=\d)){{0,60}}, (?:he|she|this(?! {_STUDY}\b)|these|theirs|the (?:answer|effect))",
    r"(?:If|When|As|While|Since|Because|Although|Though|Until|Unless|Whether|How|Where|Which|What"
    r"|Why|Who) (?:\w+ ){0,3}(?:it|they|them|this|these|he|she)(?! (?:is|was) (?:\w+ )?to\b)",
    r"According to (?:their|its|these)|According to (?:the|this) \w+, (?:it|they)",
    r"[^,.]{0,40} (?:found|showed?|shows|say|suggests?|concluded?|think|believe) (?:that )?"
    r"(?:it|they|this|these)",
    r".{0,120} once (?:they|it)",
)
AFTERWARDS = opening(r"Afterwards?|Later|In the end|At the end|By the end")  # after a headline too
# "When they stopped, it rose": a pronoun behind an opening that names nothing it could mean.
OPENING_CLAUSE = re.compile(
    r"((?:[^,]|,(?=\d)){0,60}), (they|it)\b(?! (?:was|is) (?:found|shown|clear|not clear|possible))"
    r"(?! (?:seems|appears|turned out|emerged))"
)
# Words inside a sentence that lean on an earlier one: "then", "theirs", "such an event".
LEANS = cue(
    r"however|therefore|thus|hence|theirs|likewise|accordingly|as such|here(?=[.,;])",
    r"respectively|[\d.]+% and [\d.]+%(?=[.,;])",
    r"(?:can|could|may|might|should|will|would|must) then|do(?:ing)? so|the (?:latter|former)",
    r"the same(?! (?:day|week|month|year|time|age|as))|(?:between|of) the (?:two|three)(?! \w+s\b)",
    r"(?:handful|some|many|few|most|rest|all|several) (?:of )?(?:the )?others",
    r"(?:than|as|from|to) the others|such (?!as\b)(?:an? )?\w+",
    r"(?:keep|use|follow|at|on|with|from|for|in|by|of|about|take|reach) (?:that|those) "
    r"(?!who\b|whose\b|with\b|is\b|are\b|the\b|living\b|they\b|it\b|not\b|may\b|can\b|there\b|at\b"
    r"|on\b|in\b|over\b|under\b|aged\b|having\b|taking\b|affected\b|most\b|given\b|treated\b)\w+",
)
# "cases there were fewer" points at a place; "that there are others" does not
THERE = cue(
    r"(?<!that )(?<!if )(?<!when )(?<!because )(?<!and )(?<!but )(?<!, )(?<!^)there"
    r"(?! (?:is|are|was|were) (?:\d|no\b|an?\b))"
)
ADDS = cue(r"also|too(?=[.,;])|as well(?! as)")
SOFTLY = cue(
    r"also|too(?=[.,;])|as well(?! as)|for their part",
    rf"(?:this|these) (?:{'|'.join(sorted(THE_STUDY))})",
)
# "show this to", "if they know this." but not "this test", "this is early work"
BARE_THIS = re.compile(
    rf"\b(?:this|these|{_THOSE})"
    r"(?=[.,;:!?)]|$| (?:to|are|was|were|may|might|can|could|and|or|in|at|on|for|with|as|when"
    r"|if|by|from|that|than|into|while|because|before|after|will|would|should|helps?|means?)\b)"
)
OF_THIS = re.compile(r"\b(?:of|from) this\b")  # of the study at large
POINTED = re.compile(rf"\b(?:this|these|{_THOSE}) (\w{{3,}})(?: (\w{{3,}}))?")
THEM = re.compile(r"(?<!care for )(?<!after )(?<!support )(?<!love )\bthem\b")
# "find it easier", "when it is safe": nothing is meant by this it
IT = re.compile(
    r"(?<!find )(?<!finds )(?<!make )(?<!makes )(?<!made )(?<!think )(?<!feel )\bit\b"
    r"(?! (?:is|was|may be|can be|might be|will be|takes|helps to|pays)\b)"
)
A_THING = re.compile(r"\b(?:an?|the|their|his|her|any|each|every|no|of|this|one) \w+")
# What "them" can mean: many things, or the subject itself in a clause with one of its own.
MANY_THINGS = re.compile(
    r"\b(?:\w+[^su\W]s|people|women|men|children)\b"
    r"|\b(?:if|whether|that|when|because|while) (?:an?|the|their|no|one) \w+"
)
PERSONAL = cue(r"they|them|their")
PERSONS = cue(
    r"people|persons?|patients?|men|women|adults?|volunteers|participants|children|mice|rats|animals"
    r"|donors?|carers|caregivers|famil(?:y|ies)|relatives|groups?|those|parents?|mothers|infants"
    r"|babies|teenagers|members|players|researchers|scientists|doctors|authors|team"
)
# "Two readers disagreed. It saved …": it cannot be the readers.
SINGLY = opening(r"It|Its")
PLURAL = re.compile(r"""^["'“‘(]*(?:\w+ )?[\w-]+[^\Wsu]s\b(?!['’])""")
# "NfL" after "neurofilament light chain (NfL)" in an earlier sentence
INTRODUCED = re.compile(r"\(([A-Z]\w*[A-Z]\w*)\)")


# What "it" can mean: the one thing that readers have read of, not "women with MS".
ONE_THING = re.compile(
    r"(?!(?:people|persons?|patients?|women|men|children|adults|mothers|those|most|many|some|in|for"
    r"|among|when|more|few|half|doctors|researchers|scientists)\b)(?!(?:\w+ )?[\w-]+[^\Wsu]s\b)"
)
# "the clipped-off receptor", "the modules": things of one study; which ones?
THE_THING = re.compile(
    r"\bthe (?:[\w-]+ )?(\w+-(?:off|up|down|like|based|free|rich)(?= \w)|drug|tablet|pill|capsule"
    r"|compound|substance|molecule|protein|receptor|marker|gene|variant|signal|agent|enzyme|device"
    r"|app|programme|program|modules|lessons|exercises|trick|topics|list|tool|score|scale|sequence"
    r"|procedure|technique|method|intervention|questionnaire|diary|extract|antibody|sensor|tracer"
    r"|infusion|injection|jab|supplement|powder|cells?|bacteria|microbes?|formula|settings|model"
    r"|two|three|four|five|six)s?\b(?! (?:of|that|who|which|they|their)\b)"
)


def opens(text: str, line: str) -> bool:
    """Whether the opening of `text`, plain `line`, needs no sentence before it."""
    if POINTS_BACK.match(text):
        return False
    clause = OPENING_CLAUSE.match(line)
    if clause is None:
        return True
    named = PERSONS if clause[2] == "they" else A_THING
    return named.search(clause[1]) is not None


def leans(line: str) -> bool:
    """Whether a word inside the plain `line` means something of another sentence."""
    return LEANS.search(line) is not None or ("there" in line and THERE.search(line) is not None)


def points_at_unnamed(line: str, shown: str) -> bool:
    """Whether "these tests" stands where `shown` names no test, and the study is not meant."""
    for pointed in POINTED.finditer(line):
        nouns = [noun for noun in pointed.groups() if noun]
        if not any(noun in THE_STUDY or noun.rstrip("s") in shown for noun in nouns):
            return True
    return False


def leaning(line: str, start: int, shown: str) -> int:
    """How far a plain `line` that speaks to readers leans on what they have not read.

    0 not at all, 1 on the study, 2 on one thing, which the lead mostly names, 3 too far. The
    subject ends at `start`; `shown` is what readers have read.
    """
    if _unnamed(THEM, MANY_THINGS, line, start) or BARE_THIS.search(OF_THIS.sub("", line)):
        return 3
    if _unknown_thing(line, start, shown):
        return 3
    if _unnamed(IT, A_THING, line, start):
        return 2 if any(map(ONE_THING.match, shown.split("\n"))) else 3
    if points_at_unnamed(line, shown):
        return 2
    return 1 if SOFTLY.search(line) else 0


def _unknown_thing(line: str, start: int, shown: str) -> bool:
    """Whether `line` speaks of "the receptor", and nothing `shown` or said before names one."""
    return any(
        thing[1] not in shown and thing[1] not in line[: thing.start()]
        for thing in THE_THING.finditer(line, start)
    )


def _unnamed(pronoun: re.Pattern[str], named: re.Pattern[str], line: str, start: int) -> bool:
    """Whether `pronoun` stands where nothing but the subject was named before it."""
    return any(not named.search(line, start, hit.start()) for hit in pronoun.finditer(line, start))
