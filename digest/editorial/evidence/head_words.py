"""Words around a number: whether it counts people, and what that group was given or did."""

from __future__ import annotations

import re

from digest.editorial.cues import words
from digest.editorial.evidence.vocabulary import cue

PEOPLE = words(
    "people patients participants adults women men children kids volunteers persons individuals "
    "respondents subjects relatives caregivers carers veterans teenagers teens adolescents "
    "controls "
    "students nurses neurologists clinicians doctors physicians mothers fathers parents smokers "
    "non-smokers drinkers survivors members replies responses answers residents inhabitants "
    "couples infants babies newborns toddlers girls boys youngsters partners spouses husbands "
    "wives siblings daughters sons brothers sisters twins cousins donors friends neighbours "
    "neighbors classmates schoolmates colleagues housemates peers others counterparts look-alikes "
    "physiotherapists therapists dietitians pharmacists psychologists professionals specialists "
    "teachers pupils schoolchildren employees employers workers farmers pensioners seniors "
    "citizens recruits soldiers runners cyclists swimmers walkers gardeners users wearers starters "
    "switchers quitters attendees enrollees trainees callers subscribers sufferers outpatients "
    "inpatients midwives grown-ups helpers applicants households "
    "relations americans britons danes swedes norwegians finns germans spaniards"
)
DEMONYM = re.compile(r"[A-Z][a-z]+(?:ians|eans|icans|ans|ese|landers|ards)")  # "16,000 Italians"
# Between the number and its people stand only words that describe the people.
BREAKS = words(
    "of in on for with and or to than from by at as is are was were had have has that which who "
    "year month week day hour minute percent per point study trial center centre country tesla "
    "mice the a an out every each these those item question group mouse animal sample scan cell "
    "lesion gene variant case did got took when if but it they we other more out"
)
THINGS = words(
    "raters meters metres "
    "lesions spots scans samples cells mice rats animals eyes brains pregnancies papers studies "
    "trials articles relapses attacks blocks genes variants genomes nuclei sites centers centres "
    "clinics hospitals births infections questions items countries visits larvae fish rodents"
)
# A number doubled: "45 pairs of twins". A bare "pairs" of shoes is none.
PAIRS = words("pairs couples dyads twosomes duos")
PAIRED = cue(
    r"twins?|siblings?|brothers?|sisters?|couples?|mothers?|partners?|spouses?|matched|parents?"
    r"|dyads?|carers?|caregivers?|daughters?|sons?|patients?|people|such"
)
BORN = words("babies infants newborns children girls boys twins")
SEXES = words("women men girls boys")
GENERIC = words("people patients participants adults children volunteers persons individuals")
CONTROL = cue(
    r"healthy|controls?|without (?:it|ms|the disease|multiple|any)|did not have|free of (?:it|ms"
    r"|the disease)|unaffected|who had not|who don't|in good health|members of the public"
)

# ── what makes a number no head count ─────────────────────────────────────────────────────

NO_HEAD_COUNT_AFTER = words("every per each no any")  # "no two patients are alike"
SUPPOSED = words("may might can could will would")  # "two people may react differently"
# Before the number: a label ("stage 3", "day 50", "aged 16"), or a threshold ("over 60").
LABELS = words(
    "stage type phase level grade arm version wave day week month year covid table figure chapter "
    "number no step score factor visit question item age aged ages interleukin vitamin"
)
THRESHOLDS = words("over under above below than least most")
YEAR_AFTER = words(
    "in since by until before after during autumn spring summer winter january february march "
    "april may june july august september october november december early late mid year fall"
)
OUTCOMES = words(
    "improved worsened relapsed died finished completed dropped developed stopped experienced "
    "felt reported showed left quit recovered lost gained"
)

# ── a number without its noun ─────────────────────────────────────────────────────────────

# "38 with little fatigue", "115 in the placebo group"
PLACED = words("in on with without given from who whose taking using free at")
NEEDS_GROUP = words("in at from using")  # of cells and lesions too: "30 in the cortex"
GROUP_NEAR = cue(r"groups?|arms?|class|team|half|control|placebo|drug|camp|sets?")
TO = words("to into for")
ARM_VERBS = words(
    "got received took drew stayed trained learned learnt did went joined served practised "
    "practiced attended followed kept waited swam walked cycled ate drank used wore remained "
    "carried continued switched began started tried danced exercised stretched meditated rode "
    "played listened watched heard met acted worked rested swallowed chose had were sat stuck "
    "underwent came slept spent saw read lay danced sang lifted moved"
)
SAME_STAYED = words("stayed remained kept were got went felt did was")  # "stayed the same"
OUTCOME_NEXT = words(
    "better worse more sicker weaker stronger same stable relapse unchanged downhill longer well "
    "part "
    "relapse-free symptom-free steady alive ill unable able less fewer no pain fatigue up"
)
PLACED_AS = words(
    "given put assigned allotted allocated randomised randomized told offered taught treated "
    "healthy controls on in without placed asked switched untreated drawn sent kept handed"
)
# "Eighty people took part and 40 had pain": the number after these is a part.
WHOLE_VERBS = words(
    "took enrolled participated joined volunteered answered replied studied followed recruited "
    "included completed entered signed asked examined scanned"
)

