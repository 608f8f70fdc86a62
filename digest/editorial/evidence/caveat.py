"""The main caveat of a study: the whole sentence that names its strongest limit."""

from __future__ import annotations

import re

from digest.editorial.cues import plain
from digest.editorial.evidence.reading import Reading
from digest.editorial.evidence.vocabulary import cue
from digest.values import Fact

NUMBER = (
    r"(?:\d[\d,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|\w+teen|\w+ty(?:-\w+)?)"
)

# "Talk to your doctor" says nothing of the study; it is no caveat.
ADVICE = cue(
    r"(?:talk|speak|discuss\w*|consult|check|agree\w*|planned|taken|conversation|ask) (?:\w+ ){0,6}"
    r"(?:with|to|between|their|your|a|the) (?:\w+ ){0,3}"
    r"(?:doctors?|dietitian|teams?|providers?|neurologists?|professionals?)",
    r"(?:patients?|people|anyone|everyone|readers) (?:\w+ ){0,3}(?:should|need to|must)",
    r"important (?:for|to)",
    r"should (?:always )?(?:be (?:taken|agreed|planned|discussed)|stay|not be tried)",
    r"belongs? in a conversation",
    r"remains a decision",
)
# No limit of this study: how things are in general, or what readers should make of it.
NO_LIMIT = cue(
    r"does not mean (?:that )?(?:an?|every|you|people|any)\w*|read (?:too much|more) into",
    r"^(?:please|do not|don't|never|always|keep|ask|speak|bear|raise|see|remember|stay)",
    r"^(?:\w+ ){1,3}(?:differ|vary)(?=\.|$)",
    r"from (?:person to person|woman to woman|one person to the next)|no guarantee\w*",
    r"(?:suits?|help|helps|fits?|respond\w*|works? for) (?:everyone|everybody|all|alike)",
    r"(?:nobody|no one|none) should|should not (?:be )?(?:expect\w*|replace|worry)",
    r"current (?:\w+ )?plans?|is not (?:recommended|offered|sold|approved)",
    r"(?:nearly|almost) always",
)
# What animals told before says nothing of the animals of this study.
EARLIER = cue(r"(?:have|has|had) (?:\w+ ){1,8}before|in the past|earlier (?:studies|work|findings)")
ANIMAL_OR_LAB = cue(
    r"animals?|mice|mouse|rats?|zebra ?fish|fish|larvae|rodents?|monkeys?|marmosets?|pigs?|dogs?",
    r"laborator\w+|lab|(?:in|from|of) (?:an? |the )?dish(?:es)?|cell cultures?|test tubes?",
    r"who had died|after death|autops(?:y|ies)|early drug development|preclinical|eae",
    r"(?:not|never|nothing|nobody|none) (?:\w+ ){0,4}(?:tested|tried|given|shown|seen) "
    r"(?:in|on|to) (?:people|humans|patients|a (?:person|human|patient)|anyone|anybody)",
)
NO_RESULTS_YET = cue(
    r"protocol|no (?:results?|findings)|not (?:yet )?(?:started|begun)|is (?:not a|no) result",
    r"nothing (?:\w+ ){0,3}(?:found|report|shown|learned)|results (?:\w+ ){0,3}not (?:yet|known)",
    r"a plan(?=\.)",
)
SMALL_OR_LOOKING_BACK = cue(
    r"small(?:er)?|tiny|few|fewer (?:than|participants|people|patients)|modest|not many",
    r"limited number|handful|pilot|too short",
    r"numbers? (?:of (?:\w+ ){1,4})?(?:was|were|is|are) (?:\w+ )?(?:low|limited)|low numbers?",
    r"nothing (?:firm|certain|definite)|(?:stopped|ended|halted|closed) (?:\w+ )?early|cut short",
    r"(?:one|single) (?:person|patient|man|woman|case|family)(?! (?:to|from))",
    r"hindsight|retrospective\w*|past cases|look(?:ed|ing)? back|old (?:files|records|notes)",
    r"not randomi[sz]ed|not (?:\w+ )?(?:at random|by lot)|without a (?:control|comparison)",
    r"no (?:\w+ )?(?:control|comparison)\w*|no (?:\w+ )?group|(?:nobody|no one|none) to compare",
    rf"with {NUMBER} (?:patients?|people)|in (?:her|him|one)(?: \w+){{0,6}} others",
    rf"(?:only|just|covers) {NUMBER} (?:\w+ ){{0,2}}"
    r"(?:people|patients?|participants|persons?|families)",
    rf"{NUMBER} (?:conversations|interviews|people answered|patients (?:were|having))",
)
ONE_PLACE_OR_GROUP = cue(
    r"(?:one|single|a particular|one particular|one specific|certain) (?:\w+ ){0,2}"
    r"(?:cent(?:er|re)|clinic|countr(?:y|ies)|region|hospital|site|setting|group|set|patients"
    r"|city)",
    r"(?:one|single) (?:\w+ ){0,2}(?:county|town|state|province|island|network|practice|register"
    r"|ward|school|programme|program|company|insurer|department|family|language)",
    r"descent|ancest(?:ry|ors)|limited to|elsewhere|(?:lived|live) (?:in|near)|specialist centres",
    r"(?:\w+ in \w+|most|nearly all|almost all|mostly|all|everyone) (?:\w+ ){0,6}(?:was|were) "
    r"(?:\w+ )?(?:men|women|white|young|older|male|female|under|over)",
    r"looked (?:only )?at (?:\w+ ){1,6}only|only (?:\w+ ){0,2}(?:looked|examined|studied|covered)",
    r"covers? only|covered only|was the focus|were the focus|(?:particular|specific) group",
    r"severe(?:st)? cases|milder (?:ones|cases)",
    r"(?:data|participants|patients|everyone|people|results) (?:all )?(?:came|come|comes) from",
    r"only (?:people|patients|women|men|those|adults)",
    r"(?:had|have) all|all (?:the )?(?:patients|participants|people)",
    r"other (?:countries|places|populations|groups)",
)
# How the study was done: a limit of its own, though of any size.
OF_THE_STUDY = cue(
    r"stud(?:y|ies)|trials?|survey\w*|analys[ie]s|data|samples?|participants?|follow(?:ed|-up)",
    r"self-reported|recorded|recall\w*|remember\w*|memory|proof|prove[sd]?|cause|link|association",
    r"answer(?:ed)?|asked|compar(?:ed|ison)|measured|checked|missing|missed|dropped out|everyone",
    r"nobody|authors|evidence|papers|findings?|results?|lasted|once|scanned|drawn",
)
GENERIC = cue(
    r"not|cannot|no|unknown|unclear|uncertain|differ\w*|vary|varied|association|needed|limit\w*",
    r"\w+n't|more (?:research|studies)|however|could|may|might|still|experimental|obstacle",
    r"challenges?|only|basic",
)
FROM_STRONGEST: tuple[re.Pattern[str], ...] = (
    ANIMAL_OR_LAB,
    NO_RESULTS_YET,
    SMALL_OR_LOOKING_BACK,
    ONE_PLACE_OR_GROUP,
    OF_THE_STUDY,
    GENERIC,
)


def read_caveat(reading: Reading, *, animals_only: bool) -> Fact[str | None]:
    """The strongest limit that the summary names, as its whole sentence; None when it names none.

    That a study was done in mice alone is not said here but guaranteed by the lead (law 9).
    """
    limits = [s for s in reading.sentences(("limits",)) if not ADVICE.search(plain(s))]
    strongest = min(limits, key=lambda s: _weakness(s, animals_only=animals_only), default=None)
    return _fact(strongest)


def _weakness(sentence: str, *, animals_only: bool) -> int:
    """Place of `sentence` among the limits, the strongest first: 0."""
    line = plain(sentence)
    ranked = enumerate(FROM_STRONGEST)
    place = next((i for i, cues in ranked if cues.search(line)), len(FROM_STRONGEST))
    if place == 0 and not animals_only and EARLIER.search(line):
        return FROM_STRONGEST.index(GENERIC)
    firm = place < FROM_STRONGEST.index(OF_THE_STUDY)
    return place if firm or not NO_LIMIT.search(line) else len(FROM_STRONGEST) + 1


def _fact(sentence: str | None) -> Fact[str | None]:
    return Fact(sentence, sentence or "")
