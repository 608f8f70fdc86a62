"""What a publication says of itself: a review, a case report, an opinion, or nothing at all."""

from __future__ import annotations

from digest.editorial.evidence.vocabulary import (
    FAIR,
    HINT,
    KIN,
    NUMBER,
    ONE,
    OUTRIGHT,
    PAPERS,
    PLAIN_WORDS,
    REPORT,
    Cues,
    cue,
)

REVIEW: Cues = (
    (
        OUTRIGHT,
        cue(
            r"meta-?analys[ei]s|meta-analytic|evidence (?:synthesis|map)",
            r"(?:systematic|scoping|literature|narrative|umbrella|planned|comprehensive|critical"
            r"|cochrane|rapid|mini-?|new|recent|fresh|broad|large|big|state-of-the-art)[ -]?"
            r"(?:review|overview)s?(?! (?:board|committee))",
            r"review(?<!chart review)(?<!record review)(?<!records review)(?<!notes review)"
            r" (?:articles?|papers?|finds|found|shows|suggests|plan|concludes|looks|covers)",
            r"(?:the|this|a|our|their|in) (?:(?!charts?|records?|files?|notes?|medical|quick)\w+ )?"
            r"(?:review|overview)"
            r"(?! (?:board|committee|of (?:\w+ ){0,3}(?:records|charts|files|scans|notes|images)))",
            r"review(?:s|ed|ing)? (?:(?:the|existing|current|recent|published|earlier|past|all|of"
            r"|previous|available|many|several|what|\d[\d,]*) )*"
            r"(?:evidence|studies|research|literature|trials|articles|papers|knowledge|findings)",
            r"(?:pool(?:ed|s|ing)?|combin(?:ed?|es|ing)|merg(?:ed?|es|ing)|gather(?:ed|s|ing)?"
            r"|collect(?:ed|s)?|(?:put|puts|putting|bring|brought|brings|bringing|pull|pulled"
            r"|pulls|draw|draws|drew|drawing|took|taken|add(?:ed)?) (?:together|up|on)"
            r"|search(?:ed)?|summari[sz](?:es?|ed|ing)|summed up|sums up|included"
            r"|comb(?:ed|s|ing)?|sift(?:s|ed|ing)?|trawled|scoured|weigh(?:s|ed|ing)?(?: up)?"
            r"|compiled|screened|lean(?:s|ed)? on|relie[sd] on|rel(?:y|ying) on|rests? on|read"
            r"|read through|went through|going through|goes through|appraised|synthesi[sz]ed"
            r"|draws? (?:together|on)|putting|took stock of|takes stock of|covers?|unites|united"
            r"|considered|identified|distill?ed|boiled down|condensed|waded through|digested"
            r"|plou?gh?w?ed through|chewed through|raked through|spans|spanning|turned up"
            r"|unearthed|tall(?:y|ied)|looked (?:at|through))"
            rf" (?:(?!people|patients|from)[\w,'-]+ ){{0,6}}?{PAPERS}",
            rf"(?!two |three |four )(?<!phase ){NUMBER} (?:(?:published|separate|small|suitable"
            rf"|relevant"
            r"|clinical|controlled|randomi[sz]ed|such|older|eligible|different|large|good)"
            rf" ){{0,3}}{PAPERS}",
            rf"(?:{NUMBER}|many|most|published) (?:\w+ )?(?:papers|articles|abstracts"
            r"|reports)(?! of (?:side|harm|adverse))",
            r"(?:what|all|anything|everything)[^\n]{0,30}(?:in print|been (?:printed|published"
            r"|written)|printed since)|essay|published (?:experiments|work)",
            rf"{NUMBER} (?:\w+ )?experiments (?:\w+ )?(?:published|were (?:pooled|collected))"
            rf"|published since",
            r"tak(?:e|es|ing|en) stock|took stock|taught us",
            r"(?:summ\w+ up|sums? up|summari[sz]\w+|draw\w* on|rest\w* on|(?:bring|pull|draw)\w*"
            r" together|(?:brought|drew) together|weigh\w*|go(?:es|ing)? (?:through|over)|went"
            r" (?:through|over)|look\w* back (?:at|on)|sift\w*|pool\w*|retrac\w+) (?:[\w-]+ ){0,4}"
            r"(?:research|evidence|findings|knowledge|discoveries|experiments)",
            rf"(?:pooled|existing|included) {PAPERS}",
            rf"existing research|research papers|{PAPERS} (?:\w+ )?(?:were|was|are) (?:pooled"
            r"|combined|included|found|merged|lumped together|reviewed|put into one pot|read"
            r"|sifted|weighed)",
            rf"(?:pooled|merged|combined|added together|put together|gathered|drawn) (?:\w+ )?from"
            rf" (?:\w+ ){{0,3}}{PAPERS}",
            r"everything (?:already )?(?:published|written|known)",
            r"(?:summary|synthesis|round-?up|digest|survey|sweep) of (?:\w+ ){0,3}(?:studies"
            r"|literature|papers|articles|trials|evidence|research)",
            rf"databases (?:\w+ ){{0,3}}for (?:\w+ ){{0,3}}{PAPERS}",
            rf"(?:side by side|in one pot|under one roof)[^\n]*{PAPERS}",
            rf"{PAPERS}[^\n]{{0,60}}(?:side by side|under one roof|in one pot)",
        ),
    ),
    (
        FAIR,
        cue(
            r"literature|reviewers|(?:past|previous|published) research|earlier work"
            r"|published evidence",
            r"(?:decades|years) of (?:\w+ ){0,2}(?:research|studies|work|evidence|trials|findings)",
            rf"(?:large|great|small|limited|good) number of (?:\w+ )?{PAPERS}",
            rf"(?:three|four|\d+) (?:\w+ )?{PAPERS}|(?:published|available|relevant) {PAPERS}",
            rf"(?:taken together|together|between them|on the whole), (?:\w+ )?(?:\w+ )?{PAPERS}"
            rf"|(?:earlier|previous|past) {PAPERS} (?:\w+ )?(?:taken|put|point|say|agree|together)",
            r"what (?:is|was|has been|have been|we|scientists|researchers|science|research|others"
            r"|decades of [\w ]{1,20}) (?:have |has )?(?:already |now |so far )?(?:know[ns]?"
            r"|learn(?:ed|t)|discovered|written|published|found|tells?)",
            r"what (?:the (?:last|past) (?:\w+ )?(?:decades?|years)|studies|trials)",
            r"(?:state|body|wealth) of (?:the )?(?:knowledge|evidence|research|art)"
            r"|current knowledge",
            r"recent discoveries|data (?:available|published) (?:until|up to|by)",
            r"(?:the|these|its|most|many|some|few|all|of the|which|included|original|underlying"
            rf"|older) (?:of (?:the )?)?(?:{PAPERS}) (?:it |they |that )?(?:\w+ )?(?:differ\w*"
            r"|var(?:y|ied)|used|were (?:small|short|of|pooled|included|too)|included|had|came"
            r"|measured|disagreed|agreed|defined|covered|lasted|come|rely)",
            rf"(?:quality|design|size) of (?:the )?(?:\w+ )?{PAPERS}",
            rf"(?:in|across|among) (?:most|many|all|both|several|some|few|of|nearly)"
            rf" (?:of )?(?:the )?(?:included )?{PAPERS}",
            rf"which {PAPERS} to include|{PAPERS} to be included|by paper|from paper to paper",
            r"(?:put on|on) one scale|counts taken together|grand tally|publication bias"
            r"|unpublished|patient-years across",
            r"network of comparisons|data of several trials|most of the research",
        ),
    ),
    (
        # Papers that explain how something works, where nothing was measured.
        HINT + 1,
        cue(
            r"(?:article|paper|authors?) (?:also )?(?:explain(?:s|ed)?|discuss(?:es|ed)?"
            r"|summari[sz]e[sd]?|outlines?|describes? how|argues?|reviews?|walks?|lays? out how"
            r"|goes over|brings? together|sets out what|trace[sd]? (?:how|what))",
            r"(?:article|paper) (?:highlights?|stresses|proposes|explores|describes|covers|looks at"
            r"|deals with|presents|examines|focuses on|sets out|lists|traces|warns|walks)",
            r"mix of (?:\w+ )?(?:studies|research)",
            r"older (?:studies|research|literature|work)",
        ),
    ),
)

