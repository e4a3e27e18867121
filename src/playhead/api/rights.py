"""Who may do what: one table of every endpoint, the rights of roles, and those of keys.

`allowed` in `auth.py` looks every request up here before anything else is done with it. An address that is not in the
table is refused, so that a new one is out of reach until someone says here whom it is for.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["owner", "admin", "analyst", "viewer"]
Scope = Literal["ingest", "read", "manage"]
# What is asked of a project: see docs/guide/members.md.
Right = Literal["watch", "report", "edit", "export", "share", "privacy", "delete", "audit", "manage", "own"]
# What belongs to no project: for everyone, for whoever has a key or a session, for members, for who runs this server.
Audience = Literal["public", "caller", "member", "operator"]

RIGHTS_OF_ALL: tuple[Right, ...] = (
    "watch",
    "report",
    "edit",
    "export",
    "share",
    "privacy",
    "delete",
    "audit",
    "manage",
    "own",
)

# A viewer watches only the replays that were shared with them: see `Access.only_shared`.
ROLES: dict[Role, frozenset[Right]] = {
    "owner": frozenset(RIGHTS_OF_ALL),
    "admin": frozenset(RIGHTS_OF_ALL) - {"own"},
    "analyst": frozenset(("watch", "report", "edit", "export", "share")),
    "viewer": frozenset(("watch",)),
}
RANK: dict[Role, int] = {"viewer": 0, "analyst": 1, "admin": 2, "owner": 3}

SCOPES: dict[Scope, frozenset[Right]] = {
    "ingest": frozenset(),
    "read": frozenset(("watch", "report", "export")),
    "manage": frozenset(RIGHTS_OF_ALL) - {"own"},
}

_P = "/api/projects/{p}"
_R = f"{_P}/replays/{{replay_id}}"
_DELETIONS = "/api/app/data-deletions/v3.0"
_RETRIEVALS = "/api/app/data-retrievals/v3.0"

RIGHTS: dict[str, Right | Audience] = {
    # Log-in, and what describes the API.
    "GET /login": "public",
    "GET /api/login": "public",
    "POST /api/login": "public",
    "GET /api/login/oidc/{provider_id}": "public",
    "GET /api/login/oidc/{provider_id}/callback": "public",
    "GET /api/openapi.json": "public",
    "GET /api/docs": "public",
    # A secret link is the right to one replay; the route looks it up.
    "GET /api/shared/{secret}": "public",
    "GET /api/shared/{secret}/index": "public",
    "GET /api/shared/{secret}/events": "public",
    "GET /api/shared/{secret}/frames/{generation}/{n}": "public",
    # Only says which page to open; the page asks for the rest.
    "GET /replay/{replay_id}": "public",
    # A member's own account.
    "GET /api/session": "member",
    "POST /api/logout": "member",
    "PATCH /api/account": "member",
    "POST /api/account/password": "member",
    "POST /api/account/totp": "member",
    "POST /api/account/totp/confirm": "member",
    "DELETE /api/account/totp": "member",
    "GET /api/account/sessions": "member",
    "DELETE /api/account/sessions": "member",
    "DELETE /api/account/sessions/{session_id}": "member",
    "GET /api/account/activity": "member",
    # The server, and projects as a whole.
    "GET /api/audit": "operator",
    "GET /api/audit/export": "operator",
    "GET /api/audit/verify": "operator",
    "GET /api/status": "caller",
    "GET /api/projects": "caller",
    "POST /api/projects": "operator",
    f"PATCH {_P}": "manage",
    f"DELETE {_P}": "own",
    f"POST {_P}/token": "manage",
    f"GET {_P}/members": "manage",
    f"POST {_P}/members": "manage",
    f"PATCH {_P}/members/{{member_id}}": "manage",
    f"DELETE {_P}/members/{{member_id}}": "manage",
    f"POST {_P}/members/{{member_id}}/link": "manage",
    f"GET {_P}/keys": "manage",
    f"POST {_P}/keys": "manage",
    f"DELETE {_P}/keys/{{key_id}}": "manage",
    f"GET {_P}/retention": "manage",
    f"POST {_P}/retention/preview": "manage",
    f"PUT {_P}/retention": "manage",
    # Replays.
    f"GET {_P}/replays": "watch",
    f"GET {_R}": "watch",
    f"GET {_R}/events": "watch",
    f"GET {_R}/index": "watch",
    f"GET {_R}/frames/{{generation}}/{{n}}": "watch",
    f"POST {_R}/watching": "watch",
    f"DELETE {_R}": "delete",
    f"PUT {_R}/bookmark": "edit",
    f"DELETE {_R}/bookmark": "edit",
    f"GET {_R}/links": "share",
    f"POST {_R}/links": "share",
    f"DELETE {_R}/links/{{link_id}}": "share",
    f"GET {_R}/members": "share",
    f"PUT {_R}/members/{{member_id}}": "share",
    f"DELETE {_R}/members/{{member_id}}": "share",
    # Privacy rules, and what they would do to a replay.
    f"GET {_P}/privacy/rules": "privacy",
    f"POST {_P}/privacy/rules": "privacy",
    f"DELETE {_P}/privacy/rules/{{rule_id}}": "privacy",
    f"GET {_P}/privacy/jobs": "privacy",
    f"POST {_P}/privacy/jobs": "privacy",
    f"GET {_P}/privacy/jobs/{{job_id}}": "privacy",
    f"DELETE {_P}/privacy/jobs/{{job_id}}": "privacy",
    f"POST {_R}/preview": "privacy",
    f"POST {_R}/preview/events": "privacy",
    # People, groups, events, and the words for them.
    f"GET {_P}/people": "report",
    f"GET {_P}/people/{{distinct_id}}": "report",
    f"GET {_P}/people/{{distinct_id}}/events": "report",
    f"GET {_P}/people/{{distinct_id}}/replays": "report",
    f"GET {_P}/groups/{{group_key}}/{{group_id}}": "report",
    f"GET {_P}/events/names": "report",
    f"GET {_P}/events/properties": "report",
    f"GET {_P}/events/values": "report",
    f"GET {_P}/lexicon/events": "report",
    f"GET {_P}/lexicon/properties": "report",
    f"PUT {_P}/lexicon": "edit",
    f"GET {_P}/export": "export",
    # Reports, and what is kept of them.
    **{
        f"POST {_P}/reports/{kind}{behind}": "report"
        for kind in ("insights", "funnel", "retention", "flows")
        for behind in ("", "/replays", "/people", "/events")
    },
    f"GET {_P}/queries/{{query_id}}": "report",
    f"DELETE {_P}/queries/{{query_id}}": "report",
    f"GET {_P}/saved-reports": "report",
    f"POST {_P}/saved-reports": "edit",
    f"GET {_P}/saved-reports/{{report_id}}": "report",
    f"PATCH {_P}/saved-reports/{{report_id}}": "edit",
    f"DELETE {_P}/saved-reports/{{report_id}}": "edit",
    f"GET {_P}/boards": "report",
    f"POST {_P}/boards": "edit",
    f"GET {_P}/boards/{{board_id}}": "report",
    f"PATCH {_P}/boards/{{board_id}}": "edit",
    f"DELETE {_P}/boards/{{board_id}}": "edit",
    # Deletion, retrieval, and the audit log.
    f"POST {_P}/deletions/preview": "delete",
    f"GET {_P}/deletions": "delete",
    f"POST {_P}/deletions": "delete",
    f"GET {_P}/deletions/{{request_id}}": "delete",
    f"DELETE {_P}/deletions/{{request_id}}": "delete",
    f"POST {_P}/deletions/{{request_id}}/check": "delete",
    f"GET {_P}/retrievals": "delete",
    f"POST {_P}/retrievals": "delete",
    f"GET {_P}/retrievals/{{request_id}}": "delete",
    f"GET {_P}/retrievals/{{request_id}}/download": "delete",
    f"DELETE {_P}/retrievals/{{request_id}}": "delete",
    f"GET {_P}/audit": "audit",
    f"GET {_P}/audit/export": "audit",
    f"GET {_P}/audit/verify": "audit",
    # Mixpanel's own addresses; the project is that of the token in the query.
    f"POST {_DELETIONS}": "delete",
    f"POST {_DELETIONS}/": "delete",
    f"GET {_DELETIONS}/{{tracking_id}}": "delete",
    f"DELETE {_DELETIONS}/{{tracking_id}}": "delete",
    f"POST {_RETRIEVALS}": "delete",
    f"POST {_RETRIEVALS}/": "delete",
    f"GET {_RETRIEVALS}/{{tracking_id}}": "delete",
    f"DELETE {_RETRIEVALS}/{{tracking_id}}": "delete",
}


def rights_of_scopes(scopes: str) -> frozenset[Right]:
    """`scopes` in words, as a key's row keeps them."""
    found: frozenset[Right] = frozenset()
    for scope, rights in SCOPES.items():
        if scope in scopes.split():
            found |= rights
    return found


def in_order(rights: frozenset[Right]) -> list[Right]:
    return [each for each in RIGHTS_OF_ALL if each in rights]
