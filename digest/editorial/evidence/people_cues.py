"""What was done with people: treatments assigned by chance, questions asked, lives followed."""

from __future__ import annotations

from digest.editorial.evidence.vocabulary import (
    FAIR,
    GOT,
    GROUPS,
    HINT,
    NUMBER,
    PEOPLE,
    PUT,
    STRONG,
    TREATMENT,
    Cues,
    cue,
)

TRIAL: Cues = (
    (
        STRONG,
        cue(
            r"randomi[sz](?:ed|es?|ation|ing)|non-?inferiority",
            r"at random(?<!picked at random)(?<!chosen at random)(?<!selected at random)"
            r"(?<!drawn at random)(?<!invited at random)"
            r"|in random order|random (?:list|numbers?|order|sequence|draw|allocation|assignment)"
            r"|(?:allocation|order|assignment|sequence|which|who got what"
            r"|who got which)[^\n]{0,40} (?:was|were|is) random",
            r"(?:at random (?:to|for|into))|(?:drawn|picked|pulled|names) (?:from|out of) (?:a"
            r"|the) hat|dice|(?:computer|chance) dealt|identical(?:-looking)? (?:capsules?|pills?"
            r"|tablets?|drinks?|injections?|powders?)|nothing in it|no active ingredient|dumm(?:y"
            r"|ies)|in on it|fakes?|bogus|phon(?:y|ey)|(?:current|device|lamp|magnet"
            r"|stimulator)s? switched off|only one (?:of them )?(?:contained|held|had)|(?:a"
            r"|the) (?:draw|lottery|lot|coin|dice|die|computer|random list|envelopes?"
            r"|toss) (?:had )?(?:decided|settled|chose|determined|ruled|said|picked)"
            r"|neither [^\n]{0,40}(?:could tell|knew|was told|were told)",
            r"randomly (?:assigned|divided|split|placed|put|given|allocated|allotted|sorted|got"
            r"|received|selected to|chosen to|told|offered)",
            rf"{PUT} (?:[\w,-]+ ){{0,8}}?(?:by chance|at random|by lot(?:tery)?)",
            r"assigned (?:[\w,-]+ ){1,10}to (?:\w+ ){0,6}(?:or|either)",
            r"(?:by chance|at random|by lot(?:tery)?|random(?:ly)?) (?:\w+ )?"
            r"(?:to|into|between|either|for|among|who)",
            rf"chance (?:alone )?(?:decide[ds]?|determined|sent|settled|ruled|chose|dictated"
            rf"|{PUT})",
            r"left to chance|draw(?:s|ing)? lots|drew lots|lots were drawn|by (?:a )?lottery"
            r"|drawn by lot|the lot (?:fell|decided)|luck of the draw|roll of (?:a|the) (?:die"
            r"|dice)",
            r"coin(?: |-)?(?:flip|toss)\w*|(?:flip|toss|fall) of (?:a|the) coin"
            r"|(?:tossed|flipped) a coin|a coin (?:decided|was)|sealed envelopes?",
            r"computer(?: program)? (?:decided|assigned|picked|chose|drew|put|placed|split|sorted)"
            rf"|{PUT} by (?:a |the )?computer",
            r"placebos?(?:-controlled)?(?! (?:effects?|response))|sham|double-blind\w*"
            r"|single-blind\w*",
            r"(?:dummy|fake|inactive|pretend|mock|look-?alike|dud|empty|make-believe) "
            r"(?:pills?|treatments?|drugs?|tablets?|capsules?|injections?|stimulation|device"
            r"|infusions?|sessions?|currents?|therapy|coil|version|powder|light)",
            r"sugar pills?|(?:real|active|true) (?:\w+ )?(?:or|and|versus|against) (?:a )?"
            r"(?:sham|fake|dummy|pretend)|salt water",
            r"phase (?:[1-4]|i{1,3}|iv|one|two|three)[ab]?(?! of)",
            r"(?:controlled|crossover|cross-over|feasibility|head-to-head) trials?",
        ),
    ),
    (
        FAIR + 1,
        cue(
            rf"{PUT} (?:in|into|to|between|among|across) (?:one of |either of |either )?(?:the )?"
            rf"(?:two|three|four|2|3|4) (?:[\w-]+ )?{GROUPS}(?![^\n]{{0,60}}(?:according|depend"
            r"|based on|by (?:their|age|how|whether)|whether they (?:had|were)))",
            rf"half\b[^\n]{{0,30}}{GOT}\b[^\n]{{0,100}}\b(?:(?:the )?other half|the (?:rest"
            rf"|others))",
            rf"\b(?:one|the first|a first|some|one half) (?:group|arm|team|half|set)?[^\n]{{0,20}}"
            rf"{GOT}\b[^\n]{{0,100}}\b(?:the other|the second|the rest|a second|another)"
            rf" (?:groups? |arms? |teams? |half |set )?(?:\w+ )?{GOT}",
            r"(?:looked|look|tasted|taste|smelled|smelt|felt|sounded) (?:exactly )?(?:alike"
            r"|the same|identical|just like)|head-to-head|look-?alikes? (?:for|instead)",
            r"clinical trial|pilot trial|(?:this|the|a|an|our|small|large|big|new|\w+-week"
            r"|\w+-month|\w+-year) (?:\w+ )?trial",
            r"drew (?:the|a|an) " + TREATMENT,
            r"(?:on|to|onto|from) (?:a|the) wait(?:ing)?[- ]?list(?! (?:for|to))",
            r"wait(?:ing)?[- ]?list(?:ed)? (?:group|control|arm|people|condition|first|had)"
            r"|than (?:simply |just )?(?:waiting|on the waiting)|wait-listed",
        ),
    ),
    (
        FAIR,
        cue(
            r"(?:neither|nobody|no one|unaware|blind to|not know|not told|kept from|without knowing"
            r"|not (?:be )?(?:told|aware)|in the dark|knew|did not know"
            r"|guess(?:ed)?) (?:\w+ ){0,4}(?:which|who (?:was|had|got|is|received|trained)"
            r"|what) (?:\w+ ){0,2}(?:groups?|arms?|treatments?|program\w*|drug|diet|trained"
            r"|they (?:were|had|got)|was|were|had|got|pill|capsules?|therapy|half|is in|received)",
            r"(?:assigned|allocated|allotted) to|blinded|masked",
            r"assessors|testers did not know|unmasked|knew they were getting",
            r"(?:compared with|against|versus|than|or|and|to) (?:usual|standard|ordinary|routine)"
            r" (?:\w+ )?(?:care|physiotherapy|treatment|training|advice)",
            r"(?:both|two|three|either|active|treatment|control|drug) arms",
            r"(?:in|of) (?:the|each) (?:\w+ )?arm\b",
            r"(?:more|better|less|than|faster|further) (?:\w+ ){0,4}than (?:\w+ ){0,3}(?:control"
            r"|comparison|waiting|untreated|other) (?:group|class|list)",
            r"control (?:group|class|session)s? (?:got|received|did|was given|that|who|had (?:no"
            r"|the same|only)|heard|watched|of)",
            r"swapped (?:over|sides|places|treatments)|trade[d]? places|in (?:random|either) order"
            r"|the order (?:was|of)",
        ),
    ),
    (HINT, cue(r"trial|(?:both|the two|all three) groups|weeks of training")),
)

