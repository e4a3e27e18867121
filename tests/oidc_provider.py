"""An OpenID Connect provider in this process, of Authlib's server side: codes, PKCE required, signed ID tokens.

`serve()` runs it on a port of its own. Its log-in page is one form: whoever is named in `people` can be chosen.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode, UserInfo
from flask import Flask, Response, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "playhead", "the client's secret"


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    subject: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())


class Client(ClientMixin):
    def __init__(self, redirect_uris: list[str]) -> None:
        self.redirect_uris = redirect_uris

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Provider:
    """`people`: claims by subject. `spoil` changes the claims of an ID token before they are signed, and `shown_key` is
    shown in place of the one that signs."""

    issuer: str = ""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    redirect_uris: list[str] = field(default_factory=list)
    spoil: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    shown_key: RSAKey | None = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"}))

    def app(self) -> Flask:
        app = Flask("provider")
        server = AuthorizationServer(
            app,
            query_client=lambda client_id: Client(self.redirect_uris) if client_id == CLIENT_ID else None,
            save_token=lambda token, asked: None,
        )
        codes, provider = self.codes, self

        class Grant(AuthorizationCodeGrant):
            def save_authorization_code(self, code: str, asked: Any) -> None:
                data = asked.payload.data
                codes[code] = Code(
                    code,
                    asked.payload.redirect_uri,
                    asked.payload.scope,
                    data.get("nonce", ""),
                    data.get("code_challenge", ""),
                    data.get("code_challenge_method", ""),
                    asked.user,
                )

            def query_authorization_code(self, code: str, client: Any) -> Code | None:
                return codes.get(code)

            def delete_authorization_code(self, code: Code) -> None:
                del codes[code.code]

            def authenticate_user(self, code: Code) -> str:
                return code.subject

        class IdTokens(OpenIDCode):
            def exists_nonce(self, nonce: str, asked: Any) -> bool:
                return False

            def resolve_client_private_key(self, client: Any) -> dict[str, Any]:
                return provider.key.as_dict(private=True)

            def get_client_algorithm(self, client: Any) -> str:
                return "RS256"

            def get_client_claims(self, client: Any) -> dict[str, Any]:
                return {"iss": provider.issuer, "aud": CLIENT_ID, "exp": int(time.time()) + 600}

            def generate_user_info(self, user: str, scope: str) -> UserInfo:
                return UserInfo({"sub": user} | provider.people[user] | provider.spoil)

        server.register_grant(Grant, [IdTokens(require_nonce=True), CodeChallenge(required=True)])

        @app.get("/.well-known/openid-configuration")
        def configuration() -> Response:
            return jsonify(
                issuer=self.issuer,
                authorization_endpoint=f"{self.issuer}/authorize",
                token_endpoint=f"{self.issuer}/token",
                jwks_uri=f"{self.issuer}/jwks",
                response_types_supported=["code"],
                code_challenge_methods_supported=["S256"],
            )

        @app.get("/jwks")
        def jwks() -> Response:
            return jsonify(keys=[(self.shown_key or self.key).as_dict(private=False)])

        @app.route("/authorize", methods=["GET", "POST"])
        def authorize() -> Any:
            if request.method == "GET":
                server.get_consent_grant(end_user=None)
                buttons = "".join(f'<button name="subject" value="{each}">{each}</button>' for each in self.people)
                return f"<!doctype html><title>Provider</title><form method='post'>{buttons}</form>"
            subject = request.form.get("subject")
            return server.create_authorization_response(grant_user=subject)

        @app.post("/token")
        def token() -> Any:
            return server.create_token_response()

        return app


@contextmanager
def serve(**people: dict[str, Any]) -> Iterator[Provider]:
    """A provider that knows these people by their subjects, as long as the block runs."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it is on loopback
    provider = Provider(people=people)
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
