"""Study kind, and whether there are results at all, read by cues in the order of their strength.

A review of trials is a review and a trial with questionnaires is a trial: the order of the steps
in `read_kind` matters more than any single cue.
"""

from __future__ import annotations

import re

from digest.editorial.cues import cue, plain
from digest.editorial.evidence.reading import FIELDS, STATED, Field, Reading
from digest.editorial.evidence.species import ANIMALS
from digest.values import Fact, StudyKind

PEOPLE = (
    r"(?:people|patients|participants|adults|women|men|children|volunteers|persons|individuals)"
)
ONE_PERSON = r"(?:patient|person|woman|man|child|girl|boy|case)"
PAPERS = r"(?:studies|trials|literature|papers|articles|publications|reports)"
NUMBER = r"(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|twelve|several|many)"
DOCTORS = r"(?:doctors|neurologists|physicians|authors)"

CASE = cue(
    r"case (?:report|series|study of (?:a|one))",
    r"(?:report|article|paper|case|story|study)(?: \w+){0,2}"
    r" (?:covers|describes|concerns|involve[sd]|on|about|of|follows|followed)"
    rf" (?:only |just )?(?:one|a single|a) {ONE_PERSON}",
    rf"{DOCTORS} (?:describe|report)(?:d|ed)? (?:on )?(?:the case of )?"
    rf"(?:a|one) (?:[\w-]+ ){{0,3}}{ONE_PERSON}",
    r"a \d+-year-old",
    r"a (?:woman|man) in (?:her|his) \d0s",
)
REVIEW = cue(
    r"meta-?analys[ei]s",
    r"(?:systematic|scoping|literature|narrative|umbrella|planned|comprehensive) reviews?",
    r"review (?:finds|found|shows|suggests|plan)",
    r"(?:the|this|a|our|new|recent) review(?! of (?:\w+ ){0,2}(?:records|charts|files|scans))",
    r"review(?:s|ed|ing)? (?:(?:the|existing|current|recent|published|earlier|past|previous"
    r"|available|all|of|many|several|\d[\d,]*) )*"
    r"(?:evidence|studies|research|literature|trials|articles|papers|what)",
    r"(?:pool(?:ed|s|ing)?|combined|gathered|collect(?:ed)?|put together|looked at|analy[sz]ed"
    r"|examined|search(?:ed)?|summari[sz]ed|included|compared|found|covers?|brought together"
    rf"|drew on|draws on) (?:(?!people|patients)[\w,-]+ ){{0,5}}?{PAPERS}",
    rf"(?:{NUMBER}|twenty-\w+|thirty-\w+) (?:\w+ ){{0,2}}(?:studies|trials)",
    r"pooled studies",
    r"overview",
)
# Read last, where nothing was measured: papers that explain how something works.
EXPLAINS = cue(
    r"(?:article|paper|authors?|study|researchers|scientists|work) (?:explain(?:s|ed)?"
    r"|discuss(?:es|ed)?|summari[sz]e[sd]?|outline[sd]?|describes? how|argues?|reviews?)",
    r"mix of (?:\w+ )?(?:studies|research)",
    r"expert (?:opinion|discussion|consensus|panel)",
)
TRIAL = cue(
    r"randomi[sz]ed",
    r"randomly (?:assigned|chosen|divided|split|placed|put|selected to|given)",
    r"(?:assigned|divided|split|allocated) (?:\w+ ){0,4}(?:by chance|at random)",
    r"chance (?:decided|placed|put|assigned|determined)",
    r"placebo",
    r"sham",
    r"double-blind\w*",
    r"phase (?:[1-4]|i{1,3}|iv)[ab]?",
    r"dummy (?:pill|treatment|drug)s?",
)
TRIAL_BY_NAME = cue(r"(?:clinical|controlled|crossover|pilot|feasibility) trial", r"the trial")
NOT_A_TRIAL = cue(
    r"(?:not|no|non|without|never|instead of|rather than|future|larger|need|needed)\b[^\n]{0,50}"
    r"\b(?:randomi[sz]\w+|assign\w+|placebo|trials?)",
    r"trials? (?:is|are) needed",
)
SURVEY = cue(
    r"survey(?:s|ed)?",
    r"interview(?:s|ed|ing)?",
    r"focus groups?",
    r"respondents",
    r"polled",
    r"conversations with",
)
QUESTIONNAIRE = cue(r"questionnaires?")
FOLLOWED = cue(
    r"records|registr(?:y|ies)|cohorts?|databases?|tracked|traced|observational|hindsight|scanned",
    r"retrospective(?:ly)?|longitudinal|population-based|(?:insurance|medical) claims",
    r"followed(?! (?:by|it|this|the (?:diet|program|advice))\b)",
    r"look(?:ed|ing)? back",
    r"(?:brain|eye|mri) scans? (?:of|from)",
    rf"(?:groups?|samples) of (?:[\w-]+ ){{0,3}}{PEOPLE}",
    rf"samples from {PEOPLE}",
    rf"{PEOPLE} (?:with ms )?(?:[\w-]+ ){{0,3}}were (?:\w+ )?"
    r"(?:followed|examined|scanned|studied|tested|compared|tracked|monitored|observed)",
    r"(?:studied|examined|tested|measured|compared|monitored|analy[sz]ed|looked at|observed"
    r"|assessed|evaluated|gathered information on|collected (?:data|information) (?:from|on))"
    rf" (?:[\w-]+ ){{0,6}}{PEOPLE}",
    r"(?:over|after|for) (?:(?:more than|about|nearly|almost|up to|at least|the|next|past) )*"
    rf"{NUMBER} years",
    rf"{NUMBER} years later",
)
# In limits and outlooks: what was not done, or is still to be done.
NOT_DONE = cue(
    r"(?:not (?:yet )?been|never been|future|larger|bigger|needs? to be|needed|should be)\b"
    r"[^\n]{0,40}\b(?:tested|studied|followed|examined|survey\w*|interview\w*|stud(?:y|ies)"
    r"|trials?|reviews?)",
)
DEAD_TISSUE = cue(
    r"autops\w+|post-?mortem|who had died|after death|donated brains?|brain donors?",
    r"donors'? (?:brain|tissue)",
    r"brain (?:cells|tissue|samples) (?:\w+ )?(?:of|from|donated)",
    rf"(?:cells|tissue|neurons) (?:taken |made |grown )?(?:from|of) (?:[\w-]+ )?"
    rf"(?:{PEOPLE}|donors?)",
)
LABORATORY = cue(
    r"lab(?:oratory|oratories)? (?:experiments?|conditions|models?|checks|studies|work|dish(?:es)?"
    r"|grown|setting|animals?)",
    r"in (?:a|the|their) lab(?:oratory)?",
    r"lab-grown|in vitro|organoids?|chemists|test tubes?|cell (?:cultures?|lines?)",
    r"in (?:a )?dish(?:es)?|(?:petri|culture|lab) dish(?:es)?",
    r"cultured (?:\w+ )?cells|experiments (?:on|with) (?:\w+ )?cells",
)
NO_RESULTS = cue(
    r"no (?:results|findings) (?:yet|so far|are|to report|have)",
    r"reports? no (?:results|findings)",
    r"(?:this is|only|just) a (?:study |trial |review )?protocol",
    r"study protocol|protocol (?:for|of) a|the protocol (?:describes|explains|outlines)",
    r"(?:planned|upcoming) (?:review|study|trial)|review plan",
    r"(?:study|trial|review|project) (?:planned|has not (?:yet )?(?:started|begun))",
    r"results are not (?:yet )?(?:available|known|in)",
    r"still (?:recruiting|enrolling|under ?way)",
    r"(?:study|trial) is (?:still )?(?:ongoing|not yet complete\w*)",
)
Steps = tuple[tuple[StudyKind, re.Pattern[str], tuple[Field, ...]], ...]
POOLED: Steps = (("case", CASE, FIELDS), ("review", REVIEW, STATED))
LIVING: Steps = (
    ("survey", SURVEY, FIELDS),
    ("observational", FOLLOWED, FIELDS),
    ("survey", QUESTIONNAIRE, STATED),
    ("review", EXPLAINS, ("found", "limits")),
)


