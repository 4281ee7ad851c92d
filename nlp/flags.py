"""What a message says beside its labels: for whom, about whom, in what state of mind. Plain patterns, no learning.

Each flag has cheap probes (plain substrings, searched in lower-cased text) that stand before its pattern, so that the
mail of everyday costs microseconds. `PRIVACY_WORD` is wide on purpose: it only sends a supposed non-request to a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cases.reading import Flag

_KIN = (
    r"(?:(?:schoon|pleeg|stief)?(?:moeder|vader|ouders|zoon|dochter)|man|vrouw|echtgenoot|echtgenote|partner|broer|zus|oma|opa|"
    r"kind|kinderen|zoontje|dochtertje|oom|tante|buurvrouw|buurman|vriendin|vriend|cliënt|cliënte|opdrachtgever|bewindvoerder)"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    flag: Flag
    probes: tuple[str, ...]
    pattern: re.Pattern[str] | None  # None: a probe is enough


def _rule(flag: Flag, probes: str, pattern: str | None = None) -> _Rule:
    compiled = re.compile(pattern) if pattern else None
    return _Rule(flag, tuple(probe.strip() for probe in probes.split("|")), compiled)


_RULES = (
    _rule(
        Flag.PRIVACY_WORD,
        "privacy|persoonsgegeven|persoonlijke gegevens|persoonlijke data|persoonlijke informatie|inzage|inzien|verwijder|vergetelheid|"
        "vergeten worden|vergeet mij|vergeet me|afmeld|afgemeld|meld mij af|meld me af|uitschrijv|uitgeschreven|schrijf mij uit|schrijf me uit|"
        "opt-out|opt out|unsubscribe|nieuwsbrief|reclame|toestemming|dataportab|overdraagba|datalek|data lek|gelekt|gdpr|uavg|rgpd|"
        "mijn gegevens|m'n gegevens|mn gegevens|mijn data|mijn info|onze gegevens|mijn account|m'n account|mn account|klantgegevens|"
        "gegevens van mij|gegevens over mij|over mij |van mij we|wissen|anonimiseer|profiler|profiling|bewaartermijn|cookie|"
        "personal data|my data|my information|delete my|remove me|meine daten|mes données|gegevensbescherming|klacht|bezwaar|"
        "uit jullie systeem|uit uw systeem|uit het systeem|uit jullie bestand|uit uw bestand|adressenlijst|mailinglijst|mailinglist",
    ),
    _rule(Flag.PRIVACY_WORD, "avg|fg|dpo|ap", r"\b(?:avg(?![ -]?(?:temp|free|antivirus))|fg|dpo|ap)\b"),
    _rule(
        Flag.WANTS_HUMAN,
        "mens|medewerker|iemand|bellen|persoon|human|collega",
        r"^\W*(?:een )?(?:echt )?(?:mens|medewerker|human)\W*$|\b(?:echte?|levende?) (?:mens|persoon|medewerker)\b|"
        r"\b(?:mens|medewerker|iemand|collega|persoon) (?:van vlees en bloed |bij jullie |van jullie )?(?:aan de lijn|spreken|te spreken|"
        r"aan de telefoon|die (?:mij|me) (?:terug)?belt)\b|"
        r"\b(?:liever|graag|wil|alleen) (?:met )?(?:een|iemand|'n) ?(?:gewoon |gewone |echte? )?(?:mens|medewerker|persoon)\b|"
        r"\b(?:met|door) een (?:mens|medewerker) (?:praten|spreken|overleggen|geholpen)|\bgeen (?:bot|robot|computer)\b|"
        r"\b(?:speak|talk) (?:to|with) a (?:human|person)\b",
    ),
    _rule(
        Flag.ON_BEHALF,
        "namens|voor mijn|voor m'n|gemachtigd|machtiging|volmacht|cliënt|client|mijn moeder|mijn vader|bewindvoerder|mentor|curator|mantelzorg|"
        "wettelijk vertegenwoordiger|on behalf",
        r"\b(?:namens|in opdracht van) (?!(?:alle|het hele|de hele|deze)\b)\w+|\bgemachtigde?\b|\bvolmacht\b|\b(?:mijn|onze) cli[eë]nte?\b|"
        r"\bbewindvoerder\b|\bmentorschap\b|\bcurator\b|\bmantelzorger\b|\bwettelijk vertegenwoordiger\b|\bon behalf of\b|"
        rf"\b(?:voor|van) (?:mijn|m'n|mn|onze) {_KIN}\b|\b(?:mijn|m'n) (?:moeder|vader|oma|opa|ouders) (?:wil|krijgt|is|heeft|kan|staat|ontvangt)\b",
    ),
    _rule(
        Flag.MINOR,
        "jaar|minderjarig|dochter|zoon|kind|jarige",
        r"\bminderjarige?\b|\b(?:ik ben|is|pas|nog maar|van) (?:pas |nog maar |net )?(?:[6-9]|1[0-7])(?: jaar|\b(?= en (?:ik|mijn|zit)))|"
        r"\b(?:[6-9]|1[0-7])[- ]?jarige?\b|\b(?:ouders?|moeder|vader) van\b.{0,40}\b(?:[6-9]|1[0-7])\b",
    ),
    _rule(
        Flag.DECEASED,
        "overleden|overlijden|overleed|nabestaande|erfgena|nalatenschap|wijlen|gestorven|deceased|executeur",
        r"\b(?:overleden|overlijden|overleed|nabestaanden?|erfgena\w+|nalatenschap|wijlen|gestorven|deceased|executeur)",
    ),
    _rule(
        Flag.PROCESSOR_CASE,
        "webshop|webwinkel|shop|gehost|host|site van|website van|gebouwd|vereniging|bij jullie draait|draait bij",
        r"\b(?:webshop|webwinkel|winkel|site|website|shop|club|vereniging|praktijk|salon)\b.{0,60}\b(?:die|dat|welke)?\s*(?:jullie|u|door jullie|door u)\s?"
        r"(?:\w+ ){0,3}(?:host\w*|beheer\w*|gebouwd|bouw\w*|maak\w*|gemaakt|onderhoud\w*)|"
        r"\b(?:gehost|draait|staat|loopt|gemaakt|gebouwd) (?:\w+ ){0,2}(?:bij|door|op) (?:jullie|u|uw|jullie servers?)\b|"
        r"\bbesteld bij\b.{0,60}\b(?:jullie|u) (?:host|beheer|maken|draai)",
    ),
    _rule(
        Flag.AP_NAMED,
        "autoriteit p|ap|toezichthouder|gegevensbeschermingsautoriteit",
        r"\bautoriteit persoonsgegevens\b|\bde ap\b|\btoezichthouder\b|\bgegevensbeschermingsautoriteit\b|\b(?:bij|naar) (?:de )?ap\b",
    ),
    _rule(
        Flag.ABUSIVE,
        "kut|kanker|tering|tyfus|klootza|hoer|mongool|idioot|idioten|sukkel|flikker|lul|eikel|fuck|rot op|debiel|achterlijk|oplichters|godver|imbeciel",
        r"\b(?:kut\w*|kanker\w*|tering\w*|tyfus\w*|klootza\w*|hoer\w*|mongolen|mongool|idioten|idioot|sukkels?|flikker\w*|lul\w*|eikels?|fuck\w*|"
        r"rot op|debielen?|achterlijke? (?:\w+ )?(?:bende|club|volk|gladiolen)|godver\w*|imbecielen?)\b",
    ),
    _rule(
        Flag.POSSIBLE_BREACH,
        "datalek|lek|gehackt|hack|factuur van|gegevens van ande|andermans|verkeerde persoon|iemand anders|inzien van|onbevoegd|in de cc|bcc|"
        "van een ander|vreemde|op straat|niet van mij",
        r"\bdata-?\s?lek\w*|\b(?:uit)?gelekt\b|\bgehackt\b|\bandermans (?:gegevens|factuur|account|data|adres)|\bop straat\b|\bonbevoegd\w*|"
        r"\b(?:factuur|mail|brief|gegevens|export|bestelling|overzicht|offerte|account|dossier) van (?:een )?(?:ander|iemand anders|vreemde?|andere klant|"
        r"wildvreemde?)\w*|\b(?:in|via) (?:de )?b?cc\b|\b(?:zie|zag|zien|krijg|kreeg|ontving|kan) .{0,40}\b(?:van|over) (?:een )?(?:andere? (?:klant|mensen|persoon)|"
        r"iemand anders|vreemden?)\b|\bnaar de verkeerde\b",
    ),
    _rule(
        Flag.AUTHORITY,
        "politie|officier van justitie|rechtbank|belastingdienst|inspectie|vordering|recherche|gemeente|deurwaarder|fiod|justitie|uwv",
        r"\b(?:de |van de |namens de )?(?:politie|officier van justitie|rechtbank|belastingdienst|recherche|fiod|openbaar ministerie|"
        r"gerechtsdeurwaarder|deurwaarder|uwv|inspectie\w*)\b|\bvordering (?:ex|op grond van|verstrekking)\b",
    ),
    _rule(
        Flag.DISTRESS,
        "bedreig|gestalkt|stalk|bang|mishandel|veilig|suïcid|zelfmoord|niet meer leven|blijf-van-mijn-lijf|huiselijk geweld|onderge|radeloos|wanhop|ten einde raad",
        r"\bbedreig\w*|\b(?:ge)?stalk\w*|\b(?:heel |erg |doods)?bang (?:dat|voor|van)|\bdoodsbang\b|\bmishandel\w*|\bmijn veiligheid\b|\bsuïcid\w*|\bzelfmoord\b|"
        r"\bniet meer leven\b|\bblijf[- ]van[- ]mijn[- ]lijf\w*|\bhuiselijk geweld\b|\bondergedoken\b|\bradeloos\b|\bwanhopig?\b|\bten einde raad\b",
    ),
    _rule(
        Flag.MACHINE,
        "afwezig|out of office|automatisch antwoord|automatische reactie|automatic reply|undeliver|delivery status|mailer-daemon|vakantie",
        r"\b(?:ik ben|wij zijn|momenteel) (?:\w+ ){0,4}(?:afwezig|met vakantie|op vakantie)\b.{0,200}\b(?:terug|bereikbaar|beperkt|weer)\b|\bout of (?:the )?office\b|"
        r"\bautomatisch (?:antwoord|gegenereerd)\b|\bautomatische (?:afwezigheids|reactie)|\bautomatic reply\b|\bundeliver\w+|\bdelivery status\b|\bmailer-daemon\b",
    ),
)
_OTHER = re.compile(
    r"\b(?:offerte|factuur|facturen|storing|webshop|hosting|domein\w*|wachtwoord|ssl|mailbox|bestelling|levering|pakket\w*|abonnement|korting|"
    r"prijs|tarief|website|backup|wordpress|plugin|retour\w*|garantie|openingstijden|afspraak|vacature|betaling|borg|incasso)\b"
)
_BESIDE = re.compile(
    r"\b(?:verder|daarnaast|trouwens|overigens|en nog iets|nog iets|nog een vraag(?:je)?|ook nog|tevens|los daarvan|oh ja|o ja|ps|p\.s|"
    r"andere vraag|nog een ander\w*|ander punt|meteen ook|ten slotte|tot slot|tweede(?:ns)?)\b"
)


def flags_of(low: str) -> set[Flag]:
    """The flags of a lower-cased text; `ALSO_OTHER` is judged apart, for requests only."""
    found: set[Flag] = set()
    for rule in _RULES:
        if rule.flag in found or not any(probe in low for probe in rule.probes):
            continue
        if rule.pattern is None or rule.pattern.search(low):
            found.add(rule.flag)
    return found


def also_other(low: str, sentences: list[tuple[str, bool]]) -> bool:
    """Whether a request also asks something else: an ordinary matter in a sentence that does not carry the request.

    `sentences` are lower-cased, each with whether it carries a label. One such sentence must ask or announce.
    """
    if not _OTHER.search(low):
        return False
    for sentence, carries in sentences:
        asks = "?" in sentence or _BESIDE.search(sentence) is not None
        if not carries and asks and _OTHER.search(sentence):
            return True
    return False
