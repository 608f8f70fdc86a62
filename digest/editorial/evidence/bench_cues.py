"""Work at the bench: dishes, cultures, cells and tissue. Animals are read in `species.py`."""

from __future__ import annotations

from digest.editorial.evidence.vocabulary import PEOPLE, cue

DISH = cue(
    r"lab(?:oratory|oratories)? (?:experiments?|conditions|models?|checks|studies|work|bench"
    r"|grown|setting|animals?|cultures?)|(?:grown|raised|made|kept|tested) in the lab(?:oratory)?",
    r"(?:lab|laboratory|petri|culture|cell|plastic|glass)[ -]dish(?:es)?|in (?:a |the |their )?"
    r"(?:\w+ )?dish(?:es)?|to (?:the )?dishes|flasks?",
    r"in (?:a|their|our) lab(?:oratory)?\b(?! (?:bed|sleep))|lab-grown|in vitro|organoids?",
    r"mini-?brains?|chemists?|test[- ]tubes?|cell (?:cultures?|lines?)|brain slices?",
    r"grown from (?:\w+ )?(?:stem|skin|human|blood|patients)|made from (?:the )?(?:skin|blood"
    r"|urine)",
    r"cultured|in cultures?|experiments (?:on|with) (?:\w+ ){0,2}cells|incubat\w+",
    r"(?:grew|cultivated|reprogrammed|coaxed) (?:[\w-]+ ){0,3}(?:cells|neurons|organoids|tissue)",
    r"engineered (?:human |mouse )?stem cells|(?:reprogrammed|stem[- ]cell-derived) (?:\w+ )?cells",
    r"(?:strips?|slivers?|snippets?) of (?:\w+ ){0,2}(?:muscle|skin|nerve|wall|vessel)|in a bath"
    r"|(?:rest|rests|rested|based|relies|relied) (?:\w+ ){0,3}(?:lab|laboratory) \w+|(?:atlas|map"
    r"|census) of (?:[\w']+ ){0,4}cells|turned (?:\w+ )?(?:skin|blood|stem) cells|(?:bathed|exposed"
    r"|soaked|treated) (?:the |these )?(?:\w+ )?(?:\w+ )?cells|outside the body",
)
MATTER = r"(?:brains?|tissue|samples?|donors?|spinal cords?|slices|specimens)"
DEAD_TISSUE = cue(
    r"autops\w+|post-?mortem",
    rf"{MATTER}[^\n]{{0,80}}(?:who (?:had |have )?died|after (?:their )?death|after they died"
    rf"|left to"
    r" science)",
    r"donated (?:\w+ )?(?:brains?|tissue)|brain (?:donors?|banks?)|tissue banks?",
    r"human (?:\w+ )?(?:tissue|specimens?)|(?:brains?|tissue) (?:\w+ ){0,3}donated|tissue samples",
    r"(?:slices|pieces|blocks|samples) of (?:[\w-]+ ){0,3}(?:brain|tissue|spinal cord)",
    r"(?:studied|examined|looked at|analy[sz]ed|used|compared)[^\n]{0,60}(?:brain|cord|ms) "
    r"(?:tissue(?! (?:loss|damage|volume|shrink))|samples?)",
    r"donors?' (?:brains?|tissue)|(?:tissue|brains) (?:\w+ )?(?:of|from) (?:\w+ )?donors",
    r"brain (?:cells|samples|slices|blocks) (?:\w+ )?(?:of|from|donated)",
    rf"(?:(?:brain|nerve|skin|stem) cells|tissue|neurons) (?:taken |made |grown )?(?:from|of) "
    rf"(?:[\w-]+ )?(?:{PEOPLE}|donors?)",
)
# Beside animals and dishes, these say that living people gave results too.
LIVING = cue(
    r"scanned|scans of|followed|interviewed",
    rf"(?:samples?|blood|fluid|stool|serum|saliva)[^\n]{{0,50}}{PEOPLE}[^\n]{{0,30}} (?:held|had"
    r"|showed|contained|carried|revealed|differed|were)",
    rf"(?:studied|studying|examin\w+|compar\w+|tested|tracked) (?:[\w-]+ ){{0,5}}?{PEOPLE}",
)
OF_CELLS = cue(
    r"cells?|proteins?|genes?|molecules?|receptors?|enzymes?|microglia|astrocytes?|myelin|dna"
    r"|oligodendrocytes?|neurons?|mitochondria|lesions?|nerve fib\w+|axons?|virus\w*|antibod\w+"
    r"|chemicals?|signals?|tissues?|barrier"
)
STUDIED_THEM = cue(
    r"(?:researchers|scientists|biologists|immunologists|team|they|authors"
    r"|study) (?:\w+ ){0,2}(?:found|saw|observed|discovered|came across|showed|compared|examined"
    r"|tested|blocked|watched|measured|identified|spotted|traced|studied|drew|mapped|charted)"
    r"|(?:found|saw), (?:the )?(?:researchers|scientists)|researchers found|study showed"
)
# Where no people are spoken of at all, a find in cells was made at the bench.
FOUND_IN_CELLS = cue(
    r"(?:researchers|scientists|team|biologists|immunologists) (?:\w+ )?(?:found|came across"
    r"|discovered|identified|spotted|saw|observed|showed|blocked|switched|engineered|designed)"
    r"(?:(?!people|patients|women|men|children|adults)[^\n]){0,60}(?:cells?|proteins?|genes?"
    r"|molecules?|enzymes?|receptors?|compounds?|antibod\w+)"
)