SURVEY: Cues = (
    (
        STRONG,
        cue(
            r"(?:survey|poll)(?:s|ed|ing)?|respondents?|tape recorder|postcards?",
            r"(?:online|web|paper|entry) forms?|(?:forms?|sheets?|envelopes?|letters?|cards?"
            r"|replies|questionnaires|answers) (?:\w+ ){0,2}(?:came|arrived|trickled"
            r"|were sent) (?:in|back)|forms? (?:\w+ )?(?:was|were) (?:handed|given|left)"
            r"|returned (?:theirs|the form|it|them)|came back filled"
            r"|sat down[^\n]{0,60}with (?:\w+ )?(?:[\w-]+ )?(?:researcher|scientist|interviewer"
            r"|psychologist|mothers|fathers|people|patients|partners)|phone calls? (?:lasting|with"
            r"|of)|by (?:tele)?phone (?:about|how|what|whether)",
            r"interview(?:s|ed|ing|ers?)",
            r"focus groups?|discussion groups?|group (?:discussions|conversations)",
            r"(?:online|web|internet|postal|mailed|paper) (?:\w+ )?questionnaires?|questionnaires? "
            r"(?:\w+ )?(?:went|sent|mailed|posted|was sent|were sent)",
            r"(?:answered|replied|wrote back|sent back|returned|mailed back)"
            r" (?:\w+ ){0,3}(?:questionnaires?|forms?|letters?|sheets?|web)",
            r"conversations? (?:with|cannot|were|lasted)|long (?:talks|conversations)",
            r"(?:researchers|scientists|they|we|team|authors) (?:talked|spoke) (?:with|to)",
            r"(?:talked|spoke|sat down) (?:\w+ ){0,4}(?:with|to|for) (?:\w+ ){0,5}"
            r"(?:interviewer|researchers?|hour|minutes)",
            r"(?:were|was) (?:[\w-]+ ){1,5}asked\b(?! to (?!say|describe|rate|rank|list|name))"
            r"|^asked (?:what|how|if|whether|about|which|why)",
            r"quizzed|readers'? letters|letters from (?:\d+ )?readers|on a form"
            r"|forms (?:\w+ ){0,3}(?:used|counted|valid)",
            r"(?:were|was) (?:also )?asked (?:about|how|whether|if|what|which|why|when|who"
            r"|for their|to (?:say|describe|rate|rank|choose|list|name|tell|pick|imagine))",
            rf"(?:asked|polled|quizzed|questioned|sounded out|surveyed) (?:[\w-]+ ){{0,3}}"
            rf"(?:{NUMBER}|{PEOPLE}) [^\n]{{0,60}}(?:about|how|whether|if|what|which|why|when)",
            r"(?:people|those) who (?:replied|answered|responded|filled|wrote back)",
            r"(?:\d+|\w+ty(?:-\w+)?) (?:of them |people |patients )?(?:replied|responded"
            r"|wrote back)",
            r"reply rate|response rate|(?:valid|usable) (?:replies|answers|responses)|replies",
            rf"(?:we|they|team|researchers|scientists|authors) (?:asked"
            rf"|questioned) (?:\w+ )?{NUMBER}",
        ),
    ),
    (
        FAIR,
        cue(
            r"(?:filled (?:in|out)|completed|ticked|fill in) (?:\w+[ -]){0,4}"
            r"(?:form|questionnaire|sheet|box)\w*",
            r"qualitative|perspectives|perceptions|in-depth|shared their|experiences of (?:living"
            r"|people|patients)|preferences|what matters (?:most )?to",
            r"told their (?:stories|story)|confided|opened up about|workshops?|round tables?"
            r"|votes?|voted",
            r"questionnaires?|opinions?|self-report(?:ed|s)?|in their own words|transcripts?",
            r"answered (?:\w+ ){0,3}questions",
            rf"(?:{PEOPLE}|partners|nurses|doctors|neurologists) (?:[\w-]+ ){{0,4}}answered",
            r"answered (?:(?:the|a|an|\d+) (?:[\w-]+ )?(?:questions?|questionnaires?|forms?|polls?)"
            r"|by \d|questions)|(?:their|whose|the) answers|questions were|(?:in )?(?:talks"
            r"|conversations|calls) (?:lasted|of about|of an hour)",
            r"replied|responded to (?:the|our|a)|those who (?:volunteered|took part) (?:may|might)",
            r"inclined to (?:reply|answer|fill)|what people said|memory of events|said (?:they"
            r"|that)|their views|views of|(?:find out|learn|know) (?:how|what) (?:people"
            r"|patients) (?:\w+ )?(?:feel|think|want)|(?:how|what) do (?:\w+ ){0,5}(?:feel|think"
            r"|want|know)|by word of mouth|talked about|told (?:us|them|researchers|the team)",
            r"themes? (?:emerged|came up)|quotes?",
        ),
    ),
    (
        HINT,
        cue(
            r"(?:people|patients|participants|volunteers|those(?= (?:who|with))|fathers|mothers"
            r"|students|smokers|carers|caregivers|relatives|women|men|families|nurses|parents"
            r"|of them) (?!are\b|were\b|is\b)(?:\w+ ){0,3}(?:said|told (?:of|the|what|how|about"
            r"|why)|spoke (?:of|for|about)|mentioned|complained|admitted|wished"
            r"|would (?:have )?(?:like|welcome|prefer)\w*|wanted|felt (?:that|they|un\w+|left"
            r"|heard)|thought|believed|preferred|described|worried|feared|named)",
            r"(?:many|most|some|half|others|few) (?:\w+ ){0,2}(?:say|believe|wish(?:ed)?|complain"
            r"|feel that)",
            r"they (?:strongly )?(?:would have liked|wished|wanted|told|said|feared|described"
            r"|spoke)",
            r"(?:people|patients|participants|those(?= (?:who|with))|fathers|mothers|students"
            r"|smokers|carers|caregivers|relatives|women|men)"
            r" (?:[\w-]+ ){0,5}reported",
            r"(?:had|has|have) (?:not|never) (?:\w+ )?(?:discussed|talked|spoken|mentioned|raised"
            r"|told|asked)",
            r"attitudes?|willing(?:ness)?|hesitan\w+|reluctan\w+|(?:unmet )?needs of|barriers to"
            r"|concerns about|satisf(?:ied|action)|reasons?|wish(?:es|ed)?|worr(?:y|ies|ied)"
            r"|interest in",
        ),
    ),
)

