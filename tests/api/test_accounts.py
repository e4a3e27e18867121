"""Accounts: passwords, the second factor, sessions, members and invitations, keys, projects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pyotp
import pytest
from house import Asks, logged_in, member, program
from sqlalchemy import select
from starlette.testclient import TestClient
from visits import Clock

from playhead.accounts import NewProject, create_project, login_path, passwords
from playhead.accounts.attempts import FAILURES_OF_ACCOUNT
from playhead.accounts.second_factor import check_secrets, opened, seal_again
from playhead.api.auth import CSRF_HEADER
from playhead.capture.directory import control_loader, key_user
from playhead.stores import Stores
from playhead.stores.encryption import KeyMissing, Keyring, MasterKey, Undecipherable, new_key
from playhead.stores.tables import ApiKey, AuditEntry, Member, RecoveryCode

PASSWORD = "correct horse battery"


def log_in(client: TestClient, email: str, password: str = PASSWORD, code: str = "") -> httpx.Response:
    client.cookies.clear()
    answer = client.post("/api/login", json={"email": email, "password": password, "code": code})
    if answer.status_code == 200:
        client.headers[CSRF_HEADER] = answer.json()["csrf_token"]
    return answer


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def audited(stores: Stores, project_id: str = "") -> list[str]:
    with stores.control.read() as session:
        return list(
            session.scalars(
                select(AuditEntry.action).where(AuditEntry.project_id == project_id).order_by(AuditEntry.number)
            )
        )


@pytest.fixture
def ada(stores: Stores, made: NewProject, anyone: TestClient) -> TestClient:
    """Ada's browser: an owner with a password, logged in by it."""
    row = member(stores, "ada", {made.project_id: "owner"})
    with stores.control.write() as session:
        session.get_one(Member, row.member_id).password_hash = passwords.password_hash(PASSWORD)
    assert log_in(anyone, "Ada@team.test ").status_code == 200
    return anyone


@pytest.fixture
def at(ada: TestClient, made: NewProject) -> Callable[[str], str]:
    return lambda path: f"/api/projects/{made.project_id}{path}"


def test_a_member_logs_in_by_password(ada: TestClient, stores: Stores) -> None:
    answer = log_in(ada, "ada@team.test")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and answer.headers["cache-control"] == "no-store"
    session = ada.get("/api/session").json()
    assert session["member"] == {
        "member_id": "ada",
        "name": "ada",
        "email": "ada@team.test",
        "has_password": True,
        "totp": False,
        "is_operator": False,
    }
    assert session["csrf_token"] == answer.json()["csrf_token"]
    assert audited(stores)[-1] == "member.logged_in"


def test_another_site_logs_nobody_in(ada: TestClient) -> None:
    ada.headers["Sec-Fetch-Site"] = "cross-site"
    refused = log_in(ada, "ada@team.test")
    assert (refused.status_code, code_of(refused)) == (403, "csrf")
    ada.headers["Sec-Fetch-Site"] = "same-origin"
    assert log_in(ada, "ada@team.test").status_code == 200


def test_the_first_owner_sets_up_by_the_one_time_link(anyone: TestClient, stores: Stores, made: NewProject) -> None:
    assert anyone.get("/api/login").json() == {"password": True, "oidc": [], "needs_setup": True}
    assert anyone.get(login_path(stores.control)).status_code == 303
    assert anyone.get("/api/session").json()["member"]["is_operator"] is True
    anyone.headers[CSRF_HEADER] = anyone.get("/api/session").json()["csrf_token"]
    assert code_of(anyone.post("/api/account/password", json={"new": PASSWORD})) == "email_needed"
    changed = anyone.patch("/api/account", json={"name": "Grace", "email": "Grace@Team.test"})
    assert changed.json()["email"] == "grace@team.test"
    assert anyone.post("/api/account/password", json={"new": "short"}).status_code == 400
    assert anyone.post("/api/account/password", json={"new": PASSWORD}).status_code == 204
    assert anyone.get("/api/login").json()["needs_setup"] is False
    assert log_in(anyone, "grace@team.test").status_code == 200


