"""Which conversation shows which right at which organisation: the longer ones by name, the short ones from `scripts`.

`python -m tests.acceptance.matrix` writes the table anew (docs/conversations.md); `test_matrix` holds it to the tests
that exist and to docs/rights.md, so a hole shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.demo.customers import ORGANISATIONS
from cases.types import Label
from handlers.registry import HANDLERS
from tests.acceptance.scripts import SCRIPTS

PAGE = Path(__file__).parents[2] / "docs" / "conversations.md"
SHORT = "test_each_right::test_a_right_at_a_house"
TURNS = "test_each_right::test_the_turns_of_a_case"

# module::test of the conversations in which the outcome follows from that organisation's own statement
LONG: Mapping[tuple[Label, str], tuple[str, ...]] = {
    (Label.INZAGE, "whatnext"): ("test_rights_whatnext::test_access_holds_the_data_and_what_is_done_with_them",),
    (Label.INZAGE, "weservit"): (
        "test_rights_weservit::test_access_comes_first_then_the_erasure_keeps_what_is_unpaid",
    ),
    (Label.INZAGE, "webanizr"): ("test_rights_webanizr::test_access_names_where_the_data_are",),
    (Label.INZAGE, "winkeltjes"): (
        "test_rights_winkeltjes::test_access_takes_a_code_and_no_paper",
        "test_rights_winkeltjes::test_what_it_promised_without_limit_is_not_called_excessive",
    ),
    (Label.CORRECTIE, "whatnext"): (
        "test_carried_out::test_a_phone_number_is_put_right_after_approval",
        "test_carried_out::test_a_changed_address_is_told_to_both_and_can_be_undone",
    ),
    (Label.VERWIJDERING, "whatnext"): (
        "test_rights_whatnext::test_a_former_customer_is_gone_within_fourteen_days",
        "test_rights_whatnext::test_a_running_customer_says_what_is_meant_and_keeps_the_contract",
        "test_rights_whatnext::test_an_open_invoice_is_named_with_its_amount",
    ),
    (Label.VERWIJDERING, "weservit"): (
        "test_rights_weservit::test_each_kind_of_data_has_its_own_end",
        "test_rights_weservit::test_a_shop_that_is_hosted_here_answers_for_itself",
    ),
    (Label.VERWIJDERING, "nexxt"): ("test_rights_nexxt::test_of_a_former_customer_only_invoices_stay",),
    (Label.VERWIJDERING, "webanizr"): (
        "test_rights_webanizr::test_erasure_is_answered_when_every_system_has_confirmed",
        "test_rights_webanizr::test_one_system_that_does_not_confirm_holds_the_answer_back",
        "test_rights_webanizr::test_who_filled_in_a_form_on_a_customers_site_is_sent_on",
    ),
    (Label.VERWIJDERING, "winkeltjes"): (
        "test_rights_winkeltjes::test_traffic_goes_and_only_the_books_stay",
        "test_rights_winkeltjes::test_a_refused_erasure_always_says_why",
        "test_rights_winkeltjes::test_a_shop_that_is_hosted_here_answers_for_itself",
    ),
    (Label.KLACHT, "weservit"): (
        "test_rights_weservit::test_a_complaint_needs_findings",
        "test_rights_weservit::test_a_complaint_that_holds_gets_a_remedy_and_a_talk",
        "test_rights_weservit::test_a_complaint_that_does_not_hold_names_the_court",
    ),
    (Label.KLACHT, "winkeltjes"): (
        "test_rights_winkeltjes::test_the_invoice_of_somebody_else_is_a_breach_and_a_complaint",
    ),
    (Label.AFMELDEN, "whatnext"): ("test_rights_whatnext::test_off_the_mailings_without_a_hurdle",),
    (Label.AFMELDEN, "weservit"): (
        "test_rights_weservit::test_only_the_post_stops",
        "test_rights_weservit::test_no_advertising_at_all",
    ),
    (Label.AFMELDEN, "nexxt"): ("test_rights_nexxt::test_opting_out_is_done_at_once",),
    (Label.AFMELDEN, "webanizr"): (
        "test_rights_webanizr::test_the_newsletter_stops_at_once_and_mail_about_the_account_goes_on",
    ),
    (Label.AFMELDEN, "winkeltjes"): ("test_rights_winkeltjes::test_opting_out_leaves_mail_about_orders",),
    (Label.OVERDRACHT, "whatnext"): (
        "test_rights_whatnext::test_the_data_are_taken_along_as_csv_and_nothing_is_deleted",
    ),
    (Label.OVERDRACHT, "nexxt"): ("test_rights_nexxt::test_the_promise_to_take_everything_along_is_kept",),
    (Label.BEPERKING, "whatnext"): ("test_carried_out::test_a_freeze_waits_for_a_person_and_is_set_in_the_system",),
    (Label.BEPERKING, "nexxt"): (
        "test_rights_nexxt::test_a_freeze_on_each_ground",
        "test_rights_nexxt::test_the_freeze_is_lifted_only_after_it_was_told",
    ),
    (Label.BEZWAAR, "whatnext"): (
        "test_rights_whatnext::test_an_objection_freezes_is_weighed_and_honoured",
        "test_rights_whatnext::test_compelling_grounds_are_a_refusal_and_told_before_the_use_goes_on",
        "test_rights_whatnext::test_against_the_mailings_an_objection_is_absolute",
    ),
    (Label.BEZWAAR, "webanizr"): ("test_rights_webanizr::test_an_objection_to_statistics_is_weighed_by_a_person",),
    (Label.INTREKKEN, "weservit"): (
        "test_rights_weservit::test_orders_rest_on_the_contract_and_go_on",
        "test_rights_weservit::test_the_newsletter_stops_and_the_orders_go_on",
    ),
    (Label.INTREKKEN, "winkeltjes"): ("test_rights_winkeltjes::test_a_domain_name_rests_on_the_contract",),
    (Label.BESLUIT, "whatnext"): ("test_rights_whatnext::test_a_machine_decided_nothing_and_a_person_looked",),
    (Label.VRAAG, "whatnext"): (
        "test_rights_whatnext::test_a_question_with_an_approved_answer_is_answered_by_the_program",
        "test_rights_whatnext::test_a_question_without_one_is_written_by_a_person",
    ),
    (Label.VRAAG, "weservit"): ("test_each_right::test_a_question_is_answered_from_the_statement",),
    (Label.VRAAG, "nexxt"): ("test_rights_nexxt::test_how_long_data_are_kept_is_answered_from_the_statement",),
    (Label.VRAAG, "webanizr"): ("test_each_right::test_a_question_is_answered_from_the_statement",),
    (Label.VRAAG, "winkeltjes"): ("test_rights_winkeltjes::test_a_question_about_an_id_is_answered_with_no",),
}

_INTRO = """# Conversations: where each right is shown at each organisation

