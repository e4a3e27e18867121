"""Logging in by a provider of identities: OpenID Connect's authorization code flow with PKCE, state and nonce.

https://openid.net/specs/openid-connect-core-1_0.html, https://www.rfc-editor.org/rfc/rfc7636,
https://www.rfc-editor.org/rfc/rfc9207
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from threading import Lock
from typing import Any

import httpx2
import msgspec
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy.orm import Session

from playhead.accounts.members import by_email, email_of
from playhead.clock import now_ms
from playhead.errors import PlayheadError
from playhead.governance.audit import NO_PROJECT, Actor, record
from playhead.stores.tables import Member, ProviderIdentity

log = structlog.get_logger(__name__)

# Signatures only: a token that says `none`, or is signed with our own client secret, is none of the provider's.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
TIMEOUT_S = 10
METADATA_S = 3_600
LEEWAY_S = 60
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `PLAYHEAD_OIDC`. `id` is in the addresses, `name` on the button."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    scope: str = "openid email profile"


class Flow(msgspec.Struct, frozen=True):
    """What the browser keeps while it is at the provider's."""

    provider: str
    state: str
    nonce: str
    verifier: str


class Identity(msgspec.Struct, frozen=True):
    """Whom a provider says somebody is. `email` is None unless the provider has verified it."""

    issuer: str
    subject: str
    email: str | None


class LoginRefused(PlayheadError):
    """The code is a word for the log-in page."""

    status = 401


def read_providers(text: str) -> dict[str, Provider]:
    """`PLAYHEAD_OIDC` by id. Raises `PlayheadError` saying what is wrong with it."""
    try:
        found = msgspec.json.decode(text, type=list[Provider]) if text.strip() else []
    except msgspec.MsgspecError as error:
        raise _wrong(str(error)) from None
    for each in found:
        if not _ID.fullmatch(each.id):
            raise _wrong(f"the id {each.id!r} must be of lower-case letters, digits and hyphens")
        if not re.match(r"https://|http://(localhost|127\.0\.0\.1)[:/]", each.issuer):
            raise _wrong(f"the issuer of {each.id} must begin with https://")
        if "openid" not in each.scope.split():
            raise _wrong(f"the scope of {each.id} must have openid in it")
    if len({each.id for each in found}) != len(found):
        raise _wrong("two providers have the same id")
    return {each.id: each for each in found}


def _wrong(what: str) -> PlayheadError:
    return PlayheadError(
        f"the setting PLAYHEAD_OIDC is wrong: {what}; it is a JSON list of objects with id, name, issuer, client_id "
        "and client_secret",
        code="bad_settings",
    )


