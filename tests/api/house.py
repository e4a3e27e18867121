"""A project with something under every id, and people and programs of every kind who ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
from starlette.testclient import TestClient
from visits import Visit, click, opening, set_profile, track

from playhead.accounts import NewProject
from playhead.accounts.keys import new_key
from playhead.accounts.sessions import Browser, begin_session
from playhead.api.auth import COOKIE, CSRF_HEADER
from playhead.api.rights import Role
from playhead.clock import now_ms
from playhead.governance.audit import Actor
from playhead.governance.jobs import create_job
from playhead.governance.rules import create_rule
from playhead.replays.access import find_replay
from playhead.replays.sealing import seal_replay
from playhead.saved import NewBoard, NewReport, create_board, save_report
from playhead.stores import Stores
from playhead.stores.tables import DataRequest, Member, Membership, ShareLink

CANARY = "canary-7f3a"


@dataclass(frozen=True)
class Asks:
    """Whoever asks, by the headers of their requests."""

    name: str
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, client: TestClient, method: str, path: str, body: object = None) -> httpx.Response:
        client.cookies.clear()
        return client.request(method, path, headers=self.headers, json=body)


NOBODY = Asks("nobody")


def member(
    stores: Stores, name: str, roles: dict[str, Role], *, unmasked: bool = False, operator: bool = False
) -> Member:
    """A member with these roles by project."""
    row = Member(
        member_id=name,
        name=name,
        email=f"{name}@team.test",
        created_at_ms=now_ms(),
        is_operator=int(operator),
        password_hash="",
        totp_secret="",
        totp_pending="",
        totp_step=0,
        last_seen_at_ms=0,
    )
    with stores.control.write() as session:
        session.add(row)
        for project_id, role in roles.items():
            session.add(
                Membership(
                    project_id=project_id,
                    member_id=name,
                    role=role,
                    unmasked=int(unmasked),
                    created_at_ms=now_ms(),
                )
            )
    return row


def logged_in(stores: Stores, row: Member) -> Asks:
    with stores.control.write() as session:
        new = begin_session(session, row, "password", Browser())
    return Asks(row.name, {"Cookie": f"{COOKIE}={new.cookie}", CSRF_HEADER: new.csrf_token})


def program(
    stores: Stores, project_id: str, scopes: list[str], *, expires_at_ms: int = 0, masked: bool = False
) -> Asks:
    row, secret = new_key(project_id, f"key of {scopes}", scopes, "Owner", expires_at_ms, unmasked=not masked)
    with stores.control.write() as session:
        session.add(row)
    return Asks(f"key of {scopes}", {"Authorization": f"Bearer {secret}"})


def furnish(stores: Stores, made: NewProject) -> dict[str, str]:
    """Something under every id that a path can have; answers the ids by the names of path parameters."""
    project_id, control, now = made.project_id, stores.control, now_ms()
    visit = Visit(stores, project_id, distinct_id=CANARY)
    visit.send([*opening(), click(2_000)])
    seal_replay(stores, find_replay(control, project_id, visit.replay_id, now), now)
    track(stores, project_id, CANARY, at=1_000, distinct_id=CANARY)
    set_profile(stores, project_id, CANARY, **{"$name": CANARY, "$email": f"{CANARY}@shop.test"})
    with control.write() as session:
        session.add(
            DataRequest(
                project_id=project_id,
                request_id="request1",
                kind="deletion",
                what="person",
                state="waiting",
                subject=f'{{"distinct_ids":["{CANARY}"]}}',
                compliance_type="GDPR",
                disclosure_type="",
                requested_by=CANARY,
                created_at_ms=now,
            )
        )
        session.add(
            ShareLink(
                link_hash="0" * 64,
                project_id=project_id,
                replay_id=visit.replay_id,
                link_id="link1",
                created_at_ms=now,
                created_by=CANARY,
                expires_at_ms=now + 3_600_000,
            )
        )
    rule = create_rule(control, project_id, "mask", f".{CANARY}", CANARY, Actor("member", "", CANARY), now)
    report = save_report(control, project_id, NewReport("insights", CANARY, "", "?x=1"), CANARY, now)
    board = create_board(control, project_id, NewBoard(CANARY), CANARY, now)
    key, _ = new_key(project_id, CANARY, ["read"], CANARY, 0, unmasked=False)
    with control.write() as session:
        session.add(key)
    return {
        "p": project_id,
        "replay_id": visit.replay_id,
        "generation": "1",
        "n": "0",
        "distinct_id": CANARY,
        "group_key": "company",
        "group_id": CANARY,
        "query_id": "00000000-0000-4000-8000-000000000001",
        "rule_id": rule.rule_id,
        "job_id": create_job(control, project_id, Actor("member", "", CANARY), now).job_id,
        "report_id": report.report_id,
        "board_id": board.board_id,
        "key_id": key.key_id,
        "request_id": "request1",
        "tracking_id": "request1",
        "link_id": "link1",
    }
