"""What a sentence tells: a finding, figures, or how the study was done.

In: `plain` text of one sentence. Out: ranks by which leads are chosen. Cues are data.
"""

from __future__ import annotations

import re

from digest.editorial.cues import cue

RESULT = cue(
    r"found|finds|showed|shows|shown|discovered|(?<!which )suggests?|suggested|turned out|proved",
    r"concludes?|concluded|revealed|(?:was|were) (?:associated|linked|tied)|led to",
)
METHOD = cue(
    r"(?:researchers?|scientists|doctors|authors?|investigators?|team|study|work|paper|group|they|we"
    r"|review|therapists|experts?) (?:\w+ ){0,2}(?:stud(?:y|ied)|look(?:s|ed)?|examine[sd]?"
    r"|analy[sz]ed|follow(?:s|ed)|compared|investigate[sd]?|explore[sd]?|ask(?:s|ed)|want(?:s|ed)"
    r"|aim(?:s|ed)|sets? out|survey(?:s|ed)|interviewed|review(?:s|ed)|tested|tests|measured|uses?"
    r"|used|scanned|recruited|enrolled|collected|gathered|brought|pooled|observed|turned|watched"
    r"|traced|combed|invited|came across|report(?:ed|s)? on|checked|gave|added|grew|took|linked up"
    r"|went through|searched|saw|intend|plan)",
    r"(?:was|were|are|be|been) (?:\w+ly )?(?:scanned|asked|invited|followed|divided|split|assigned"
    r"|allocated|recruited|enrolled|tested|measured|drawn|included|counted|compared|examined"
    r"|studied|interviewed|surveyed|traced|matched|used)",
    r"allotted|randomi[sz]ed|lottery|by lot|coin[- ]flip|took part|filled (?:in|out)|blood taken",
    r"lay in|the (?:question|aim|goal|idea) (?:is|was)|served (?:as|for) comparison",
    r"will|(?:is|are|was|were) to|intend\w*|plan(?:s|ned)? to|drew \d+ (?:responses|answers)",
)
DEFINES = cue(
    r"^(?:an? |the )?[^,]{2,45} (?:is|are) (?:an? |the |one of |called |known |a kind |types? of"
    r"|(?:\w+ )?cells\b|(?:\w+ )?proteins?\b)",
)
# Who was asked, not what was found.
SAMPLE = cue(
    r"(?:average|mean|median) age|aged|years old|valid|repl(?:y|ies)|responses|questions|came from",
    r"(?:were|was) (?:women|men|female|male|white)",
)
_WORDED = (
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six"
    r"|seven|eigh|nine)ty(?:-\w+)?|half|halved|doubled|twice|threefold|a third|a quarter|two-thirds"
)
FIGURE = re.compile(rf"(?<![\w.-])\d|(?<!\bthe )(?<!\bthese )(?<!\ball )\b(?:{_WORDED})\b")
# "More than 6,800 people" is a size, "up to 80% of people" mostly background: no direction.
SIZE = re.compile(
    r"\b(?:more|less|fewer|better) than (?=\d|one|two|three|half|a (?:third|quarter))"
    r"|\bup to [\d.]+%|\brelapsing\b|\bmonths? (?:or )?longer\b|\bat least \d+ \w+"
    r"|\b(?:once|twice|\w+ times) (?:an?|per|every) \w+"
    r"|\b\w+ (?:years?|months?|weeks?|days?|hours?|minutes?)\b"
)
COMPARED = cue(
    r"against|versus|vs|compared (?:with|to)|rather than|than|times|halved|doubled|threefold|fold",
    r"twice(?! (?:an?|per|daily|weekly|every)\b)|per|for every|out of|rates?|odds|sensitivity",
    r"specificity|average|median",
)
DIRECTION = cue(
    r"more|less|fewer|lower\w*|higher|reduc\w*|increas\w*|decreas\w*|rose|rise|drop\w*|worse\w*",
    r"improv\w*|better|faster|slower|greater|smaller|larger|shorter|longer|likely|likelier|than",
    r"fell(?! ill)|climbed|sank|declined|gained|lost|avoided|recovered|relapsed?|respond\w*|alive",
    r"doubled|halved|no (?:\w+ )?difference|differ(?:ed|s)?|(?:gone|went) (?:up|down)|came down",
    r"came to|explained|sensitivity|present in|reported by|named by|found to have|worked in",
    r"had (?:no|any|trouble|not|low|high)",
)
ANIMAL = cue(
    r"animals?|mice|mouse|rats?|zebra ?fish|fish|rodents?|monkeys?|marmosets?|primates?|rabbits?",
    r"pigs?|dogs?|cats?|guinea pigs?|sheep|larvae",
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


def says_which(line: str, title: str) -> bool:
    """Whether each "the drug", "the rate" of `line` is said by the plain `title`."""
    return all(match[1] in title for match in THE_ONE.finditer(line))


def names_animals(line: str) -> bool:
    """Whether `line` names the animals of a study."""
    return ANIMAL.search(line) is not None
