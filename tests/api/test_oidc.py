"""Logging in by a provider of identities, against a real one in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from house import member
from joserfc.jwk import RSAKey
from oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, serve
from starlette.testclient import TestClient

from playhead import clock
from playhead.accounts import NewProject
from playhead.accounts.oidc import read_providers
from playhead.api.app import create_api
from playhead.errors import PlayheadError
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import Member, ProviderIdentity

BASE = "http://127.0.0.1:8800"
BEGIN = "/api/login/oidc/test"


@pytest.fixture
def provider() -> Iterator[Provider]:
    people = {
        "s-ada": {"email": "Ada@team.test", "email_verified": True, "name": "Ada"},
        "s-eve": {"email": "ada@team.test", "email_verified": False},
        "s-stranger": {"email": "stranger@team.test", "email_verified": True},
    }
    with serve(**people) as running:
        running.redirect_uris = [f"{BASE}{BEGIN}/callback"]
        yield running


@pytest.fixture
def browser(settings: Settings, stores: Stores, made: NewProject, provider: Provider) -> Iterator[TestClient]:
    clock.set_clock(None)  # the provider's tokens are of today
    member(stores, "ada", {made.project_id: "analyst"})
    listed = [
        {
            "id": "test",
            "name": "Test provider",
            "issuer": provider.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
    ]
    settings = settings.model_copy(update={"oidc": json.dumps(listed)})
    with TestClient(create_api(settings, stores), base_url=BASE, follow_redirects=False) as client:
        yield client


def at_provider(browser: TestClient, subject: str) -> str:
    """Goes there and logs in; answers the address that the provider sends the browser back to."""
    begun = browser.get(BEGIN)
    assert begun.status_code == 302, begun.headers
    assert httpx2.get(begun.headers["location"]).status_code == 200
    answer = httpx2.post(begun.headers["location"], data={"subject": subject})
    return str(answer.headers["location"])


def error_of(browser: TestClient, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_member_logs_in_by_the_provider(browser: TestClient, stores: Stores, provider: Provider) -> None:
    ways = browser.get("/api/login").json()
    assert ways == {
        "password": True,
        "oidc": [{"id": "test", "name": "Test provider", "url": BEGIN}],
        "needs_setup": False,
    }
    asked = parse_qs(urlsplit(browser.get(BEGIN).headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["state"] and asked["nonce"]
    assert error_of(browser, at_provider(browser, "s-ada")) == "/"
    assert browser.get("/api/session").json()["member"]["member_id"] == "ada"
    (session,) = browser.get("/api/account/sessions").json()["results"]
    assert session["method"] == "test"

    # From now on it is the provider's own id that counts, whatever the address becomes.
    provider.people["s-ada"] = {"email": "countess@team.test", "email_verified": False}
    browser.cookies.clear()
    assert error_of(browser, at_provider(browser, "s-ada")) == "/"
    assert browser.get("/api/session").json()["member"]["email"] == "ada@team.test"
    with stores.control.read() as session:
        assert session.query(ProviderIdentity).count() == 1


def test_nobody_gets_in_who_was_not_invited_or_whose_address_is_not_verified(
    browser: TestClient, stores: Stores
) -> None:
    assert error_of(browser, at_provider(browser, "s-stranger")) == "/login?error=not_invited"
    assert error_of(browser, at_provider(browser, "s-eve")) == "/login?error=oidc_unverified"
    assert browser.get("/api/session").status_code == 401
    with stores.control.read() as session:
        assert session.query(ProviderIdentity).count() == 0
        assert session.query(Member).count() == 1


def test_what_comes_back_must_be_what_was_asked_for_in_this_browser(browser: TestClient, provider: Provider) -> None:
    back = at_provider(browser, "s-ada")
    assert error_of(browser, f"{back}x&state=other") == "/login?error=oidc_state"
    assert error_of(browser, back) == "/login?error=oidc_state"  # the cookie was spent by the failure
    other = at_provider(browser, "s-ada")
    at_provider(browser, "s-ada")
    assert error_of(browser, other) == "/login?error=oidc_state"
    browser.cookies.clear()
    assert error_of(browser, f"{BEGIN}/callback") == "/login?error=oidc_state"
    at_provider(browser, "s-ada")
    state = parse_qs(urlsplit(browser.get(BEGIN).headers["location"]).query)["state"][0]
    assert error_of(browser, f"{BEGIN}/callback?state={state}&error=access_denied") == "/login?error=oidc_denied"
    state = parse_qs(urlsplit(browser.get(BEGIN).headers["location"]).query)["state"][0]
    assert error_of(browser, f"{BEGIN}/callback?state={state}&code=guessed") == "/login?error=oidc_failed"
    back = at_provider(browser, "s-ada")
    assert error_of(browser, f"{back}&iss=https://evil.test") == "/login?error=oidc_failed"
    assert browser.get("/api/session").status_code == 401


def test_a_code_that_was_caught_is_worth_nothing_elsewhere(browser: TestClient, provider: Provider) -> None:
    """PKCE: another browser's flow has another verifier, and the provider refuses the code."""
    caught = parse_qs(urlsplit(at_provider(browser, "s-ada")).query)["code"][0]
    browser.cookies.clear()
    own_state = parse_qs(urlsplit(browser.get(BEGIN).headers["location"]).query)["state"][0]
    injected = f"{BEGIN}/callback?state={own_state}&code={caught}"
    assert error_of(browser, injected) == "/login?error=oidc_failed"
    assert caught in provider.codes or browser.get("/api/session").status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [{"nonce": "another"}, {"iss": "https://evil.test"}, {"aud": ["another-client"]}, {"exp": 1}, {"azp": "another"}],
    ids=lambda spoil: next(iter(spoil)),
)
def test_an_id_token_that_is_not_for_us_is_refused(
    browser: TestClient, provider: Provider, spoil: dict[str, object]
) -> None:
    provider.spoil = spoil
    assert error_of(browser, at_provider(browser, "s-ada")) == "/login?error=oidc_failed"


def test_an_id_token_that_another_key_signed_is_refused(browser: TestClient, provider: Provider) -> None:
    provider.shown_key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
    assert error_of(browser, at_provider(browser, "s-ada")) == "/login?error=oidc_failed"


def test_a_provider_that_is_down_or_another_is_said_so(browser: TestClient, provider: Provider) -> None:
    issuer, provider.issuer = provider.issuer, "https://evil.test"
    assert error_of(browser, BEGIN) == "/login?error=oidc_down"
    provider.issuer = issuer
    assert browser.get("/api/login/oidc/unknown").status_code == 404
    assert browser.get("/api/login/oidc/unknown/callback").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        "{}",
        "not json",
        '[{"id": "A b", "name": "x", "issuer": "https://x", "client_id": "c"}]',
        '[{"id": "a", "name": "x", "issuer": "http://x.test", "client_id": "c"}]',
        '[{"id": "a", "name": "x", "issuer": "https://x", "client_id": "c", "scope": "email"}]',
        '[{"id": "a", "name": "x", "issuer": "https://x"}]',
    ],
)
def test_a_setting_that_is_wrong_is_named(wrong: str) -> None:
    with pytest.raises(PlayheadError, match="PLAYHEAD_OIDC"):
        read_providers(wrong)
