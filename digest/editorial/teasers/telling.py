"""What a sentence tells: a finding, figures, or how the study was done.

In: `plain` text of one sentence. Out: ranks by which leads are chosen. Cues are data.
"""

from __future__ import annotations

import re

from digest.editorial.cues import cue, opening, words

_ASKING = r"(?:how|which|where|whether|what)"  # "a scan showed how active it was": what, then?
RESULT = cue(
    rf"found|(?:finds|showed|shows|shown)(?! {_ASKING}\b)|discovered|(?<!which )suggests?",
    r"suggested|turned out|proved",
    r"concludes?|concluded|revealed|(?:was|were) (?:associated|linked|tied)|led to",
)
METHOD = cue(
    r"(?:researchers?|scientists|doctors|authors?|investigators?|team|study|work|paper|group|they|we"
    r"|database|register|registry|cohort|biobank|review|therapists|experts?) (?:\w+ ){0,2}"
    r"(?:stud(?:y|ied)|look(?:s|ed)?|examine[sd]?"
    r"|analy[sz]ed|follow(?:s|ed)|compared|investigate[sd]?|explore[sd]?|ask(?:s|ed)|want(?:s|ed)"
    r"|aim(?:s|ed)|sets? out|survey(?:s|ed)|interviewed|review(?:s|ed)|tested|tests|measured|uses?"
    r"|used|scanned|recruited|enrolled|collected|gathered|brought|pooled|observed|turned|watched"
    r"|traced|combed|invited|came across|report(?:ed|s)? on|checked|gave|added|grew|took|linked up"
    r"|went through|searched|saw|intend|plan)",
    r"(?:was|were|are|be|been) (?:\w+ly )?(?:scanned|asked|invited|followed|divided|split|assigned"
    r"|allocated|recruited|enrolled|tested|measured|drawn|included|counted|compared|examined"
    r"|studied|interviewed|surveyed|traced|matched|used)",
    r"allotted|randomi[sz]ed|lottery|by lot|coin[- ]flip|took part|filled (?:in|out)|blood taken",
    r"(?:was|were) sent|returned it|doses? (?:ran|ranged)|ranged from|comprised|totall?ed",
    r"(?:talks|interviews|sessions|conversations|visits) (?:lasted|took)",
    r"(?:had|underwent) (?:\w+ ){0,2}(?:scans?|mris?|blood tests?)",
    r"search(?:ed|ing)|was the subject|lay in|here (?:is|are)|(?:was|were) (?:formed|stored)",
    r"the (?:question|aim|goal|idea) (?:is|was)|served (?:as|for) comparison",
    rf"(?:showed?|told|recorded) {_ASKING}",
    r"will|(?:is|are|was|were) to|intend\w*|plan(?:s|ned)? to|drew \d+ (?:responses|answers)",
)
DEFINES = cue(
    r"^(?:an? |the )?[^,]{2,45} (?:is|are) (?:an? |the |one of |called |known |a kind |types? of"
    r"|(?:\w+ )?cells\b|(?:\w+ )?proteins?\b)",
    r"^[^,]{2,60}, or [\w-]+, (?:is|are|measures?|means?|stands? for)",
    r"^[^,]{2,60}(?: \(\w+\))? (?:measures|means|stands for|refers to|is short for)",
)
# Words of the laboratory that tell a reader nothing of what was found.
LAB_TERMS = cue(
    r"\(n ?= ?\d+\)|simoa|elisa|immunoassays?|qpcr|cytometry|spectrometry|chromatography|mg/kg",
    r"p ?[<=] ?0?\.\d+|single[- ](?:cell|molecule)|sequenc(?:ed|ing)|reagents?|assays?",
)
# Who took part and how many, in a sentence with no finding.
ONLY_SIZE = re.compile(
    r"^(?:in all|in total|altogether|overall)?,? ?(?:\w+ ){0,3}[\d,]+ (?:\w+ ){0,6}"
    r"(?:were|was|took|joined|answered|returned|replied|entered|enrolled)(?: \w+){0,4}\.$"
)
# Who was asked, not what was found.
SAMPLE = cue(
    r"(?:average|mean|median) age|aged|or older|alongside|years old|valid|repl(?:y|ies)",
    r"responses|questions|came from",
    r"(?:were|was) (?:women|men|female|male|white)",
)
_WORDED = (
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six"
    r"|seven|eigh|nine)ty(?:-\w+)?|half|halved|doubled|twice|threefold|a third|a quarter|two-thirds"
    r"|(?:just|only|barely) one|one in \w+|nobody|none"
)
FIGURE = re.compile(
    rf"(?<![\w.-])\d|(?<!\bthe )(?<!\bthese )(?<!\ball )(?<!\bfirst )\b(?:{_WORDED})\b"
)
# "More than 6,800 people" is a size, "up to 80% of people" mostly background: no direction.
SIZE = re.compile(
    r"\b(?:more|less|fewer|better) than (?=\d|one|two|three|half|a (?:third|quarter))"
    r"|\bup to [\d.]+%|\brelapsing\b|\bmonths? (?:or )?longer\b|\bat least \d+ \w+"
    r"|\b(?:once|twice|\w+ times) (?:an?|per|every) \w+"
    r"|\b\w+ (?:years?|months?|weeks?|days?|hours?|minutes?)\b"
)
COMPARED = cue(
    r"against(?! the (?:clock|odds))|versus|vs|compared (?:with|to)|rather than|than",
    r"times|halved|doubled|threefold|fold",
    r"twice(?! (?:an?|per|daily|weekly|every)\b)|per|for every|out of|rates?|odds|sensitivity",
    r"specificity|average|median",
    r"\w+ (?:of|in) the \w+ (?:and|but) (?:only |just )?\w+ (?:of|in) the",
)
DIRECTION = cue(
    r"more|less|fewer|lower\w*|higher|reduc\w*|increas\w*|decreas\w*|rose|rise|drop\w*|worse\w*",
    r"improv\w*|better|faster|slower|greater|smaller|larger|shorter|longer|likely|likelier|than",
    r"fell(?! ill)|climbed|sank|declined|gained|lost|avoided|recovered|relapsed?|respond\w*|alive",
    r"doubled|halved|no (?:\w+ )?difference|differ(?:ed|s)?|(?:gone|went) (?:up|down)|came down",
    r"came to|explained|sensitivity|present in|reported by|named by|found to have|worked in",
    r"had (?:no|any|trouble|not|low|high)|went (?:up|down\w*)",
    r"(?:only|just) \w+ (?:did|had|was|were)",
    r"got (?:better|worse)|turned up in|healed|grew|shrank|thinned|vanished",
)
# What else was seen; seldom what a study is about.
BESIDE = cue(
    r"side[- ]effects?|adverse|headaches?|nausea|rash\w*|infections?|liver|dropped out|withdrew",
    r"dropouts?|drop-outs?|unwanted|secondary (?:outcomes?|goals?|endpoints?)",
)
# "can use the figures": they must stand in the lead.
MEANS_FIGURES = cue(
    r"(?:the|these|those|such|clear|firm|real|solid|some|with|use|quote|cite) (?:\w+ )?(?:figures?"
    r"|percentages?|statistics)|(?:the|these|those|clear|firm|hard|real|solid) numbers?(?! of)",
)
# One half of a comparison: "In NMOSD it was 11.1%", "Among the controls, 3% fell".
HALF = opening(
    r"In|Among|On|With|For|Of|By contrast|By comparison|Against|At|Only|Just"
    r"|The (?:other|waiting|control|placebo|comparison|healthy|second|remaining|rest)"
    r"|Controls|Healthy|Those|Without|Compared"
)
SAME_FIGURE = opening(r"(?:That|This) (?:share|rate|figure|proportion|percentage|risk|number)")
WHOLE_COMPARISON = cue(r"than|versus|vs|against|compared|respectively|whereas|while|from|odds")
ANIMAL = cue(
    r"animals?|mice|mouse|rats?|zebra ?fish|fish|rodents?|monkeys?|marmosets?|primates?|rabbits?",
    r"pigs?|dogs?|cats?|guinea pigs?|sheep|larvae",
)
# What a sentence is about: words cut to their beginning.
LONG_WORD = re.compile(r"[a-z]{4,}")
STEM = 5
COMMON = words(
    "people person patients patient with without those that this than more less from have were was "
    "after before over under about among their they which when what study found sclerosis multiple "
    "year years month months week weeks than into only other could would some most many"
)
# "the drug", "the rate": which one? Said by the title, or by the sentence before.
THE_ONE = cue(
    r"the (drug|tablet|pill|capsule|medicine|treatment|therapy|group|arm|rate|risk|odds|link|effect"
    r"|gap|difference|change|test|program|programme|course|infusion|injection|jab|vaccine|diet"
    r"|marker|score|figure|share|number|others?|rest|device|app|training|compound|agent"
    r"|intervention|antibody|signal|placebo group)(?! of\b| for\b)"
)


