"""What staff read after an act: that it worked (`?melding=`), or why it could not be done, beside its form."""

from __future__ import annotations

from collections.abc import Mapping

NOTICES: Mapping[str, str] = {
    "goedgekeurd": "Goedgekeurd. De brief gaat zo weg; terughalen kan nog even, zie hieronder.",
    "tweede": "Goedgekeurd. Een tweede persoon moet nu nog kijken.",
    "bewaard": "Uw tekst is bewaard.",
    "teruggegeven": "Het concept is teruggegeven en wordt opnieuw gemaakt.",
    "afwijzing": "De afwijzing staat klaar met uw goedkeuring. Een tweede persoon moet nu kijken; er is nog niets weg.",
    "teruggehaald": "De brief is teruggehaald en gaat niet weg.",
    "zoeken": "Er wordt opnieuw gezocht.",
    "assistent": "De assistent neemt het gesprek weer over. Ontbrak er nog bewijs, dan ging er een code weg.",
    "doorverwijzing": "De doorverwijzing staat klaar. Geef eerst het verzoek door aan de klant, keur dan goed.",
    "bevestigd": "De identiteit is bevestigd. Wat op bewijs wachtte, gaat nu verder.",
    "aangekomen": "Genoteerd: het bericht is aangekomen.",
    "nog-eens": "Het bericht gaat nog een keer weg.",
    "antwoord": "Uw antwoord is klaargezet.",
    "gesloten": "Van de werklijst gehaald.",
    "geopend": "De zaak is geopend. De termijn loopt vanaf de ontvangst.",
    "geen-verzoek": "Afgehandeld: dit is geen privacyverzoek.",
    "geen-zaak": "De zaak is gesloten: dit was geen privacyverzoek. De berichten staan weer ongelezen in het postvak.",
    "opnieuw-lezen": "Het bericht wordt opnieuw gelezen.",
    "spam": "De afzender staat op de spamlijst. Latere post komt op die lijst; er raakt niets weg.",
    "geen-spam": "De afzender is van de spamlijst gehaald.",
    "toegevoegd": "Het bericht is bij de zaak gezet. Het bewijst daar niets over wie dit is.",
    "collega-ja": "Genoteerd: de collega heeft het verzoek beantwoord.",
    "collega-nee": "Genoteerd: dit was niet het antwoord.",
    "vrijgegeven": "Vrijgegeven: het bericht gaat weg.",
    "niet-versturen": "Dit bericht gaat niet weg.",
    "stand": "De stand van het kanaal is veranderd.",
    "punt": "Het punt is afgevinkt, op uw naam.",
    "gestopt": "Gestopt: er gaat niets meer uit. Post komt gewoon binnen en de termijnen lopen door.",
    "hervat": "Berichten gaan weer uit.",
    "uitgelogd": "U bent uitgelogd.",
}
PROBLEMS: Mapping[str, str] = {
    "ground_facts_missing": "Bij deze grond horen feiten die nog ontbreken. Vul ze allemaal in.",
    "blocks_missing": "De brief is nog niet af. Schrijf eerst wat er ontbreekt.",
    "too_long": "Een van de teksten is te lang (meer dan 20.000 tekens).",
    "empty": "Schrijf eerst een tekst.",
    "ground_blocked": "Deze grond kan bij deze organisatie niet: de eigen verklaring belooft meer.",
    "second_person": "U hebt dit concept al goedgekeurd. Een ander moet nu kijken.",
    "no_label": "Kies minstens één soort verzoek.",
    "no_sender": "Er is geen afzender om te antwoorden. Zoek eerst uit wie dit schreef.",
    "copy_erased": "Onze kopie van dit bericht is gewist.",
    "never_say": "In de brief staat iets dat deze organisatie nooit zegt (zie het beleid). Haal dat weg.",
    "not_allowed": "Uw rol laat dit niet toe: goedkeuren en afwijzen doet een beslisser.",
    "decide_first": "Dit gaat van de lijst zodra er een besluit is.",
    "identity_first": "Eerst moet zeker zijn wie dit is. Bevestig de identiteit bij het gesprek, of wacht op de code.",
    "frozen": "Dit gesprek is stilgezet: iemand zei „dit was ik niet”. Zoek dat eerst uit, zie het gesprek.",
    "no_processor_case": "Deze organisatie bewaart geen gegevens voor haar klanten. Doorverwijzen kan hier niet.",
    "stopped_everywhere": "Alles is gestopt, voor elke organisatie. De beheerder laat het gaan: privacyloket resume.",
    "overtaken": "Er kwam intussen iets nieuws binnen. Kies Niet versturen; de brief is dan weer een concept.",
    "export_gone": "De export is verlopen. Kies Niet versturen en laat het opnieuw voorbereiden.",
    "own_sender": "Dit is een adres van uzelf of van iemand met een open zaak: dat kan niet op de spamlijst.",
    "not_ready": "Er staan nog punten open. Vink ze af, of schrijf waarom het toch aan mag.",
    "no_reason": "Schrijf erbij waarom.",
    "no_method": "Kies hoe u de identiteit hebt vastgesteld.",
}


def problem(code: str) -> str:
    """What an InputError means to the colleague who made it."""
    return PROBLEMS.get(code, f"Dat kan zo niet ({code}).")