OBSERVED: Cues = (
    (
        STRONG,
        cue(
            r"registr(?:y|ies)|registers?|cohorts?|observational|retrospective(?:ly)?|prospective",
            r"(?:medical|hospital|health|patient|school|death|clinic|insurance|prescription|tax"
            r"|pharmacy|national|swedish|danish|birth|job)[ -](?:\w+ )?(?:records?|files?|charts?"
            r"|claims|notes|data|statistics|certificates)",
            r"records (?:of|from|on|were|show)|(?<!no )records|database(?!s)|biobank",
            r"longitudinal|population-based|cross-sectional|case-control|snapshot|hindsight",
            r"look(?:ed|ing)? back|tracked|traced|shadowed|monitored|kept (?:an eye on|track of)",
            r"(?:was|were|been|be|simply|then|team|researchers|doctors|they|study|authors|also"
            r"|scientists|project|group|neurologists|we) (?:\w+ )?followed(?! by| the (?:diet|"
            r"program|advice))|followed (?:up )?(?:\w+ ){0,3}(?:people|patients|women|men|children"
            rf"|adults|mothers|{NUMBER})|follow-up of|caught up with|followed up",
            rf"(?:{NUMBER}|several|many|some) years (?:later|on|after)|years on\b",
            rf"(?:over|after|for|during|across|spanning) (?:(?:more than|about|nearly|up to|almost"
            rf"|at least|all|around|a span of|a period of|the first|the following"
            rf"|roughly) )*{NUMBER}"
            r" years(?! of (?:\w+ )?(?:treatment|research)| scientists| doctors| researchers| now)",
            r"(?:people|patients|them|data|records) (?:\w+ ){0,4}(?:over|for|during) (?:many"
            r"|several) years",
            r"went on to (?:have|take|receive) the (?:real|open|active)|open-label|extension",
            r"mendelian|genome-wide|inherited variants|gene(?:tic)? variants (?:tied|linked)",
        ),
    ),
    (
        FAIR + 1,
        cue(
            r"scanned|(?:had|got|underwent|lay|have) (?:[\w-]+ ){0,4}(?:scans?|scanners?|mri|blood"
            r" taken|samples? taken|blood drawn|lumbar|eye (?:scan|exam|test)s?)",
            rf"(?:scans?|samples?|blood|fluid|stool|dna|images|serum|saliva|urine|brains?|tissue"
            rf"|data|eyes|genes) (?:\w+ ){{0,3}}(?:from|of|on|in) (?:[\w-]+ ){{0,4}}{PEOPLE}",
            r"(?:drew|took|collected|gave|handed in|donated|provided) (?:\w+ ){0,2}(?:blood|spinal"
            r" fluid|stool|saliva|samples)|gave (?:\w+ )?(?:blood|samples|stool)|(?:blood"
            r"|samples|saliva|stool|fluid) (?:was|were|came)"
            r" (?:taken|drawn|collected|given|kept|from)|wore (?:a|an|the)",
            rf"{PEOPLE} (?:with ms )?(?:[\w-]+ ){{0,3}}were (?:\w+ )?(?:followed|examined|scanned"
            r"|studied|tested|compared|tracked|monitored|observed|measured|checked|assessed)",
            rf"(?:stud(?:ied|ying)|examined|tested|measured|compared|monitored|analy[sz]ed|observed"
            rf"|assessed|evaluated|gathered information on|checked|enrolled|recruited|included"
            rf"|scanned) (?:(?!how|why|what|whether)[\w-]+ ){{0,6}}?{PEOPLE}",
            rf"(?:two|three|both|these|other) groups of (?:[\w-]+ ){{0,3}}{PEOPLE}",
            rf"(?:{PEOPLE}|those) who (?:(?!are\b)[^\n]){{3,60}} (?:and|than|with|as|to"
            rf"|against) (?:in )?(?:{PEOPLE}|those|others) (?:who|without|not)",
            r"were compared (?:with|to) (?:those|others|that of)|year after year|(?:every"
            r"|each) visit|(?:blood|samples|serum) (?:kept|stored|frozen|banked)|since (?:19"
            r"|20)\d\d (?:was|were)|treated (?:at|in) (?:the|one|a) (?:\w+ )?(?:clinic|hospital"
            r"|centre|center)|usual appointments|routine (?:visits|appointments|care)"
            r"|everyday practice",
            rf"compared [^\n]{{0,60}}{PEOPLE}[^\n]{{0,60}} (?:with|to|and) ",
            r"diar(?:y|ies)|smart ?watch\w*|wristbands?|sensors?|step counts?|bills|pay slips"
            r"|logged|(?:files|charts) (?:of|from)|(?:linked|linking) (?:to|with) (?:the|a)",
            r"(?:over|during|through) (?:the )?(?:\w+ )?(?:study|observation) period|from"
            r" (?:19|20)\d\d (?:to|until|through) (?:19|20)\d\d|between (?:19|20)\d\d and",
            r"(?:year|month)s? (?:after|before) (?:the )?(?:diagnosis|birth|delivery|conception)",
            r"(?:with|within|after|for|in|at) (?:the )?(?:\w+ )?(?:\w+ )?follow-up|yearly visits?",
        ),
    ),
    (
        HINT + 1,
        cue(
            rf"(?:group|set|groups|kind|range) of (?:[\w-]+ ){{0,3}}(?:{PEOPLE}|cases)"
            r" (?:[\w-]+ ){0,4}(?:was|were) (?:examined|studied|included|covered|looked at|seen)",
            rf"(?:examined|studied|covered|included) (?:only |just )?(?:a|one|certain|specific)"
            rf" (?:\w+ )?(?:group|set)? ?(?:of )?(?:\w+ )?{PEOPLE}",
            rf"only (?:certain |some )?{PEOPLE} (?:\w+ ){{0,4}}(?:were|was|took)",
            rf"{PEOPLE} (?:\w+ )?were (?:the focus|in focus|left out|too few)",
            rf"{PEOPLE} (?:\w+ )?were (?:the focus|in focus|left out|too few)",
            r"did not (?:tell|show|prove|reveal|settle)[^\n]{0,40}(?:cause|first|why)"
            r"|cause and effect|which came first|(?:link|connection) (?:and not|on scans)",
            r"predict(?:s|ed)?|sensitivity (?:was|of|just|is)|looked at the \w+ of|treated patients"
            r"|times (?:as|more) (?:likely|common|often)|were (?:likelier|more likely|less likely)",
        ),
    ),
)
# The last resort: people were sampled, and two things went together.
SAMPLE = cue(
    r"(?:small|few|certain|specific|particular|limited) (?:[\w-]+ ){0,3}(?:group|sample"
    rf"|{PEOPLE}|country|clinic|cent(?:er|re)|region)[^\n]{{0,40}} (?:was|were|took|included"
    r"|studied|came|covered)",
    rf"(?:{PEOPLE}|everyone|sample) (?:[\w-]+ ){{0,3}}(?:came from|were from|was small"
    rf"|were the focus"
    r"|were in focus|were examined|were studied)",
)
LINK = cue(
    r"linked|associated|tied to|related to|went (?:along|together|hand in hand) with",
    r"(?:more|less) often|likelier|(?:higher|lower|worse|better|more|less|fewer) (?:[\w-]+ )"
    rf"{{0,4}}than (?:in )?(?:those|{PEOPLE}|others|men|before)|chances? of|risk of",
    r"predict(?:s|ed)?|sensitivity (?:was|of|just|is)|times (?:as|more) (?:likely|common|often)",
)