def rank(line: str) -> int:
    """0 a finding in so many words, 1 it may be one, 2 how it was studied, or a definition."""
    if RESULT.search(line):
        return 0
    return 2 if METHOD.search(line) or DEFINES.search(line) else 1


def figures(line: str) -> int:
    """How much of a result in numbers `line` is: 0 none; comparisons and shares count most."""
    result = SIZE.sub("", line)
    numbers = len(FIGURE.findall(result))
    compared = COMPARED.search(result) is not None
    directed = DIRECTION.search(result) is not None
    share = "%" in result
    if not numbers or not (compared or directed or share):
        return 0
    aside = rank(result) == 2 or SAMPLE.search(result) is not None
    return max(0, min(numbers, 3) + share + compared + directed - 3 * aside)


def announces(line: str) -> bool:
    """Whether the plain `line` says that something was studied, and not what came out."""
    return rank(line) == 2 and not DIRECTION.search(line)


def counts(line: str) -> bool:
    """Whether the plain `line` holds a number, in digits or in words."""
    return FIGURE.search(line) is not None


def is_padding(line: str) -> bool:
    """Whether the plain `line` only defines a word, names a method or repeats who took part."""
    return any(cues.search(line) for cues in (DEFINES, LAB_TERMS, ONLY_SIZE))