A mail comes in, a person decides, a letter leaves, and the organisation's own systems are looked into: each cell names
the tests under `tests/acceptance/` that play it. Made by `python -m tests.acceptance.matrix`; a test holds this page to
the tests that exist, and to the table of [what happens](rights.md). The short ones are data, in
`tests/acceptance/scripts.py`.
"""


def shown() -> Mapping[tuple[Label, str], tuple[str, ...]]:
    """Every cell that a conversation shows, with its conversations."""
    cells = {cell: list(tests) for cell, tests in LONG.items()}
    for script in SCRIPTS:
        cells.setdefault((script.label, script.organisation), []).append(f"{SHORT}[{script.name}]")
    for organisation in ORGANISATIONS:
        for label in (Label.STATUS, Label.ANNULEREN, Label.OVERIG):
            cells.setdefault((label, organisation), []).append(f"{TURNS}[{organisation}]")
    return {cell: tuple(tests) for cell, tests in cells.items()}


def page() -> str:
    cells = shown()
    rows = [
        (label.value, *("<br>".join(f"`{test}`" for test in cells.get((label, name), ())) for name in ORGANISATIONS))
        for label in HANDLERS
    ]
    lines = [("", *ORGANISATIONS), ("---",) * (len(ORGANISATIONS) + 1), *rows]
    return _INTRO + "\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