def begin(provider: Provider, redirect_uri: str) -> tuple[str, Flow]:
    """Where to send the browser, and what it must bring back. Raises `LoginRefused`."""
    endpoint = str(metadata(provider)["authorization_endpoint"])
    flow = Flow(provider.id, secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    with _client(provider, redirect_uri) as client:
        url, _ = client.create_authorization_url(
            endpoint, state=flow.state, nonce=flow.nonce, code_verifier=flow.verifier
        )
    return str(url), flow


def finish(provider: Provider, flow: Flow, query: Mapping[str, str], redirect_uri: str) -> Identity:
    """Who came back with this query. Raises `LoginRefused`."""
    if flow.provider != provider.id or not hmac.compare_digest(
        flow.state.encode(), query.get("state", "").encode("utf-8", "replace")
    ):
        raise LoginRefused("This log-in was not begun in this browser.", code="oidc_state")
    if "error" in query or not query.get("code"):
        raise LoginRefused("The provider did not let you in.", code="oidc_denied")
    if query.get("iss", provider.issuer) != provider.issuer:
        raise LoginRefused("The answer is another provider's.", code="oidc_failed")
    known = metadata(provider)
    try:
        with _client(provider, redirect_uri) as client:
            token = client.fetch_token(
                known["token_endpoint"],
                code=query["code"],
                grant_type="authorization_code",
                redirect_uri=redirect_uri,
                code_verifier=flow.verifier,
            )
            claims = _claims(provider, str(token["id_token"]), flow.nonce, _keys(str(known["jwks_uri"])))
            told = claims
            if "email" not in claims and "userinfo_endpoint" in known:
                told = client.get(known["userinfo_endpoint"]).raise_for_status().json()
                if told.get("sub") != claims["sub"]:
                    raise ValueError("userinfo is of somebody else")
    except (AuthlibBaseError, JoseError, httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("oidc_failed", provider=provider.id, error=type(error).__name__, reason=str(error)[:200])
        raise LoginRefused("The provider's answer could not be used.", code="oidc_failed") from None
    verified = told.get("email_verified") in {True, "true"}
    email = email_of(str(told.get("email") or "")) if verified else None
    return Identity(provider.issuer, str(claims["sub"]), email)


def member_for(session: Session, identity: Identity) -> Member:
    """Whose account it is: the one it was used for before, else that of the verified e-mail address.

    Raises `LoginRefused` for somebody whom nobody has invited.
    """
    row = session.get(ProviderIdentity, (identity.issuer, identity.subject))
    if row is not None:
        member = session.get(Member, row.member_id)
        if member is not None:
            return member
    if identity.email is None:
        raise LoginRefused("The provider has not verified your e-mail address.", code="oidc_unverified")
    member = by_email(session, identity.email)
    if member is None:
        raise LoginRefused("Nobody has invited this e-mail address.", code="not_invited")
    session.merge(ProviderIdentity(issuer=identity.issuer, subject=identity.subject, member_id=member.member_id))
    actor = Actor("member", member.member_id, member.name)
    detail = {"issuer": identity.issuer}
    record(session, NO_PROJECT, actor, "member.provider_linked", "member", member.member_id, detail)
    return member


def packed(flow: Flow) -> str:
    """As a cookie's value."""
    return base64.urlsafe_b64encode(msgspec.json.encode(flow)).decode()


def unpacked(text: str) -> Flow | None:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=Flow)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None


_known: dict[str, tuple[float, dict[str, Any]]] = {}
_lock = Lock()


def metadata(provider: Provider) -> dict[str, Any]:
    """What the provider says of itself, an hour old at most. Raises `LoginRefused` when it can't be asked."""
    with _lock:
        at, found = _known.get(provider.issuer, (0.0, {}))
        if found and time.monotonic() - at < METADATA_S:
            return found
    url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        found = dict(httpx2.get(url, timeout=TIMEOUT_S, follow_redirects=True).raise_for_status().json())
        if found.get("issuer") != provider.issuer:
            raise ValueError(f"it calls itself {found.get('issuer')}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str):
                raise ValueError(f"it names no {name}")
    except (httpx2.HTTPError, ValueError, TypeError) as error:
        log.warning("oidc_provider_unknown", url=url, error=type(error).__name__, reason=str(error)[:200])
        raise LoginRefused("The provider can't be reached.", code="oidc_down") from None
    with _lock:
        _known[provider.issuer] = (time.monotonic(), found)
    return found


def _client(provider: Provider, redirect_uri: str) -> Any:
    # A client without a secret is a public one: PKCE is what protects its code.
    return OAuth2Client(
        provider.client_id,
        provider.client_secret or None,
        token_endpoint_auth_method="client_secret_basic" if provider.client_secret else "none",
        scope=provider.scope,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        timeout=TIMEOUT_S,
    )


def _keys(url: str) -> KeySet:
    return KeySet.import_key_set(httpx2.get(url, timeout=TIMEOUT_S).raise_for_status().json())


def _claims(provider: Provider, id_token: str, nonce: str, keys: KeySet) -> dict[str, Any]:
    token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
    registry = jwt.JWTClaimsRegistry(
        now=now_ms() // 1_000,
        leeway=LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    registry.validate(token.claims)
    if token.claims.get("azp", provider.client_id) != provider.client_id:
        raise ValueError("the ID token was made for another client")
    return dict(token.claims)