def completes(line: str, following: str, text: str) -> bool:
    """Whether `following` (as written: `text`) is the other half of a comparison `line` opens."""
    if SAME_FIGURE.match(text):
        return counts(line)
    if WHOLE_COMPARISON.search(line) or not HALF.match(text) or METHOD.search(line):
        return False
    if ("%" in line) != ("%" in following):
        return False
    halves = (len(_numbers(line)), len(_numbers(following)))
    return halves in ((1, 1), (1, 2), (2, 1))


def is_half(line: str, text: str) -> bool:
    """Whether plain `line` (as written: `text`) gives a number that needs the one before."""
    one = len(_numbers(line)) == 1 and HALF.match(text) is not None
    return one and not WHOLE_COMPARISON.search(line) and "%" not in line


def stems(line: str) -> frozenset[str]:
    """The long words of the plain `line`, cut to what "relapse" and "relapses" share."""
    return frozenset(word[:STEM] for word in LONG_WORD.findall(line) if word not in COMMON)


def _numbers(line: str) -> list[str]:
    return FIGURE.findall(SIZE.sub("", line))


def says_which(line: str, title: str) -> bool:
    """Whether each "the drug", "the rate" of `line` is said by the plain `title`."""
    return all(match[1] in title for match in THE_ONE.finditer(line))


def names_animals(line: str) -> bool:
    """Whether `line` names the animals of a study."""
    return ANIMAL.search(line) is not None