def read_kind(
    reading: Reading, species: tuple[str, ...], participants: int | None
) -> Fact[StudyKind]:
    """The study kind by the first cue that holds; "unclear" when the text does not say."""
    return (
        _by_steps(reading, POOLED)
        or _trial(reading)
        or _lab_or_mixed(reading, species, participants)
        or _by_steps(reading, LIVING)
        or Fact("unclear")
    )


def read_results(reading: Reading) -> Fact[bool]:
    """False for a protocol or a study still under way, with the sentence that says so."""
    sentence = reading.first(NO_RESULTS)
    return Fact(False, sentence) if sentence else Fact(True)


def _by_steps(reading: Reading, steps: Steps) -> Fact[StudyKind] | None:
    for kind, pattern, fields in steps:
        for sentence, _ in reading.find(pattern, fields):
            if not NOT_DONE.search(plain(sentence)):
                return Fact(kind, sentence)
    return None


def _trial(reading: Reading) -> Fact[StudyKind] | None:
    for pattern, fields in ((TRIAL, FIELDS), (TRIAL_BY_NAME, STATED)):
        for sentence, _ in reading.find(pattern, fields):
            if not NOT_A_TRIAL.search(plain(sentence)):
                return Fact("trial", sentence)
    return None


def _lab_or_mixed(
    reading: Reading, species: tuple[str, ...], participants: int | None
) -> Fact[StudyKind] | None:
    """Animals, cells and tissue are lab; with living people beside them, mixed."""
    tissue = reading.first(DEAD_TISSUE) if participants is None else None
    bench = _animal_sentence(reading, species) or reading.first(LABORATORY)
    if not bench:
        return Fact("lab", tissue) if tissue else None
    followed = "human" in species and reading.first(FOLLOWED, STATED) is not None
    living = participants is not None or (followed and not tissue)
    return Fact("mixed" if living else "lab", bench)


def _animal_sentence(reading: Reading, species: tuple[str, ...]) -> str | None:
    for name in species:
        if name != "human" and (sentence := reading.first(ANIMALS[name])):
            return sentence
    return None
