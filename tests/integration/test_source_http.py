"""Services behind a JSON interface: an imitation that is held to Intercom's own description, and a scripted one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sources.http_calls
from cases.errors import ConfigError
from cases.protocols import Change, FindStatus, Identifier
from cases.types import ActionStatus, Verb
from sources.http import HttpSource
from sources.http_settings import HttpSettings
from sources.registry import open_source
from sources.settings import load_sources
from tests.support.firm import NOW
from tests.support.intercom_service import TOKEN, Intercom, contact
from tests.support.json_service import Asked, JsonService, Told, serve

RECIPES = Path(__file__).parents[2] / "sources" / "recipes"
DONE, NOTHING, FAILED, UNKNOWN = ActionStatus.DONE, ActionStatus.NOTHING, ActionStatus.FAILED, ActionStatus.UNKNOWN
SANNE = Identifier("email", "sanne@voorbeeld.example", proven=True)
KEYS = ("INTERCOM_TOKEN", "STRIPE_KEY", "MONEYBIRD_TOKEN", "ACTIVECAMPAIGN_TOKEN")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setattr(sources.http_calls, "_PAUSE", 0.01)


def recipe(name: str, base_url: str = "") -> HttpSettings:
    lines = (RECIPES / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    if base_url:
        lines = [f'base_url = "{base_url}"' if line.startswith("base_url") else line for line in lines]
    (settings,) = load_sources("\n".join(lines), file=f"{name}.toml")
    assert isinstance(settings, HttpSettings)
    return settings


@pytest.mark.parametrize("name", [file.stem for file in sorted(RECIPES.glob("*.toml"))])
def test_every_recipe_is_a_declaration_and_says_what_it_was_tried_against(name: str) -> None:
    settings = recipe(name)
    assert settings.info.recipient == name
    assert "Tested against" in (RECIPES / f"{name}.toml").read_text(encoding="utf-8").split("\n\n")[0]


# --- Intercom, held to its description --------------------------------------------------------------------------------


@pytest.fixture
def intercom() -> Iterator[tuple[Intercom, HttpSource]]:
    fake = Intercom(
        {
            "c1": contact("c1", "Sanne Voorbeeld", "sanne@voorbeeld.example", "K-1"),
            "c2": contact("c2", "Joost Anders", "joost@anders.example", "K-2"),
            "c3": contact("c3", "Een", "samen@gezin.example", "K-3"),
            "c4": contact("c4", "Twee", "samen@gezin.example", "K-4"),
        }
    )
    with serve(fake.answer) as service:
        yield fake, HttpSource(recipe("intercom", service.url), lambda: NOW)
    assert fake.faults == []


async def test_intercom_finds_one_person_by_mail_and_by_number(intercom: tuple[Intercom, HttpSource]) -> None:
    _, source = intercom
    found = await source.find([SANNE])
    (table,) = found.tables
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["name"], row["external_id"], table.keys) == ("Sanne Voorbeeld", "K-1", ("c1",))
    assert [str(day) for day in table.days] == ["2019-10-21"]
    assert Identifier("customer_number", "k-1", proven=True) in found.used
    nobody = await source.find([Identifier("email", "niemand@elders.example", proven=True)])
    assert nobody.status is FindStatus.NOTHING
    two = await source.find([Identifier("email", "samen@gezin.example", proven=True)])
    assert (two.status, two.error) == (
        FindStatus.FAILED,
        "twee personen bij één adres: een medewerker moet kijken",
    )
    assert await source.check() == []


async def test_intercom_changes_once(intercom: tuple[Intercom, HttpSource]) -> None:
    fake, source = intercom
    correct = Change("1", Verb.CORRECT, "contacts", ("c1",), {"name": "S. Beeld"}, {"name": "Sanne Voorbeeld"})
    assert (await source.change(correct)).previous == {"c1": {"name": "Sanne Voorbeeld"}}
    assert (await source.change(correct)).status is NOTHING
    other = Change("2", Verb.CORRECT, "contacts", ("c1",), {"name": "X"}, {"name": "Sanne Voorbeeld"})
    assert (await source.change(other)).status is ActionStatus.CONFLICT
    assert fake.contacts["c1"]["name"] == "S. Beeld"
    stop = Change("3", Verb.OPT_OUT, "contacts", identifiers=(SANNE,))
    assert [(await source.change(stop)).status for _ in range(2)] == [DONE, NOTHING]
    assert fake.contacts["c1"]["unsubscribed_from_emails"]
    erase = Change("4", Verb.ERASE, "contacts", ("c1", "c2"))
    assert [(await source.change(erase)).status for _ in range(2)] == [DONE, NOTHING]
    assert set(fake.contacts) == {"c3", "c4"}
    gone = Change("5", Verb.CORRECT, "contacts", ("c1",), {"name": "X"})
    assert (await source.change(gone)).status is ActionStatus.CONFLICT
    assert (await source.change(Change("6", Verb.RESTRICT, "contacts", ("c3",)))).status is FAILED


async def test_intercom_without_access_has_failed_and_is_not_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCOM_TOKEN", "ingetrokken")
    with serve(Intercom({}).answer) as service:
        found = await open_source(recipe("intercom", service.url)).find([SANNE])
    assert (found.status, found.error) == (FindStatus.FAILED, "de dienst geeft geen toegang (401): kijk de sleutel na")


# --- a scripted service -----------------------------------------------------------------------------------------------

TOML = """
[[source]]
kind = "http"
name = "dienst"
label = "Dienst"
base_url = "{url}"
timeout_seconds = 3
per_second = 1000
{source}

