"""Signing in, second factor, lock-out, sessions, roles: against a real store."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from cases.errors import InputError, RuleError
from storage.models import Audit, Staff, StaffSession, table
from storage.queries import staff as staff_queries
from tests.support.web_client import csrf, opened, sign_in, token
from tests.support.web_world import PASSWORD, World
from workflow import accounts, passwords

LOCKED = "kwartier op slot"


async def test_right_password_opens_the_list_and_logout_ends_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        assert (await http.get("/bureau")).headers["location"] == "/bureau/inloggen"
        answer = await sign_in(http, " Sanne ")
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"].lower()
        for part in ("httponly", "secure", "samesite=strict", "path=/bureau"):
            assert part in cookie
        assert "Wat er wacht" in (await http.get("/bureau")).text
        old = http.cookies["loket_bureau"]
        await http.post("/bureau/uitloggen", data={"csrf": await token(http)})
        http.cookies.set("loket_bureau", old, domain="loket.example", path="/bureau")
        assert (await http.get("/bureau")).status_code == 303


async def test_wrong_password_and_unknown_name_answer_alike(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        wrong = await sign_in(http, "sanne", "een ander wachtwoord")
        unknown = await sign_in(http, "niemand", "een ander wachtwoord")
        assert wrong.status_code == unknown.status_code == 401
        strip = (csrf(wrong), csrf(unknown), 'value="sanne"', 'value="niemand"')
        texts = [page.text for page in (wrong, unknown)]
        for part in strip:
            texts = [text.replace(part, "") for text in texts]
        assert texts[0] == texts[1]


async def test_five_failures_lock_for_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        for _ in range(4):
            assert LOCKED not in (await sign_in(http, "karim", "fout fout fout")).text
        assert LOCKED in (await sign_in(http, "karim", "fout fout fout")).text
        assert LOCKED in (await sign_in(http, "karim")).text  # the right password does not help
        made.clock.advance(minutes=14, seconds=59)
        assert LOCKED in (await sign_in(http, "karim")).text
        made.clock.advance(seconds=1)
        assert (await sign_in(http, "karim")).status_code == 303
        assert _tags(made).count("staff.login_failed") == 5


async def test_success_forgets_earlier_failures(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        for _ in range(2):
            for _ in range(4):
                await sign_in(http, "karim", "fout fout fout")
            assert (await sign_in(http, "karim")).status_code == 303
        staff = table(Staff)
        assert made.store.read_here(
            lambda reads: reads.value(select(staff.c.failed_logins).where(staff.c.login == "karim"))
        ) == 0  # fmt: skip


async def test_session_ends_after_twelve_hours(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        made.clock.advance(hours=11, minutes=59)
        assert (await http.get("/bureau")).status_code == 200
        made.clock.advance(minutes=1)
        assert (await http.get("/bureau")).status_code == 303


async def test_second_factor_is_asked_and_counts_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        address = await accounts.set_second_factor(made.desk, made.ids["sanne"], wanted=True)
        secret = parse_qs(urlsplit(address).query)["secret"][0]
        assert secret.encode() not in _totp(made, "sanne")
        code = pyotp.TOTP(secret).at(made.clock.now())
        assert "code uit uw app" in (await sign_in(http, "sanne")).text
        assert (await sign_in(http, "sanne", code="000000" if code != "000000" else "111111")).status_code == 401
        assert (await sign_in(http, "sanne", code=code)).status_code == 303
        assert (await sign_in(http, "sanne", code=code)).status_code == 401
        made.clock.advance(seconds=30)
        assert (await sign_in(http, "sanne", code=pyotp.TOTP(secret).at(made.clock.now()))).status_code == 303


async def test_fresh_second_factor_is_checked_for_one_act(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, _):
        address = await accounts.set_second_factor(made.desk, made.ids["sanne"], wanted=True)
        totp = pyotp.TOTP(parse_qs(urlsplit(address).query)["secret"][0])
        signed = await accounts.login(made.desk, "sanne", PASSWORD, totp.at(made.clock.now()))
        assert isinstance(signed, accounts.SignedIn)
        assert not await accounts.fresh_second_factor(made.desk, signed.session, totp.at(made.clock.now()))
        made.clock.advance(seconds=31)
        assert await accounts.fresh_second_factor(made.desk, signed.session, totp.at(made.clock.now()))


async def test_a_used_code_stays_used_after_signing_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, _):
        address = await accounts.set_second_factor(made.desk, made.ids["sanne"], wanted=True)
        totp = pyotp.TOTP(parse_qs(urlsplit(address).query)["secret"][0])
        code = totp.at(made.clock.now())
        signed = await accounts.login(made.desk, "sanne", PASSWORD, code)
        assert isinstance(signed, accounts.SignedIn)
        await accounts.logout(made.desk, signed.token)
        assert await accounts.login(made.desk, "sanne", PASSWORD, code) is accounts.LoginProblem.WRONG
        made.clock.advance(seconds=30)
        code = totp.at(made.clock.now())
        again = await accounts.login(made.desk, "sanne", PASSWORD, code)
        assert isinstance(again, accounts.SignedIn)
        made.store.write_here(lambda unit: staff_queries.forget_sessions(unit, unit.now + timedelta(days=1)))
        assert await accounts.login(made.desk, "sanne", PASSWORD, code) is accounts.LoginProblem.WRONG


async def test_a_new_secret_starts_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, _):
        for _ in range(2):
            address = await accounts.set_second_factor(made.desk, made.ids["sanne"], wanted=True)
            totp = pyotp.TOTP(parse_qs(urlsplit(address).query)["secret"][0])
            signed = await accounts.login(made.desk, "sanne", PASSWORD, totp.at(made.clock.now()))
            assert isinstance(signed, accounts.SignedIn)


async def test_passwords_are_hashed_as_rfc_9106_recommends() -> None:
    """Its second option, for who has no 2 GiB to spare (section 4); the world of the other tests has a light one."""
    made = await passwords.hashed(PASSWORD)
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.outdated(made)
    assert await passwords.matches(made, PASSWORD)
    assert not await passwords.matches(made, PASSWORD + "x")
    assert not await passwords.matches(None, PASSWORD)


async def test_a_flood_of_sign_ins_leaves_the_program_its_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread for passwords is held by one that does not end: the rest is turned away, and reading goes on."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(password_hash: str, password: str) -> bool:
        begun.set()
        return go_on.wait(20) and password == PASSWORD

    async with opened(tmp_path) as (made, http):
        monkeypatch.setattr(passwords, "_verify", slow)
        first = asyncio.create_task(accounts.login(made.desk, "sanne", PASSWORD))
        assert await asyncio.to_thread(begun.wait, 30)
        flood = [asyncio.create_task(accounts.login(made.desk, f"niemand{n}", "fout fout fout")) for n in range(30)]
        done: set[asyncio.Task[accounts.SignedIn | accounts.LoginProblem]] = set()
        waiting = set(flood)
        while len(waiting) > passwords.MOST_WAITING:
            more, waiting = await asyncio.wait(waiting, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            assert more, "all of them wait"
            done |= more
        assert {task.result() for task in done} == {accounts.LoginProblem.BUSY}
        assert len(waiting) == passwords.MOST_WAITING
        assert await made.desk.in_thread(len, "leest") == 5  # and so on both threads, at once
        assert "even te druk" in (await sign_in(http, "karim")).text
        go_on.set()
        assert isinstance(await first, accounts.SignedIn)
        assert {await task for task in waiting} == {accounts.LoginProblem.WRONG}
        assert isinstance(await accounts.login(made.desk, "karim", PASSWORD), accounts.SignedIn)
        assert _tags(made).count("staff.login_failed") == 0  # a busy moment locks nobody out


async def test_a_new_password_and_leaving_end_every_session(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        await accounts.set_password(made.desk, made.ids["sanne"], "een heel ander wachtwoord")
        assert (await http.get("/bureau")).status_code == 303
        assert (await sign_in(http, "sanne", "een heel ander wachtwoord")).status_code == 303
        await accounts.set_active(made.desk, made.ids["sanne"], active=False)
        assert (await http.get("/bureau")).status_code == 303
        assert (await sign_in(http, "sanne", "een heel ander wachtwoord")).status_code == 401


async def test_only_digests_of_tokens_are_stored(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        rows = made.store.read_here(lambda reads: reads.rows(select(table(StaffSession))))
        assert all(http.cookies["loket_bureau"] not in map(str, row) for row in rows)
        assert rows[0].token_digest == accounts.token_digest(http.cookies["loket_bureau"])


async def test_a_new_account_signs_in(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        await accounts.add_staff(
            made.desk, "Nieuw", full_name="Noor Nieuw", role_name="medewerker privacy", password=PASSWORD,
            roles={"weservit": "agent"},
        )  # fmt: skip
        assert (await sign_in(http, "nieuw")).status_code == 303
        assert "Noor Nieuw" in (await http.get("/bureau")).text
        assert [account.login for account in await accounts.accounts(made.desk)] == ["els", "karim", "nieuw", "sanne"]


async def test_accounts_that_can_not_be(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, _):
        for changes, code in (
            ({"password": "te kort"}, "password_short"),
            ({"roles": {"whatnext": "keizer"}}, "role_unknown"),
            ({"roles": {}}, "role_unknown"),
            ({"roles": {"elders": "agent"}}, "organisation_unknown"),
            ({"name": "SANNE"}, "login_taken"),
        ):
            values = {"name": "nieuw", "password": PASSWORD, "roles": {"whatnext": "agent"}} | changes
            with pytest.raises(InputError) as caught:
                await accounts.add_staff(made.desk, full_name="N", role_name="r", **values)  # type: ignore[arg-type]
            assert caught.value.code == code


async def test_roles_change_what_is_seen_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path, "karim") as (made, http):
        assert "WS-2026-0003" not in (await http.get("/bureau")).text
        await accounts.set_roles(made.desk, made.ids["karim"], {"weservit": "agent"})
        page = (await http.get("/bureau")).text
        assert "WS-2026-0003" in page
        assert "WN-2026" not in page


async def test_nobody_signs_in_without_a_password_outside_a_demo(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        assert (await http.post("/bureau/demo-inloggen", data={"naam": "sanne"})).status_code == 404
        with pytest.raises(RuleError):
            await accounts.demo_login(made.desk, "sanne")


async def test_the_login_form_needs_its_own_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        data = {"naam": "sanne", "wachtwoord": PASSWORD, "csrf": "verzonnen"}
        assert (await http.post("/bureau/inloggen", data=data)).status_code == 403


async def test_sessions_are_forgotten_after_their_term(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, _):
        made.clock.advance(days=31)
        cut = made.clock.now() - timedelta(days=30)
        assert made.store.write_here(lambda unit: staff_queries.forget_sessions(unit, cut)) == 1


def _tags(made: World) -> list[str]:
    rows = table(Audit)
    return [row.tag for row in made.store.read_here(lambda reads: reads.rows(select(rows.c.tag)))]


def _totp(made: World, login: str) -> bytes:
    staff = table(Staff)
    value: bytes = made.store.read_here(lambda reads: reads.value(select(staff.c.totp).where(staff.c.login == login)))
    return value
