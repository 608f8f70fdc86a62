"""What is said of other studies, or denied of this one: it tells nothing of how this was done.

`kind.py` blanks these out before it looks for cues: trials that are wanted, earlier trials, "there
was no placebo". What is only about people treated alike ("no better than placebo") stays.
"""

from __future__ import annotations

import re

from digest.editorial.evidence.vocabulary import cue

NOT_THIS_STUDY = re.compile(
    # wanted: "larger trials are needed", "calls for a study", "until a trial has shown"
    r"\b(?:larger|bigger|longer|future|further|proper|good|rigorous) (?:[\w,-]+ ){0,4}(?:trials?"
    r"|stud(?:y|ies)|research|reviews?|surveys?|interviews|experiments?)\b|\b(?:calls?|called"
    r"|needs?|needed|waits?|waiting|asks?|wish|hopes?|awaits?|until|would need|requires?|plan(?:s"
    r"|ned)? next) (?:for |is )?(?:[\w,-]+ ){0,4}(?:trials?|stud(?:y|ies)|experiments?|surveys?"
    r"|reviews?)\b|\b(?:trials?|stud(?:y|ies)|reviews?|surveys?"
    r"|experiments?)\b[^\n,;.]{0,40}\b(?:needed|wanted|called for|under way|required|missing"
    r"|lacking|to come|should (?:follow|come|test)|must (?:show|test|follow|confirm)"
    r"|have to (?:show|follow|confirm)|would be (?:needed|the next)|is the next)\b"
    # denied: "there was no placebo", "nobody was assigned" - but not "no better than placebo"
    r"|\b(?:no|without|lack(?:ed|s|ing)?(?: of)?|absence of|missing"
    r"|instead of) (?:an? )?(?:\w+ )?(?:placebos?|sham|dummy|trials?|control group|comparison group"
    r"|blinding|controls)\b|\b(?:not|never|nobody|no one|none|without|rather than|instead of|n't|no"
    r"|nor)(?: (?!than|between|better|more|differ|know|knew|told|tell|aware|knowing"
    r"|one)[\w'-]+){0,3}? (?:randomi[sz]\w*|random|assign\w*|allocat\w+|blinded|by lot|by chance"
    r"|dice|coin|lottery|survey\w*|interview\w*|questionnaires?|followed|tracked|scanned"
    r"|comparative trials)\b|\b(?:not|never|nor|must|should|needs?|has|have|remains?|yet"
    r"|before)(?: [\w']+){0,4}? (?:been|be|being|was|were|is|are|to) (?:\w+ )?(?:tested|tried"
    r"|studied|confirmed|checked|repeated|examined|measured)\b(?=[^\n]*\b(?:people|patients|humans"
    r"|groups?|others|adults|first)\b)[^\n,;.]*|\b(?:not|never|no|nor|without|whether)(?: (?!only"
    r"|but|people)[\w,'-]+){0,5}? (?:animals?|mice|dish(?:es)?|lab(?:oratory)?)\b"
)
EARLIER_STUDY = re.compile(
    r"\b(?:earlier|previous|past|prior|original|older|former|closed|parent|preceding|old|pivotal"
    r"|approval|registration) (?:[\w-]+ ){0,3}(?:trials?|placebo\S*|surveys?|questionnaires?"
    r"|interviews|(?:animal|mouse|lab(?:oratory)?|dish) (?:stud(?:y|ies)|work|experiments?"
    r"|tests?))\b|\b(?:took|taken|taking) part in (?:a|the|an|one|two) (?:[\w-]+ ){0,3}trials?\b"
    r"|\b(?:when|after|once|since|before) (?:a|the|their|its|that) (?:[\w-]+ ){0,4}(?:trials?"
    r"|stud(?:y|ies))\b(?: (?:had )?(?:closed|ended|was over|stopped|finished))?"
    r"|\btrials? (?:members|volunteers|participants)\b|\b(?:members|volunteers) of (?:a"
    r"|the) (?:[\w-]+ ){0,3}trial\b|\barm of the (?:old|original|earlier) trial\b"
    r"|\bdiagnosed by (?:an )?interview\b|\btrials? (?:of|for) (?:approval|licen[cs]\w+)\b"
    # Genes are dealt by chance to everybody: that assigns no treatment.
    r"|\bmendelian randomi[sz]ation\b|\b(?:genes?|genetic|dna|variants?|inherit\w*|conception"
    r"|at birth|nature)\b[^\n]{0,60}?\b(?:at random|randomly|by chance|lottery|lots?|dice|coin)\b"
)
# A trial whose people are followed once it is over.
AFTER_A_TRIAL = cue(
    r"former (?:\w+ )?(?:trial|members|participants|volunteers)|(?:open-label|long-term) extension",
    r"(?:when|after|once|since) (?:the|a|their|that) (?:[\w-]+ ){0,3}trial (?:had )?(?:closed"
    r"|ended|was over|stopped|finished)|(?:went|carried|kept|stayed) on (?:\w+ ){0,3}(?:real|active"
    r"|open) (?:drug|treatment|medicine)|took part in an? (?:earlier |past |[\w-]+ )?trial",
    r"extension (?:study|phase|of)|trial (?:closed|ended|was over)|years after (?:a|the|their)"
    r" (?:\w+ )?trial",
)