[[source.table]]
name = "mensen"
label = "Mensen"
items = "rows"
addresses = ["mail"]
gives = {{ mens = "id" }}
can = ["erase"]
find = {{ email = {{ path = "/mensen", query = {{ zoek = "{{value}}" }}, match = "mail" }} }}
calls = {{ erase = {{ method = "DELETE", path = "/mensen/{{key}}" }} }}
fields = {{ mail = {{ label = "E-mail", category = "contact" }} }}

[[source.table]]
name = "notities"
label = "Notities"
items = "rows"
can = ["erase"]
find = {{ mens = {{ path = "/mensen/{{value}}/notities" }} }}
calls = {{ erase = {{ method = "DELETE", path = "/notities/{{key}}" }} }}
fields = {{ tekst = {{ label = "Tekst", category = "contact" }} }}
{paging}
"""


def source_of(service: JsonService, *, source: str = "", paging: str = "") -> HttpSource:
    toml = TOML.format(url=service.url, source=source, paging=f"paging = {{ {paging} }}" if paging else "")
    (settings,) = load_sources(toml, file="test.toml")
    assert isinstance(settings, HttpSettings)
    return HttpSource(settings, lambda: NOW)


PERSON = {"rows": [{"id": "a/..b", "mail": "Sanne@voorbeeld.example"}, {"id": "z", "mail": "sanne@voorbeeld.examplex"}]}
NOTES = [{"id": number, "tekst": f"notitie {number}"} for number in range(1, 8)]


def _page(asked: Asked) -> Told:
    page = int(asked.query.get("page", "1"))
    return Told(data={"rows": NOTES[(page - 1) * 3 : page * 3]})


def _offset(asked: Asked) -> Told:
    start = int(asked.query.get("vanaf", "0"))
    return Told(data={"rows": NOTES[start : start + int(asked.query["aantal"])]})


def _cursor(asked: Asked) -> Told:
    start = int(asked.query.get("na", "0"))
    return Told(data={"rows": NOTES[start : start + 3], "meer": start + 3 < len(NOTES)})


def _link(asked: Asked) -> Told:
    start = int(asked.query.get("s", "0"))
    target = f"http://{asked.headers['host']}/mensen/x/notities?s={start + 4}"
    headers = {"Link": f'<{target}>; rel="next", <x>; rel="last"'} if start + 4 < len(NOTES) else {}
    return Told(data={"rows": NOTES[start : start + 4]}, headers=headers)


@pytest.mark.parametrize(
    ("paging", "pages"),
    [
        ('kind = "page", param = "page", size = 3', _page),
        ('kind = "offset", param = "vanaf", size = 2, size_param = "aantal"', _offset),
        ('kind = "cursor", param = "na", next = "@last.id", more = "meer"', _cursor),
        ('kind = "link"', _link),
    ],
)
async def test_reads_every_page_of_what_hangs_on_the_person(paging: str, pages: Callable[[Asked], Told]) -> None:
    with serve(lambda asked: Told(data=PERSON) if asked.path == "/mensen" else pages(asked)) as service:
        found = await source_of(service, paging=paging).find([SANNE])
    assert found.status is FindStatus.FOUND
    people, notes = found.tables
    assert people.rows == (("Sanne@voorbeeld.example",),)  # a service that searches widely opens nobody else's file
    assert notes.keys == tuple(str(note["id"]) for note in NOTES)
    assert service.calls[1].path == "/mensen/a/..b/notities"
    assert "zoek" in service.calls[0].query


async def test_a_page_elsewhere_is_not_followed() -> None:
    away = Told(data={"rows": NOTES[:2]}, headers={"Link": '<http://127.0.0.2:9/weg>; rel="next"'})
    with serve(lambda asked: Told(data=PERSON) if asked.path == "/mensen" else away) as service:
        found = await source_of(service, paging='kind = "link"').find([SANNE])
    assert (found.status, found.error) == (FindStatus.FAILED, "de dienst verwijst naar een andere server")


@pytest.mark.parametrize(
    ("first", "calls"),
    [(Told(429, headers={"Retry-After": "0"}), 2), (Told(503), 2), (Told(500), 2), (Told(hang_up=True), 2)],
    ids=["too many", "busy", "broken", "hung up"],
)
async def test_looking_is_tried_again(first: Told, calls: int) -> None:
    script = [first]
    with serve(lambda _: script.pop() if script else Told(data={"rows": []})) as service:
        found = await source_of(service).find([SANNE])
    assert (found.status, len(service.calls)) == (FindStatus.NOTHING, calls)


@pytest.mark.parametrize(
    ("told", "status", "calls"),
    [
        (Told(204), DONE, 1),
        (Told(404), NOTHING, 1),
        (Told(409), FAILED, 1),
        (Told(500), UNKNOWN, 1),
        (Told(hang_up=True), UNKNOWN, 1),
        (Told(429, headers={"Retry-After": "0"}), FAILED, 3),
        (Told(429, headers={"Retry-After": "60"}), FAILED, 1),
    ],
    ids=["done", "gone", "refused", "broken", "hung up", "always busy", "busy for long"],
)
async def test_a_change_is_never_repeated_blindly(told: Told, status: ActionStatus, calls: int) -> None:
    with serve(lambda _: told) as service:
        result = await source_of(service).change(Change("1", Verb.ERASE, "mensen", ("7",)))
    assert (result.status, len(service.calls)) == (status, calls)
    assert bool(result.error) is (status in (FAILED, UNKNOWN))


async def test_a_change_that_broke_off_halfway_goes_on_where_it_was() -> None:
    gone: set[str] = set()

    def answer(asked: Asked) -> Told:
        if asked.path in gone:
            return Told(404)
        if asked.path.endswith("3") and len(service.calls) == 3:
            return Told(403)
        gone.add(asked.path)
        return Told(204)

    change = Change("1", Verb.ERASE, "notities", ("1", "2", "3", "4"))
    with serve(answer) as service:
        source = source_of(service)
        half = await source.change(change)
        assert (half.status, half.records) == (FAILED, 2)
        whole = await source.change(change)
        assert (whole.status, whole.records) == (DONE, 4)
    assert len(gone) == 4


@pytest.mark.parametrize("key", ["", ".", ".."])
async def test_a_key_never_leads_to_another_resource(key: str) -> None:
    with serve(lambda _: Told(204)) as service:
        result = await source_of(service).change(Change("1", Verb.ERASE, "mensen", (key,)))
    assert (result.status, service.calls) == (FAILED, [])


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ('auth = { kind = "bearer", secret_env = "STRIPE_KEY" }', "authorization", f"Bearer {TOKEN}"),
        ('auth = { kind = "basic", user = "a", secret_env = "STRIPE_KEY" }', "authorization", "Basic YTppbn"),
        ('auth = { kind = "header", header = "X-Sleutel", secret_env = "STRIPE_KEY" }', "x-sleutel", TOKEN),
    ],
)
async def test_says_who_we_are(auth: str, header: str, value: str) -> None:
    with serve(lambda _: Told(data={"rows": []})) as service:
        await source_of(service, source=auth).find([SANNE])
    assert service.calls[0].headers[header].startswith(value)


async def test_a_token_is_asked_once_and_again_when_it_was_withdrawn() -> None:
    tokens = iter(("eerste", "tweede"))

    def answer(asked: Asked) -> Told:
        if asked.path == "/token":
            assert asked.body == {"grant_type": "client_credentials", "client_id": "wij", "client_secret": TOKEN}
            return Told(data={"access_token": next(tokens), "expires_in": 3600})
        good = asked.headers["authorization"] == "Bearer tweede"
        return Told(data={"rows": []}) if good else Told(401)

    with serve(answer) as service:
        auth = (
            f'auth = {{ kind = "oauth2", user = "wij", token_url = "{service.url}/token", secret_env = "STRIPE_KEY" }}'
        )
        source = source_of(service, source=auth)
        assert [(await source.find([SANNE])).status for _ in range(2)] == [FindStatus.NOTHING] * 2
    assert [call.path for call in service.calls] == ["/token", "/mensen", "/token", "/mensen", "/mensen"]


async def test_a_service_that_is_down_or_slow_has_failed() -> None:
    with serve(lambda _: Told()) as service:
        source = source_of(service)
    found = await source.find([SANNE])
    assert (found.status, found.error) == (FindStatus.FAILED, "de dienst is niet bereikbaar (ConnectError)")
    result = await source.change(Change("1", Verb.ERASE, "mensen", ("7",)))
    assert result.status is FAILED


async def test_a_server_in_our_own_network_is_refused() -> None:
    found = await HttpSource(recipe("stripe", "https://10.0.0.7")).find([SANNE])
    assert found.status is FindStatus.FAILED
    assert "eigen netwerk" in found.error


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('match = "mail"', 'match = ""', "source[1].table[1].find.email.match"),
        ("{key}", "7", "source[1].table[1].calls.erase"),
        ('can = ["erase"]', "can = []", "source[1].table[1].can"),
        ('can = ["erase"]', 'can = ["erase", "correct"]', "source[1].table[1].can"),
        ('base_url = "http://127.0.0.1:9"', 'base_url = "http://dienst.example"', "source[1].base_url"),
        ("per_second = 1000", "per_second = 0", "source[1].per_second"),
        ("per_second = 1000", 'auth = { kind = "bearer" }', "source[1].auth.secret_env"),
        ("per_second = 1000", 'auth = { kind = "bearer", secret_env = "WEG" }', "source[1].auth.secret_env"),
    ],
)
def test_refuses_with_key(old: str, new: str, key: str) -> None:
    good = TOML.format(url="http://127.0.0.1:9", source="", paging="")
    assert old in good
    with pytest.raises(ConfigError) as caught:
        load_sources(good.replace(old, new, 1), file="test.toml")
    assert caught.value.key == key