def test_nobody_learns_which_accounts_there_are(
    ada: TestClient, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(stores, "without a password", {})
    checked: list[str] = []
    real = passwords._hasher.verify

    def verify(known: str, password: bytes) -> bool:
        checked.append(known.split("$")[3])
        return bool(real(known, password))

    monkeypatch.setattr(passwords, "_hasher", type("Hasher", (), {"verify": staticmethod(verify)}))
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(passwords, "_nobodys", lambda: real.__self__.hash("x"))
    wrong = [
        log_in(ada, email, "not the password")
        for email in (
            "ada@team.test",
            "nobody@team.test",
            "without a password@team.test",
            "no address",
            "",
        )
    ]
    assert {(each.status_code, each.text) for each in wrong} == {(401, wrong[0].text)}
    assert code_of(wrong[0]) == "bad_login"
    assert len(checked) == 5 and len(set(checked)) == 1


def test_guessing_is_slowed_down_for_accounts_there_are_and_for_those_there_are_not(
    ada: TestClient, clock: Clock
) -> None:
    for email in ("ada@team.test", "nobody@team.test"):
        for _ in range(FAILURES_OF_ACCOUNT):
            assert log_in(ada, email, "not the password").status_code == 401
        late = log_in(ada, email)
        assert (late.status_code, code_of(late)) == (429, "too_many_attempts")
        assert 0 < int(late.headers["retry-after"]) <= 900
    clock.now += 15 * 60_000
    assert log_in(ada, "ada@team.test").status_code == 200


def test_a_new_password_ends_the_other_sessions(ada: TestClient, stores: Stores) -> None:
    with stores.control.read() as session:
        row = session.get_one(Member, "ada")
    other = logged_in(stores, row)
    changed = {"current": "wrong password", "new": "a better password"}
    assert code_of(ada.post("/api/account/password", json=changed)) == "wrong_password"
    assert ada.post("/api/account/password", json=changed | {"current": PASSWORD}).status_code == 204
    assert ada.get("/api/session").status_code == 200
    cookie = dict(ada.cookies)
    assert other(ada, "GET", "/api/session").status_code == 401
    ada.cookies.update(cookie)
    assert log_in(ada, "ada@team.test").status_code == 401
    assert log_in(ada, "ada@team.test", "a better password").status_code == 200
    assert "member.password_changed" in audited(stores)


def test_the_second_factor(ada: TestClient, stores: Stores, clock: Clock) -> None:
    assert code_of(ada.post("/api/account/totp/confirm", json={"code": "123456"})) == "totp_not_begun"
    begun = ada.post("/api/account/totp").json()
    assert begun["uri"].startswith("otpauth://totp/Playhead:ada%40team.test?secret=" + begun["secret"])
    app = pyotp.TOTP(begun["secret"])

    def shown() -> str:
        return app.at(clock.now // 1_000)

    assert code_of(ada.post("/api/account/totp/confirm", json={"code": "000000"})) == "bad_code"
    spent = shown()
    codes = ada.post("/api/account/totp/confirm", json={"code": spent}).json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert ada.get("/api/session").json()["member"]["totp"] is True
    assert code_of(ada.post("/api/account/totp")) == "totp_on"

    assert code_of(log_in(ada, "ada@team.test")) == "code_needed"
    assert code_of(log_in(ada, "ada@team.test", "not the password", "123456")) == "bad_login"
    assert code_of(log_in(ada, "ada@team.test", code=spent)) == "bad_code"
    clock.now += 30_000
    assert log_in(ada, "ada@team.test", code=shown()).status_code == 200
    assert code_of(log_in(ada, "ada@team.test", code=shown())) == "bad_code"
    assert log_in(ada, "ada@team.test", code=codes[0].upper()).status_code == 200
    assert code_of(log_in(ada, "ada@team.test", code=codes[0])) == "bad_code"

    assert log_in(ada, "ada@team.test", code=codes[1]).status_code == 200
    assert code_of(ada.request("DELETE", "/api/account/totp", json={"code": "000000"})) == "bad_code"
    assert ada.request("DELETE", "/api/account/totp", json={"code": codes[2]}).status_code == 204
    assert log_in(ada, "ada@team.test").status_code == 200
    with stores.control.read() as session:
        assert session.scalars(select(RecoveryCode)).all() == []
    assert {"member.totp_on", "member.totp_off", "member.login_failed"} <= set(audited(stores))


def test_the_secret_of_the_second_factor_lies_under_the_master_key(
    ada: TestClient, stores: Stores, clock: Clock
) -> None:
    def of() -> Member:
        with stores.control.read() as session:
            return session.get_one(Member, "ada")

    first, second = MasterKey(new_key()), MasterKey(new_key())
    # Turned on before there was a master key, and confirmed when there was.
    secret = ada.post("/api/account/totp").json()["secret"]
    assert of().totp_pending == secret
    ada.app.state.stores = replace(stores, keyring=Keyring(first))  # type: ignore[attr-defined]
    app = pyotp.TOTP(secret)

    def logs_in() -> int:
        clock.now += 30_000
        return log_in(ada, "ada@team.test", code=app.at(clock.now // 1_000)).status_code

    assert ada.post("/api/account/totp/confirm", json={"code": app.at(clock.now // 1_000)}).status_code == 200
    assert logs_in() == 200
    assert seal_again(stores.control, Keyring(first)) == 1
    assert secret not in of().totp_secret
    assert of().totp_secret.startswith(first.name + "|")
    assert logs_in() == 200

    assert seal_again(stores.control, Keyring(second, (first,))) == 1
    assert of().totp_secret.startswith(second.name + "|")
    ada.app.state.stores = replace(stores, keyring=Keyring(second))  # type: ignore[attr-defined]
    check_secrets(stores.control, Keyring(second))
    assert logs_in() == 200
    with pytest.raises(KeyMissing, match=second.name):
        check_secrets(stores.control, Keyring(first))
    ada.app.state.stores = replace(stores, keyring=Keyring(first))  # type: ignore[attr-defined]
    assert logs_in() == 503

    # It opens for nobody else, and a new one is under the key from the beginning.
    ada.app.state.stores = replace(stores, keyring=Keyring(second))  # type: ignore[attr-defined]
    with pytest.raises(Undecipherable):
        opened(Keyring(second), "eve", of().totp_secret)
    assert logs_in() == 200
    clock.now += 30_000
    assert ada.request("DELETE", "/api/account/totp", json={"code": app.at(clock.now // 1_000)}).status_code == 204
    assert ada.post("/api/account/totp").json()["secret"] not in of().totp_pending
    assert of().totp_pending.startswith(second.name + "|")


def test_a_right_password_does_not_make_codes_free_to_guess(ada: TestClient, stores: Stores) -> None:
    with stores.control.write() as session:
        session.get_one(Member, "ada").totp_secret = pyotp.random_base32()
    answers = []
    for _ in range(FAILURES_OF_ACCOUNT + 1):
        log_in(ada, "ada@team.test")
        answers.append(log_in(ada, "ada@team.test", code="000000").status_code)
    assert answers == [401] * FAILURES_OF_ACCOUNT + [429]


def test_sessions_are_listed_and_ended(ada: TestClient, stores: Stores, clock: Clock) -> None:
    with stores.control.read() as session:
        row = session.get_one(Member, "ada")
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
    ada.headers["User-Agent"] = agent
    log_in(ada, "ada@team.test")
    cookie = dict(ada.cookies)
    others = [logged_in(stores, row) for _ in range(3)]
    clock.now += 120_000
    listed = ada.get("/api/account/sessions").json()["results"]
    assert len(listed) == 5
    (current,) = [each for each in listed if each["current"]]
    assert listed[0] == current
    assert (current["browser"], current["os"], current["method"]) == ("Chrome", "Linux", "password")
    assert current["last_used_at"] > current["created_at"]
    gone = next(each for each in listed if not each["current"])
    assert ada.delete(f"/api/account/sessions/{gone['session_id']}").status_code == 204
    assert ada.delete(f"/api/account/sessions/{gone['session_id']}").status_code == 404
    assert ada.delete("/api/account/sessions").status_code == 204
    assert {other(ada, "GET", "/api/session").status_code for other in others} == {401}
    ada.cookies.update(cookie)
    assert [each["current"] for each in ada.get("/api/account/sessions").json()["results"]] == [True]
    assert audited(stores)[-2:] == ["session.revoked", "session.revoked"]


def test_one_ends_ones_own_sessions_only(ada: TestClient, stores: Stores, made: NewProject) -> None:
    logged_in(stores, member(stores, "eve", {made.project_id: "owner"}))
    with stores.control.read() as session:
        from playhead.stores.tables import LoginSession

        (theirs,) = session.scalars(select(LoginSession.session_id).where(LoginSession.member_id == "eve")).all()
    assert ada.delete(f"/api/account/sessions/{theirs}").status_code == 404


def test_an_e_mail_address_is_one_accounts(ada: TestClient, stores: Stores) -> None:
    member(stores, "eve", {})
    assert ada.patch("/api/account", json={"email": "no address"}).status_code == 400
    # Nobody has verified it, and somebody may be about to invite whose it really is.
    assert code_of(ada.patch("/api/account", json={"email": "boss@team.test"})) == "email_fixed"
    with stores.control.write() as session:
        session.get_one(Member, "ada").is_operator = 1
    assert code_of(ada.patch("/api/account", json={"email": "EVE@team.test"})) == "email_taken"
    assert ada.patch("/api/account", json={"name": "Ada", "email": "new@team.test"}).json()["email"] == "new@team.test"
    assert ada.patch("/api/account", json={"name": " "}).status_code == 400
    assert ada.patch("/api/account", json={"is_operator": True}).status_code == 400


def test_an_invitation_logs_in_once(
    ada: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject, clock: Clock
) -> None:
    invited = ada.post(at("/members"), json={"email": "Bob@team.test", "name": "Bob", "role": "analyst"})
    assert invited.status_code == 201
    bob = invited.json()
    assert (bob["email"], bob["role"], bob["unmasked"], bob["last_seen_at"]) == (
        "bob@team.test",
        "analyst",
        False,
        None,
    )
    assert bob["expires_at"].startswith("2026-11-29")
    listed = {each["member_id"]: each for each in ada.get(at("/members")).json()["results"]}
    assert set(listed) == {"ada", bob["member_id"]}
    assert code_of(ada.post(at("/members"), json={"email": "bob@team.test", "role": "viewer"})) == "already_member"

    again = ada.post(at(f"/members/{bob['member_id']}/link")).json()
    cookie = dict(ada.cookies)
    assert ada.get(bob["invite_url"]).status_code == 401
    ada.cookies.clear()
    assert ada.get(again["invite_url"]).status_code == 303
    session = ada.get("/api/session").json()
    assert [(each["project_id"], each["role"]) for each in session["projects"]] == [(made.project_id, "analyst")]
    assert ada.get(again["invite_url"]).status_code == 401
    ada.cookies.clear()
    ada.cookies.update(cookie)
    assert audited(stores, made.project_id)[-2:] == ["member.invited", "member.link_made"]


def test_nobody_gets_a_link_into_an_account_that_is_somebodys(
    ada: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    elsewhere = create_project(stores.control, "Elsewhere", 30)
    member(stores, "carol", {elsewhere.project_id: "owner"})
    carol = ada.post(at("/members"), json={"email": "carol@team.test", "role": "viewer"}).json()
    assert (carol["invite_url"], carol["expires_at"]) == ("http://127.0.0.1:8800/", None)
    assert code_of(ada.post(at("/members/carol/link"))) == "has_way_in"
    login_path(stores.control)  # makes the first member, who runs the server
    assert code_of(ada.post(at("/members/owner/link"))) == "has_way_in"
    assert code_of(ada.post(at("/members/ada/link"))) == "has_way_in"


def test_roles_are_changed_by_who_may(
    ada: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    admin = logged_in(stores, member(stores, "admin", {made.project_id: "admin"}))
    member(stores, "bob", {made.project_id: "viewer"})

    def refused(asks: Asks, method: str, path: str, body: Any = None) -> str:
        return code_of(asks(ada, method, at(path), body))

    cookie = dict(ada.cookies)
    for method, path, body in (
        ("PATCH", "/members/bob", {"role": "owner"}),
        ("PATCH", "/members/bob", {"unmasked": True}),
        ("PATCH", "/members/ada", {"role": "viewer"}),
        ("DELETE", "/members/ada", None),
        ("POST", "/members/ada/link", None),
        ("POST", "/members", {"email": "x@team.test", "role": "owner"}),
        ("POST", "/members", {"email": "x@team.test", "role": "viewer", "unmasked": True}),
    ):
        assert refused(admin, method, path, body) == "forbidden", (method, path, body)
    assert admin(ada, "PATCH", at("/members/bob"), {"role": "analyst"}).json()["role"] == "analyst"
    ada.cookies.clear()
    ada.cookies.update(cookie)
    assert ada.patch(at("/members/bob"), json={"unmasked": True}).json()["unmasked"] is True
    assert ada.patch(at("/members/bob"), json={"role": "king"}).status_code == 400
    assert ada.patch(at("/members/nobody"), json={"role": "viewer"}).status_code == 404
    assert audited(stores, made.project_id)[-1] == "member.role_changed"


def test_the_last_owner_stays(ada: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject) -> None:
    assert code_of(ada.patch(at("/members/ada"), json={"role": "admin"})) == "last_owner"
    assert code_of(ada.delete(at("/members/ada"))) == "last_owner"
    member(stores, "bob", {made.project_id: "owner"})
    assert ada.delete(at("/members/bob")).status_code == 204
    member(stores, "carol", {made.project_id: "owner"})
    assert ada.patch(at("/members/ada"), json={"role": "admin"}).json()["role"] == "admin"
    assert ada.delete(at("/members/ada")).status_code == 204
    assert ada.get(at("/members")).status_code == 404


def test_keys_are_made_told_once_used_and_revoked(
    ada: TestClient, at: Callable[[str], str], stores: Stores, clock: Clock, made: NewProject
) -> None:
    asked = {"name": "Warehouse", "scopes": ["read"], "expires_at": "2026-12-01T00:00:00Z"}
    new = ada.post(at("/keys"), json=asked)
    assert new.status_code == 201
    key = new.json()
    secret = {"Authorization": f"Bearer {key['api_key']}"}
    assert ada.get(at("/replays"), headers=secret).status_code == 200
    assert ada.post(at("/privacy/rules"), json={}, headers=secret).status_code == 403
    listed = {each["name"]: each for each in ada.get(at("/keys")).json()["results"]}
    assert set(listed) == {"First key", "Warehouse"}
    row = listed["Warehouse"]
    assert (row["scopes"], row["created_by"], row["expires_at"]) == (["read"], "ada", "2026-12-01T00:00:00.000Z")
    assert row["last_used_at"] is not None and "api_key" not in row
    with stores.control.read() as session:
        kept = session.scalars(select(ApiKey)).all()
    assert all(key["api_key"] not in str(vars(each)) for each in kept)
    clock.now += 10 * 86_400_000
    assert ada.get(at("/replays"), headers=secret).json()["error"]["code"] == "unknown_api_key"
    assert ada.delete(at(f"/keys/{key['key_id']}")).status_code == 204
    assert ada.delete(at(f"/keys/{key['key_id']}")).status_code == 404
    for wrong in ({"scopes": []}, {"scopes": ["all"]}, {"expires_at": "2020-01-01"}, {"expires_at": "x"}, {"name": ""}):
        assert ada.post(at("/keys"), json=asked | {"expires_at": None} | wrong).status_code == 400
    assert audited(stores, made.project_id)[-2:] == ["key.created", "key.revoked"]


def test_a_project_is_renamed_and_its_token_rotated(
    ada: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject, clock: Clock
) -> None:
    changed = ada.patch(at(""), json={"name": "New name", "timezone": "Europe/Berlin"}).json()
    assert (changed["name"], changed["timezone"]) == ("New name", "Europe/Berlin")
    for wrong in ({"name": ""}, {"timezone": "Mars"}, {"token": "x"}):
        assert ada.patch(at(""), json=wrong).status_code == 400

    load = control_loader(stores.control.engine)
    rotated = ada.post(at("/token"), json={"overlap_hours": 24}).json()
    assert rotated["token"] != made.token and rotated["previous_token_until"] == "2026-11-23T10:01:00.000Z"
    assert {load().projects[token].project_id for token in (made.token, rotated["token"])} == {made.project_id}
    clock.now += 24 * 3_600_000
    assert set(load().projects) == {rotated["token"]}
    assert set(ada.get(at("/replays")).json()) == {"results", "next_cursor", "total"}
    at_once = ada.post(at("/token"), json={"overlap_hours": 0}).json()
    assert set(load().projects) == {at_once["token"]} and "previous_token_until" not in at_once
    assert ada.post(at("/token"), json={"overlap_hours": -1}).status_code == 400
    assert [each for each in audited(stores, made.project_id) if each.startswith("project.")] == [
        *("project.created", "project.timezone_changed", "project.renamed"),
        *("project.token_rotated", "project.token_rotated"),
    ]


def test_a_project_is_deleted_by_its_name(
    ada: TestClient, at: Callable[[str], str], stores: Stores, made: NewProject
) -> None:
    assert code_of(ada.request("DELETE", at(""), json={"name": "shop"})) == "wrong_name"
    assert ada.request("DELETE", at(""), json={"name": "Shop"}).status_code == 204
    assert ada.get(at("/replays")).status_code == 404
    assert ada.get("/api/projects").json()["results"] == []
    assert control_loader(stores.control.engine)().projects == {}
    assert audited(stores)[-1] == "project.deleted"


def test_keys_that_may_ingest_are_known_to_capture(stores: Stores, made: NewProject, clock: Clock) -> None:
    from playhead.accounts import hashed

    def secret(asks: Asks) -> str:
        return hashed(asks.headers["Authorization"].removeprefix("Bearer "))

    sends = program(stores, made.project_id, ["ingest"], expires_at_ms=clock.now + 1_000)
    reads = program(stores, made.project_id, ["read"])
    load = control_loader(stores.control.engine)
    keys = load().keys
    assert keys[secret(sends)].project_id == made.project_id
    assert secret(reads) not in keys
    key_user(stores.control.engine)({secret(sends)})
    with stores.control.read() as session:
        used = session.scalars(select(ApiKey.last_used_at_ms).where(ApiKey.key_hash == secret(sends))).all()
    assert used == [clock.now]
    clock.now += 1_000
    assert secret(sends) not in load().keys