# The summary itself says that it does not know how the study was done.
NOT_TOLD = cue(
    rf"{REPORT} (?:\w+ ){{0,3}}(?:is silent|silent on|leaves open|says nothing|gives (?:neither|no)"
    r"|(?:does|did) not (?:say|tell|reveal|state|explain|disclose|mention))",
    r"(?:how|whether|what (?:sort|kind|type) of)[^\n]{0,40}(?:stud(?:y|ied)|authors|compar\w+|came"
    r"|people|work was|tested|measured|done|groups|this was|findings?|seen)[^\n]{0,60}"
    r"(?:is|was|are) not (?:explained|revealed|told|stated|disclosed|spelled out|given|made clear)",
    r"what (?:sort|kind|type) of (?:research|study|work) (?:\w+ ){0,3}(?:was|is|lies|this)",
    r"without (?:saying|telling|explaining|any word on|knowing) how (?:people|it was|many|the"
    r" (?:comparison|study|groups|test))|we are not told|nowhere (?:says|states|explains)",
    r"(?:do|does) not know how (?:many|it was|people|the (?:study|comparison))",
)

# What experts agree on or believe is no study: it is "unclear", and outweighs hints only.
OPINION = cue(
    r"consensus|delphi|joint opinion|experts agree\w*|(?:expert|experts') (?:opinions?|panels?"
    r"|statement|view)",
    r"(?:panel|circle|board|committee) of (?:\w+ ){0,2}(?:experts|specialists)",
    r"(?:guidelines?|advice|recommendations?|statement) (?:\w+ ){0,2}(?:drawn up|issued|written)",
    r"(?:have |had )?agreed (?:\w+ )?(?:on|that|when|how) (?:\w+ ){0,4}(?:rules|advice|steps|when"
    r"|how|what|which|definition|names?|criteria)",
    r"commentary|editorial|viewpoint|opinion piece|position (?:paper|statement)",
)

