"""Whom a sentence speaks to: its grammatical subject, and whether it has something to say to it.

In: one sentence of the why paragraph or of the limits. Cues are data; subjects read the text as
written, all others `plain` text.
"""

from __future__ import annotations

import re

from digest.editorial.cues import cue
from digest.values import Audience

_SICK = r"(?:MS|multiple sclerosis|NMOSD|MOGAD)(?! (?:specialist|expert|nurse|team)s?)"
_HAVE_IT = (
    rf"(?: (?:\w+ )?(?:with|living with|who (?:has|have|lives? with)) (?:[\w-]+ ){{0,2}}?{_SICK}"
    r"|(?: who (?:still )?wait| who are waiting| waiting| awaiting)(?: for)? (?:an?|the|their)"
    r" diagnosis"
    r"| living with (?:this|the) (?:form|type|kind|disease|condition)(?: of MS)?"
    r"|(?: who (?:are|is|takes?|starts?|uses?|plans?|wants?)| already)? (?:on|taking|starting"
    r"|using|receiving|about to start|switching|stopping|planning|considering)"
    r"|(?: already| newly| recently| just)? (?:diagnosed|affected))"
)
_MANY = r"(?:(?:Many|Most|Some|All|Older|Younger|Newly diagnosed|Few|Several|Individual|The|MS) )*"
_PEOPLE = (
    r"(?:[Pp]eople|[Pp]ersons|[Ii]ndividuals|[Ww]omen|[Mm]en|[Aa]dults|[Rr]eaders|[Pp]arents"
    r"|[Mm]others|[Ff]athers|[Ss]tudents|[Ss]mokers|[Vv]eterans|[Tt]eenagers)"
)
_ANYONE = r"(?:[Aa]nyone|[Aa]nybody|[Ee]veryone|[Ss]omeone|[Tt]hose)"
NOUNS: dict[Audience, str] = {
    "patient": (
        rf"{_MANY}(?:[Pp]atients|[Nn]ewly diagnosed people|{_PEOPLE}{_HAVE_IT})|{_ANYONE}{_HAVE_IT}"
        rf"|If you (?:have|live with|are living with) {_SICK}"
    ),
    "caregiver": (
        rf"{_MANY}(?:[Ff]amily )?(?:[Cc]are ?givers|[Cc]arers|[Cc]are partners|[Ff]amily members"
        r"|[Hh]ousehold members|[Hh]elpers|[Ll]oved ones|[Ff]amilies|[Rr]elatives|[Ss]pouses"
        r"|[Pp]artners|[Hh]usbands|[Ww]ives|[Ss]iblings|[Ff]riends|[Ff]amily(?= (?:and|or) friends)"
        r"|[Pp]arents(?! with))"
        rf"|(?:{_PEOPLE}|{_ANYONE}) (?:who )?(?:car(?:e|es|ing) for|look(?:s|ing)? after|supports?"
        r"|supporting|lives? with (?:someone|a person)"
        r"|shares? (?:a|their) (?:home|house|life) with)"
    ),
    "clinician": (
        rf"(?:{_MANY}|Medical |Clinical |Family |Eye |Hospital |Community |Primary care )"
        r"(?:[Hh]ealth[- ]?[Cc]are (?:providers|professionals|workers|teams)|[Pp]roviders"
        r"|(?:[Hh]ealth |[Cc]are |[Mm]edical |[Cc]linical )?(?:[Pp]rofessionals|[Tt]eams|[Ss]taff)"
        r"|[Hh]ealth workers|[Dd]octors|[Cc]linicians|[Pp]hysicians|\w+ologists|[Nn]urses"
        r"|[Tt]herapists|[Pp]hysiotherapists|(?:[Pp]hysical|[Oo]ccupational|[Ss]peech) therapists"
        r"|[Pp]rescribers|[Pp]harmacists|[Mm]idwives|[Oo]bstetricians|[Dd]ietitians|[Ss]urgeons"
        r"|[Oo]pticians|[Oo]ptometrists|[Rr]adiographers|[Pp]a?ediatricians|[Pp]sychiatrists"
        r"|[Cc]ounsell?ors|[Gg]eneral practitioners"
        r"|[Cc]linics|GPs|[Ss]pecialists|[Pp]ractitioners)"
    ),
}
_ANY = "|".join(NOUNS.values())
_AND = r"(?:,| and| or|, and|,? as well as) (?:their |the |those )?"
# "Patients and their families can …": the subject is both.
SUBJECTS: dict[Audience, re.Pattern[str]] = {
    audience: re.compile(
        rf"""["'“‘(]*(?:(?:{_ANY}){_AND})*(?:{nouns})(?:{_AND}(?:{_ANY}))*(?![\w'’:])"""
    )
    for audience, nouns in NOUNS.items()
}

