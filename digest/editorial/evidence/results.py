"""Whether there are results at all: a protocol, or a study still under way, has none."""

from __future__ import annotations

from digest.editorial.evidence.reading import Reading
from digest.editorial.evidence.vocabulary import cue
from digest.values import Fact

STUDY = r"(?:stud(?:y|ies)|trial|review|project|work|survey|research)"
RESULTS = r"(?:results?|findings?|outcomes?|answers?|data|conclusions?|figures)"
NO_RESULTS = cue(
    rf"no {RESULTS} (?:\w+ )?(?:yet|so far|are|is|to report|have|has|can|will|of its own)",
    rf"(?:reports?|holds?|gives?|offers?|presents?|has|have|contains?|are|were|without) (?:\w+ )?"
    rf"no {RESULTS}(?: (?:yet|so far))?(?! (?:of|in|that|between|on|for|about))",
    r"(?:nothing|none|not anything) (?:has been found |is )?(?:to report|found|known) (?:yet"
    r"|so far)",
    rf"{RESULTS} (?:are|is) (?:not (?:yet )?(?:available|known|in|expected|due|out)|still (?:to"
    r" come|awaited|outstanding|years)|years (?:away|off)|(?:due|expected|awaited) (?:in|by|next"
    r"|at|only|around))",
    rf"until the {RESULTS} (?:are|is|come) (?:in|out)",
    r"(?:this is|it is|only|just|publication is|paper is|article is|merely) (?:\w+ )?a "
    r"(?:study |trial |review )?(?:protocol|plan|blueprint)",
    r"(?:study|trial|review) (?:protocol|plan)|protocol (?:for|of) (?:a|the|this)",
    r"the protocol (?:describes|explains|outlines|sets out|lays out)",
    rf"(?:planned|upcoming|forthcoming|future) {STUDY} (?:will|that will|would|is to|aims)",
    r"(?:planned|upcoming) (?:review|study|trial)",
    rf"{STUDY} (?:planned|being prepared|gets ready|has (?:not|n't) (?:yet )?(?:started|begun))",
    rf"{STUDY} (?:that )?(?:has|have) (?:not|yet to) (?:yet )?(?:enrol\w*|recruit\w*|start\w*"
    rf"|beg\w+)",
    r"(?:has|have) not (?:yet )?(?:enrolled|recruited|treated) any(?:one|body| patients)",
    r"still (?:recruiting|enrolling|under ?way|running|being (?:collected|carried out))",
    rf"{STUDY} is (?:still )?(?:ongoing|not yet complete\w*|at an early stage|only beginning)",
    r"recruitment (?:opens|starts|begins|will|is (?:due|still)|has (?:only )?(?:just )?begun)",
)


FOUND = cue(
    r"found|finds|showed|shows|shown|saw|seen|discovered|revealed|turned out|suggests?|suggested",
    r"common|likely|likelier|twice|half|improved|fell|rose|dropped|increased|decreased|reduced|lowered|eased|worsened|slowed|linked",
    r"(?:more|less|fewer|lower|higher|better|worse|faster|slower)\b[^\n]* than|no difference",
)


def read_results(reading: Reading) -> Fact[bool]:
    """Whether something was found, with the sentence that says so.

    False for a protocol or a study still under way.
    """
    if sentence := reading.first(NO_RESULTS):
        return Fact(False, sentence)
    told = reading.first(FOUND, ("found",)) or next(reading.sentences(("headline", "found")), "")
    return Fact(True, told)
