"""Words that mean the same for a privacy request, under one concept: what synonyms share, the model need not learn twice.

Only vocabulary lives here; which combination means which label is learned from the corpus. Words are given as they
stand after folding (lower case, no accents); a star at the end takes every ending.
"""

from __future__ import annotations

from collections.abc import Sequence

_VOCABULARY = {
    "erase": """verwijder* wis wissen wist gewist wegwissen uitwissen delete* deleten gedelete* schrap* geschrapt vergeet vergeten
        vergetelheid vernietig* opruimen opgeruimd weggooi* weggegooid prullenbak shredder* versnipper* anonimiseer* geanonimiseerd
        anonimiseren erase* remove* wipe* uitgewist opdoeken opgedoekt verdwijn* verdwenen kwijtraken weghalen weggehaald purge*""",
    "away": "weg eruit uit af ervan vanaf",
    "data": """gegevens persoonsgegevens data info informatie gegeven dossier* profiel* bestand bestanden database* databank*
        administratie systeem systemen computer* records registratie* persoonlijke persoonlijk klantgegevens klantdossier*
        klantenbestand* klantenkaart* fiche* persoonsdata details""",
    "account": "account* login inlog* klantaccount* profielpagina klantpagina webaccount* gebruikersaccount*",
    "mine": "mijn m'n mn mij me mijne ik my mine onze ons mezelf mijzelf",
    "see": """inzage inzien inzage* overzicht* kopie* kopietje afschrift* uitdraai* copy export* weten zien bekijken inkijk* opvragen
        opvraag opgevraagd opsturen toesturen toezenden printje lijst lijstje uitprint* laten sturen stuur mail mailen""",
    "have": "hebben hebt heeft heb bewaren bewaart bewaard bijhouden bijhoudt opslaan opgeslagen vastgelegd vastligt staat "
    "staan stond bezitten bezit verzameld verzamelen verzamelt verwerkt verwerken verwerkte geregistreerd",
    "correct": """corrig* correct* wijzig* gewijzigd aanpas* aangepast aanpassen verbeter* verbeterd rectific* rectificatie verander*
        herstel* rechtzet* update* bijwerk* bijgewerkt vervang* omzetten aanvul* aangevuld doorgeven change* doorvoeren""",
    "wrong": """fout* foutief onjuist* verkeerd* klopt kloppen oud oude verouderd* tikfout* typfout* spelfout* schrijffout* incorrect*
        ontbreekt ontbrekend* onvolledig* mis niet-kloppend* vroegere achterhaald* abusievelijk vergissing""",
    "identity": """adres* naam achternaam voornaam voorletter* meisjesnaam postcode* huisnummer* straat telefoonnummer* gsm* nummer
        mobiel* geboortedatum iban rekeningnummer* mailadres* emailadres* e-mailadres woonplaats verhuis* verhuizing woonadres
        postadres aanhef tenaamstelling kvk kvk-nummer btw-nummer btw contactpersoon""",
    "moved": "verhuis* verhuizing getrouwd huwelijk gescheiden scheiding nieuwe nieuw voortaan",
    "advert": """nieuwsbrief* nieuwsbrieven mailing* reclame* aanbieding* folder* promotie* promo* marketing* nieuwsmail* spam* acties
        actie advertentie* reclamepost kortingsmail* mailtjes mails aanbiedingsmail* newsletter* campagne* telemarketing
        kerstkaart* relatiegeschenk* magazine verkooppraat bellen belt gebeld sms* sms'jes appjes mailinglijst* maillijst*""",
    "stop": """stop stoppen stopt gestopt ophouden uitschrijv* uitgeschreven afmeld* afgemeld opzeg* unsubscribe* uitschrijf* beeindig*
        staken opt-out optout afbestel* schrijf houden ophoudt uitzetten""",
    "no_more": "geen nooit niks niets meer",
    "not": "niet geen nooit noch zonder hoeft hoeven hoef",
    "complaint": """klacht* klagen klaag beklag ontevreden onacceptabel schandalig schande onaanvaardbaar belachelijk teleurgesteld
        verontwaardigd boos woedend onzorgvuldig* slordig* nalatig* laks kwalijk ongehoord onbehoorlijk respectloos""",
    "authority": "autoriteit persoonsgegevens ap toezichthouder* gba gegevensbeschermingsautoriteit ombudsman rechter advocaat",
    "leak": """datalek* lek gelekt lekken gelekte uitgelekt gehackt hack onbevoegd* vreemden zomaar cc bcc zichtbaar iedereen
        andermans vreemde medeklant* buren buurman buurvrouw ex""",
    "transfer": """overdracht overdra* overdragen meenemen overstap* overzetten overgezet machineleesbaar* machine-leesbaar csv json xml
        dataportabiliteit portabiliteit overdraagbaar* meeneem* gestructureerd* inlezen importeren excel overhevel* exportbestand*""",
    "other_party": "aanbieder provider concurrent* partij partijen derden collega derde leverancier* bedrijf bedrijven partner partners",
    "limit": """beperk* beperking bevries* bevriez* bevroren blokkeer* geblokkeerd pauze pauzeer* tijdelijk* opschort* stilleggen
        stilzetten voorlopig zolang totdat parkeer* geparkeerd slot parkeren hold gebruiken gebruikt bewaren""",
    "object": "bezwaar verzet protest* bezwaren tegen maak objection object weiger",
    "profiling": """profiling profiler* profileren volgen tracking tracken trackt gevolgd klikgedrag surfgedrag kijkgedrag statistiek*
        statistisch* analyse* analyses analyseren pixel* segment* doelgroep* meta facebook google algoritme ai training trainen
        whois referentie* klantcase klantverhaal testimonial""",
    "share": "delen deelt gedeeld doorgeven doorgegeven doorspelen doorverko* verkopen verkocht verstrek* verstrekt geeft deel",
    "consent": "toestemming* akkoord instemming consent permissie goedkeuring vinkje aangevinkt ingestemd fiat",
    "withdraw": "intrek* ingetrokken trek terug terugtrek* terugneem* herroep* herroepen terugdraai* terugkom terugkomen withdraw",
    "decision": """automatisch* geautomatiseerd* besluit* beslissing* beslist computerbesluit afgewezen afwijzing geweigerd algoritme*
        kredietcheck* kredietscore* score* robot systeembeslissing risicoscore* fraudescore* machine""",
    "human": "mens menselijk* medewerker* iemand persoon mensenogen",
    "ask": "waarom hoe hoelang welke wie waar wat waarvoor wanneer waarmee",
    "policy": """privacyverklaring* privacybeleid* privacystatement privacyreglement bewaartermijn* termijn cookies cookie*
        verwerkersovereenkomst* servers server fg dpo grondslag subverwerker* datacenter*""",
    "law": "avg gdpr uavg artikel art wet verordening privacywet* privacywetgeving rgpd",
    "status": """status stand voortgang gevorderd vordering reactie antwoord gehoord vernomen vernemen wachten wacht afgehandeld
        afhandeling zaaknummer dossiernummer referentie behandeling in-behandeling duurt duren weken geleden bevestiging""",
    "request": "verzoek* aanvraag* vraag gevraagd aangevraagd verzocht verzoeken inzageverzoek* verwijderverzoek* request* avg-verzoek*",
    "drop": """annuleer* annuleren geannuleerd toch laat maar intrekken bedacht bedenk vervalt vervallen overbodig hoeft nevermind
        gevonden opgelost""",
    "please": "graag verzoek wil wens willen zou kunt kunnen kun gelieve please alstublieft alsjeblieft aub svp dringend",
    "business": """domein* hosting website* webshop* server* dns mailbox* ssl certificaat* storing* offerte* factuur* facturen rekening
        betaling* abonnement* pakket* levering* bestelling* retour* korting* wordpress plugin* backup* back-up* prijs* tarief*
        wachtwoord* inloggen installatie koppeling* vacature* sollicit* samenwerk* seo linkbuilding invoice* order*""",
    "contract": "contract* abonnement* opzegging lidmaatschap overeenkomst domeinnaam pakket incasso machtiging automatische",
    "source": "komen komt gekregen vandaan gevonden aan vandaag",
    "publish": "site website publiek openbaar google zoekresultaat* zoekmachine* online review* recensie* foto* filmpje* opname*",
    "thanks": "bedankt dank dankjewel dankuwel thanks merci top prima oke ok",
    "earlier": "eerder eerdere vorige al nogmaals opnieuw herhaald herhaaldelijk weer steeds alweer wederom destijds maanden keer",
}


def _index() -> tuple[dict[str, int], dict[str, int]]:
    exact: dict[str, int] = {}
    prefixes: dict[str, int] = {}
    for number, words in enumerate(_VOCABULARY.values(), start=1):
        for word in words.split():
            (prefixes if word.endswith("*") else exact).setdefault(word.rstrip("*"), number)
    return exact, prefixes


_EXACT, _PREFIXES = _index()
_LENGTHS = sorted({len(prefix) for prefix in _PREFIXES}, reverse=True)
_MEMO_LIMIT = 20_000
_memo: dict[str, int] = {}


def _lookup(word: str) -> int:
    if word in _EXACT:
        return _EXACT[word]
    for length in _LENGTHS:
        if len(word) >= length and (number := _PREFIXES.get(word[:length])):
            return number
    return 0


def concept_ids(words: Sequence[str]) -> list[int]:
    """The concept of each word, 0 for none. Remembers words, within bounds: senders choose them."""
    if len(_memo) > _MEMO_LIMIT:
        _memo.clear()
    found: list[int] = []
    for word in words:
        number = _memo.get(word)
        if number is None:
            number = _memo[word] = _lookup(word)
        found.append(number)
    return found