CASE_BY_NAME = cue(r"case (?:report|series|history|histories|stud(?:y|ies) of (?:a|one|two))")
PRONOUN = cue(r"(?<!or )(?<!says )(?<!said )(?:she|he) (?!or\b|and\b|says|said)\w+")
# Only where few people were studied: "a single patient had PML" is said of large trials too.
CASE: Cues = (
    (
        OUTRIGHT,
        cue(
            r"(?:report|article|paper|case|story|study|account)(?: \w+){0,2}"
            r" (?:covers|describes|concerns|involve[sd]|on|about|of|follows|followed|tells of)"
            rf" (?:only |just )?(?:one|a single|a) {PLAIN_WORDS}{ONE}",
            r"(?:describes?d?|tells?|told|recounts?(?:ed)?|writes?|wrote|reports?|reported"
            r"|presents?(?:ed)?|portray(?:s|ed)?|came across|documents?|documented|saw|treated"
            r"|share[sd]?|sets? out) (?:(?:on|of|about|up|the (?:case|story|history)|of) ){0,3}"
            rf"(?:(?:an?|one) {PLAIN_WORDS}{ONE}|(?:two|three|four|five|six|seven|eight|nine|ten"
            rf"|eleven|twelve|thirteen|fourteen|fifteen|[2-9]"
            rf"|1[0-5]) {PLAIN_WORDS}{KIN})(?! (?:groups?|stor(?:y|ies)|said|reported))",
            r"an?(?<!among a)(?<!among an)(?<!than a)(?<!than an) \d+-year-old"
            r"|an? \w+-year-old (?:[\w-]+ ){0,2}"
            r"(?:woman|man|girl|boy|patient|mother|father|teacher|nurse)",
            r"a (?:woman|man|patient|person) in (?:her|his|their) (?:early |mid-?|late )?"
            r"(?:\d0s|twenties|thirties|forties|fifties|sixties|seventies)",
            r"a (?:woman|man|girl|boy|patient),? (?:of |aged )?(?:\d\d?|(?:twen|thir|for|fif|six"
            r"|seven|eigh)ty(?:-\w+)?)(?:,| who| with| had| was| years)",
            r"(?<!not )(?:a|one) single (?:patient|case|person)|one (?:patient's|woman's"
            r"|man's) (?:story|case)",
            r"\w+, (?:aged |now )?[1-8]\d, (?:who|had|was|lost|felt|woke|went|came|a)|(?:trio"
            r"|quartet|pair) of (?:\w+ )?(?:sisters|brothers|siblings|women|men|patients|girls|boys"
            r"|friends|twins)|(?:she|he) and (?:her|his) (?:twin |older |younger )?(?:sister"
            r"|brother|mother|father|daughter|son)",
            r"an? (?:[\w-]+ ){1,4}?(?:of (?:two|three|four))?,? (?:aged |now )?[2-8]\d, (?:who|had"
            r"|was|lost|felt|woke|went|came)|one of (?:their|her|his|its|our) patients",
            r"individual (?:stories|cases)|single-patient|(?:one|two|three|four|five|six|seven"
            r"|eight|nine|ten) (?:stories|cases) (?:cannot|can't|from|do not|is|are|prove|like)",
        ),
    ),
    (
        FAIR,
        cue(
            r"(?<!or )(?<!says )(?<!said )(?:she|he) (?!or\b|and\b|says|said)\w+",
            r"(?:both|all (?:three|four|five|six)|the (?:first|second|third|other|oldest|youngest))"
            r" (?:of them )?(?:recovered|died|improved|got better|patient|woman|man|child|girl"
            r"|boy)",
            r"(?:one|the) (?:girl|boy|woman|man|patient|sister"
            r"|brother) (?:with \w+ )?(?:developed|was|had|got|recovered"
            r"|died|came|improved|never|needed)",
            r"(?:this|these|one|single|a|so few|only) (?:one |two |three |four |five )?"
            r"cases? (?:cannot|can't|do(?:es)? not|proves?|is not)",
            r"one (?:person|patient) (?:cannot|can't|proves|is not|says)",
            r"so few stories|in (?:the )?(?:two|three|four|five) (?:women|men|girls|boys|siblings)"
            r"|report on (?:the )?(?:women|men|patients|children|people|siblings) who"
            r"|(?:described|told|listed) one by one|each story|their doctors (?:describe|tell"
            r"|report)",
            r"family of (?:four|five|six)|members of (?:one|a single|the same) family",
        ),
    ),
)
