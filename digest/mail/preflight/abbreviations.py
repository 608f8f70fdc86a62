"""Short forms that nobody explains: neither the card in which they stand nor its theme's words.

Two lists say which need no explaining: one for everybody, a longer one for clinicians. One finding
an edition names the rest; the sentences themselves are never changed (law 9).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, Study, listed, warns

_EVERYDAY = (
    "AD AI AIDS AM BC CEO CoV COVID DIY DNA EMA EU FAQ FDA GP GPS HIV ID IQ IT MD MRI MS NHS OK "
    "PC PhD PM pwMS SARS SMS TV UK UN US USA USD WHO"
)
_CLINICAL = (
    "ACTH ADEM ADHD ADL AE AHSCT ALS ALT AQP ARR AST ATP AUC BBB BCG BDI BDNF BMI BP BTK CAM "
    "CAR CBC CBT CD CDP CI CIS CK CMV CNS CRP CSF CT DEXA DMD DMF DMT DRB DSM EAE EBNA EBV ECG "
    "EDSS EEG EMG EMR ER FLAIR FSS FTY GA GFAP GI GM GWAS HADS HBV HCV HDL HHV HLA HPV HR HRQoL "
    "HSCT ICD ICU IFN IgA IgE IgG IgM IL IM IQR IRR IRT ITT IU IVIG JAK JC JCV LDL LP MFIS MHC "
    "miRNA MOG MOGAD mRNA MSC MSFC MSIS MSQOL MSSS NAA NAWM NEDA NfL NIH NK NMDAR NMO NMOSD NNH "
    "NNT NSAID OCB OCT ON OR OT PASAT PBMC PCR PD PDDS PE PEG PET PHQ PIRA PML PPMS PRO PT PTSD "
    "QOL QoL RAW RCT RES RIS RNA RNFL RR RRMS RSV SAE SCT SD SDMT SE SF SLE SMD sNfL SNP SPF "
    "SPMS SSRI TB tDCS TIA TMS TNF TSH UTI UV UVB VAS VEP VZV WBC WM"
)
# Capitals for other reasons: numbers, and words that are said aloud.
_SAID_LOUD = "NO NOT AND OR BUT ALL YES NEW IS ARE DO CAN ONE TWO THE OF IN TO"

EVERYDAY = frozenset(_EVERYDAY.split())
CLINICAL = EVERYDAY | frozenset(_CLINICAL.split())
SAID_LOUD = frozenset(_SAID_LOUD.split())
_ROMAN = re.compile(r"[IVX]{2,5}")
# EBV, mRNA, NfL, CD20, IL-6, DMTs; not McDonald, not a name in small letters and one capital.
SHORT = re.compile(
    r"(?<![\w.])(?P<letters>[a-z]{0,2}(?:[A-Z]{2,6}|[A-Z]{1,3}[a-z][A-Z]{1,3}))"
    r"(?P<figure>-?\d{1,4}[a-z]?)?(?:['’]?s)?(?!\w)"
)
_WORD = re.compile(r"[^\W_]+")
MOST_LISTED = 8
FAR = 200  # characters within which a short form is spelled out


def undefined(mail: Mail) -> Iterator[Finding]:
    """Each short form with the studies in which it stands unexplained."""
    known = CLINICAL if mail.audience == "clinician" else EVERYDAY
    explained = _in_words_boxes(mail)
    where: dict[str, list[Study]] = {}
    for study in mail.studies:
        said = explained.get(study.card.anchor, frozenset())
        for short in unexplained((study.card.title, *study.sentences), known | said):
            where.setdefault(short, []).append(study)
    if where:
        named = [f"{short} ({_numbers(studies)})" for short, studies in where.items()]
        what = f"abbreviations are not explained: {listed(named, MOST_LISTED)}"
        mend = "Explain them in a glossary of your own, which config.yaml names (docs/glossary.md)."
        if mail.audience == "clinician":
            mend = "See whether your readers know them."
        yield warns("abbreviations", mail.name, what, mend)


def unexplained(texts: tuple[str, ...], known: frozenset[str]) -> list[str]:
    """The short forms of one card that are not `known` and that its texts do not spell out."""
    card = "\n".join(texts)
    found = dict.fromkeys(
        (match["letters"] + (match["figure"] or ""), match["letters"])
        for text in texts
        if any(char.islower() for char in text)  # else it is all in capitals
        for match in SHORT.finditer(text)
    )
    return [
        short
        for short, letters in found
        if not ({short, letters} & known or letters in SAID_LOUD or _ROMAN.fullmatch(letters))
        and not is_spelled_out(short, card)
    ]


def is_spelled_out(short: str, text: str) -> bool:
    """`optical coherence tomography (OCT)`, `OCT (optical …)` or `…, called OCT` in `text`.

    Any of the eight words before it, or a word inside the brackets, has its first letter.
    """
    first = short[0].casefold()
    form = rf"{re.escape(short)}(?:['’]?s)?(?!\w)"
    for match in re.finditer(rf"(?:\(\s{{0,3}}|\b(?:or|called|known as|short) ){form}", text):
        sentence = re.split(r"[.!?()]", text[max(0, match.start() - FAR) : match.start()])[-1]
        words = _WORD.findall(sentence)[-8:]
        if any(word[0].casefold() == first for word in words):
            return True
    inside = re.finditer(rf"(?<!\w){form}\s?\(([^()]{{1,{FAR}}})\)", text)
    return any(
        word[0].casefold() == first and word[1:].islower()
        for match in inside
        for word in _WORD.findall(match[1])
    )


def _in_words_boxes(mail: Mail) -> dict[str, frozenset[str]]:
    """By card: the short forms that the box of words under its theme explains."""
    return {
        card.anchor: frozenset(
            match["letters"] + (match["figure"] or "")
            for word in group.words
            for match in SHORT.finditer(f"{word.term} {word.seen}")
        )
        for group, section in zip(mail.edition.groups, mail.contents.sections, strict=True)
        for card in section.cards
    }


def _numbers(studies: list[Study]) -> str:
    """`study 2`, `studies 2 and 5`, `studies 1, 4 and 3 more`."""
    numbers = [study.name.split()[1] for study in studies]
    if len(numbers) <= 2:
        return f"{'study' if len(numbers) == 1 else 'studies'} {' and '.join(numbers)}"
    return f"studies {listed(numbers, 2)}"