# ── between two groups ────────────────────────────────────────────────────────────────────

# "240 took part": a number alone that is the whole, if no other is told.
LONE_WHOLE = re.compile(
    r"(?:took part|participated|enrolled|joined in|volunteered|signed up|replied|responded|answered"
    r"|wrote back|began|returned (?:it|the|them|theirs)|filled (?:it|in|out|the)|sent (?:it"
    r"|them) back|were (?:[\w-]+ )?(?:enrolled|included|recruited|interviewed|surveyed|studied"
    r"|followed|scanned|examined|tested|asked|randomi[sz]ed|analy[sz]ed|questioned|traced"
    r"|assigned))\b"
)
TOTAL_IS = re.compile(
    r"\b(?<!age of )(?<!mean )(?:(?:number|tally|count|headcount|sample size)(?: of (?:participants"
    r"|patients|people|volunteers))? (?:was|came to|stood at|rose to|added up to)|(?:participants"
    r"|volunteers|sample|cohort|group) (?:numbered|totall?ed|came to|amounted to)"
    r"|total (?:to|came to|was)|(?:sample|participants|volunteers) :)$"
)
FILLED_BY = words("answered completed filled in returned signed tried worn used up")
# "Nearly 2,500" gives way to 2,431.
ROUGHLY = words("nearly almost about around some roughly approximately circa under")
EVERYONE = words("everyone everybody")
COMPOUNDS = words("person people patient strong participant member woman man")  # "140-person"
AFTER_A_SIZE = words(
    ". , ; : ) in was were who with and from at on had did for got took whose half"
)
GAPPED = words("every once twice daily weekly monthly early late")  # "… got it weekly, 40 monthly"
# "Another 34, picked by lot, …", "the remaining 65": a group, whatever follows.
OTHER_GROUP = words("another further other remaining additional")
# "… and a German centre contributed 76."
CONTRIBUTED = words("contributed added provided supplied gave sent brought counted numbered had")
GIVEN_TO = words("given went offered allotted assigned allocated administered")
ONE_GROUP = words("one group arm cohort others rest half team set clinic")
ARTICLES = words("the a an no neither")  # "23 had the live device and 21 the blinking one"
ENDS = words(". , ; ) :")
# Staff who took measurements were not studied; three of them hardly ever are.
STAFF = words(
    "physiotherapists therapists nurses doctors neurologists physicians radiologists clinicians "
    "specialists psychologists professionals pharmacists"
)
RATES = (
    ["a", "day"],
    ["a", "week"],
    ["a", "month"],
    ["a", "year"],
    ["each", "year"],
    ["per", "year"],
)
FORMS = words("forms questionnaires surveys sheets")
HANDED_IN = words("handed returned filled came received completed sent valid usable")
DISEASES = words("ms multiple nmosd mogad relapsing progressive neuromyelitis")
LIKEWISE = (["did", "likewise"], ["did", "so"], ["did", "the"], ["were", "too"])
WROTE = words("wrote drew agreed judged voted compiled formulated")
FEW_STAFF = 3
WHO_READ = words(
    "marked raters "
    "graded sifted screened rated read picked extracted checked judged scored assessed "
    "independently working"
)
ONE_MORE = (["and", "a"], ["and", "one"])  # "two women and a man"
ONE_OF_A_SEX = words("man woman boy girl")
# "Their 29 siblings": people of the patients, who come on top.
KIN = words(
    "siblings partners spouses husbands wives friends housemates classmates neighbours neighbors "
    "relatives cousins peers colleagues brothers sisters"
)
SUBSET_NEXT = words("it them")  # "… and 45 stayed on it": some of those before
# Who does something: "cyclists", "classmates"; "fists" and "agonists" are none.
AGENTS = (
    "ists", "ians", "mates", "goers", "folk", "dwellers", "takers", "responders", "completers",
    "workers", "mothers", "fathers", "drivers", "dancers", "readers", "singers", "carriers",
    "villagers", "islanders", "travelers", "travellers", "commuters", "sleepers", "dieters",
    "joggers", "hikers", "climbers", "riders", "rowers", "skiers", "lifters", "gamers", "players",
    "leavers", "beginners", "newcomers", "elders", "writers", "painters", "officers", "managers",
    "customers", "farmers",
)  # fmt: skip
NO_AGENTS = ("agonists", "fists", "wrists", "lists", "twists", "cysts", "estimates", "climates")
COUNTED_TOO = words("mums moms dads ladies gentlemen persons souls tots grandparents")
JOINING = words("beside and versus vs plus compared while whereas against alongside or than as")
LINKS = JOINING | words(", ; with to")
STOPS_LINK = words("found showed saw improved reported whom including which : because then")
EXPOSURES = words(
    "continued stayed kept carried remained went"
)  # "… and 45 stopped": an arm as well
WHOLES = words("of among")  # "Of 250 people, 120 …": the rest of the sentence are parts