ADVISES = cue(r"should|must|need|ought")
# The summary advertises itself: "should care because", "who understand this can …".
_THIS_STUDY = (
    r"(?:this|these|the (?:findings?|research|study|results?|news|insights?))(?! \w+ (?:of|in)\b)"
)
PITCH = cue(
    r"(?:should|may want to|might want to|will want to|may wish to|need to|can|must|have reason to"
    r"|has reason to|ought to) (?:\w+ )?"
    rf"(?:care(?! for| about)|care about {_THIS_STUDY}|be (?:interested|excited|reassured)"
    r"|take (?:note|notice|an interest|heed)"
    r"|(?:learn|profit|gain|take) (?:\w+ )?from (?:this|these|it|knowing)"
    rf"|(?:explore|note|notice|watch|follow|heed|welcome|know about|look at) {_THIS_STUDY}"
    rf"|pay (?:\w+ )?attention(?! to (?!{_THIS_STUDY})))",
    r"(?:who|that) (?:\w+ )?(?:grasp|understand|hear|learn|know|read|realize|realise) "
    r"(?:about|of|this|these|it|what|how|why)",
    r"(?:have|has) (?:a stake|an interest|reason to (?:care|follow|watch))",
    # who paid for it
    r"(?:donat\w+|fund\w*|pay|paid|raised|grants?) (?:\w+ ){0,5}(?:work|study|research|trial)",
    r"find (?:it|this|these) (?:\w+ )?(?:important|useful|helpful|interesting|of interest)",
)
# "Many patients are handed a list", "Families wonder": how things stand, said to nobody.
SOME = re.compile(r"(?:many|most|some|few|several)\b")
STANDING = re.compile(
    r" (?:\w+ )?(?:keep \w+ing|wonder|ask|fear|worry|complain|dread|know the|have heard|seldom"
    r"|rarely|(?:do not|don't) know)\b"
)
SPEAKS = re.compile(r" (?:\w+ly )?(?:can|may|might|could|should|must|need|will|ought)\b")
# "Caregivers are the scaffolding": a description; "are the first to notice" is a fact.
DESCRIBES = re.compile(r" (?:are|is) (?:the|an?|like)\b(?! (?:first|only|best|right|ones?)\b)")
# After a study in animals or cells, readers may be told what to know, never what to do or expect.
TO_KNOW = cue(
    r"(?:should|must|need|can|could|may|might|will|would|do|does|ought) (?:\w+ )?(?:not|never)",
    r"cannot|no longer|(?:should|must) (?:\w+ ){1,6}before",
    r"(?:can|may|might|should|must|will|ought to|need to) (?:\w+ly )?"
    r"(?:know|remember|understand|note|hear|learn|meet|(?:like|want) to know|be (?:\w+ )?aware"
    r"|keep in mind|bear in mind)",
)


def is_idle(line: str, start: int) -> bool:
    """Whether a plain `line`, its subject ending at `start`, has nothing to say to its readers.

    It advertises the study, paints its readers, or tells how things stand.
    """
    after = line[start:]
    if PITCH.search(line) or DESCRIBES.match(after):
        return True
    if SPEAKS.match(after):
        return False
    return STANDING.match(after) is not None or SOME.match(line) is not None
