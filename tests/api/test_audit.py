"""The audit log over HTTP: what gets into it, how it is searched, and that a change of it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from house import logged_in, member
from sqlalchemy import delete, update
from starlette.testclient import TestClient
from visits import START, Clock, Visit, opening, track

from playhead.accounts import NewProject, create_project
from playhead.governance import audit
from playhead.governance.audit import COMMAND, NO_PROJECT, Actor, record
from playhead.governance.sentences import SENTENCES, details
from playhead.stores import Stores
from playhead.stores.tables import AuditEntry

CSRF = "X-Playhead-CSRF"


def actions(client: TestClient, **asked: Any) -> list[str]:
    """Without that the project was made, which is the first entry of each."""
    found = [each["action"] for each in client.get("/audit", params=asked).json()["results"]]
    return [each for each in found if each != "project.created"]


def test_what_is_done_is_recorded(program: TestClient, stores: Stores, made: NewProject, clock: Clock) -> None:
    visit = Visit(stores, made.project_id)
    visit.send(opening())
    track(stores, made.project_id, "View Item", at=0)
    program.get(f"/replays/{visit.replay_id}/index")
    rule = program.post("/privacy/rules", json={"kind": "mask", "expression": ".name"}).json()
    program.delete(f"/privacy/rules/{rule['rule_id']}")
    saved = program.post("/saved-reports", json={"kind": "insights", "name": "A", "search": "a=1"}).json()
    program.delete(f"/saved-reports/{saved['report_id']}")
    board = program.post("/boards", json={"name": "B"}).json()
    program.delete(f"/boards/{board['board_id']}")
    assert program.get("/export", params={"from": "2026-11-22", "event": "View Item"}).status_code == 200
    assert program.delete(f"/replays/{visit.replay_id}").status_code == 204
    assert actions(program) == [
        "replay.deleted",
        "events.exported",
        "board.deleted",
        "report.deleted",
        "rule.deleted",
        "rule.created",
        "replay.watched",
    ]
    (watched,) = program.get("/audit", params={"action": "replay.watched"}).json()["results"]
    assert watched == {
        "number": 2,
        "at": "2026-11-22T10:01:00.000Z",
        "actor": {"kind": "key", "id": watched["actor"]["id"], "name": watched["actor"]["name"]},
        "action": "replay.watched",
        "object_kind": "replay",
        "object_id": visit.replay_id,
        "detail": {},
        "text": f"{watched['actor']['name']} watched the replay {visit.replay_id}.",
    }
    (exported,) = program.get("/audit", params={"q": "exported"}).json()["results"]
    assert exported["text"].endswith("exported events (from 2026-11-22, only events 1).")


def test_marking_a_property_as_sensitive_is_recorded(program: TestClient) -> None:
    for said in ({"sensitive": True}, {"sensitive": True}, {"description": "who they are"}, {"sensitive": False}):
        answer = program.put("/lexicon", json={"kind": "event_property", "name": "email", **said})
        assert answer.status_code == 200, answer.text
    found = [
        each["text"].partition(" ")[2] for each in program.get("/audit", params={"action": "lexicon"}).json()["results"]
    ]
    assert [each.partition("changed")[2] for each in found] == [
        " what the Lexicon says of email (event property, sensitive no).",
        " what the Lexicon says of email (described yes, event property).",
        " what the Lexicon says of email (event property, sensitive yes).",
    ]


def test_watching_is_recorded_once_in_half_an_hour(
    program: TestClient, stores: Stores, made: NewProject, clock: Clock
) -> None:
    visit, other = Visit(stores, made.project_id), Visit(stores, made.project_id)
    for each in (visit, other):
        each.send(opening())
    program.get(f"/replays/{visit.replay_id}")
    program.get("/replays")
    assert actions(program) == [], "what the feed shows of it is not watching"
    for tail in ("/index", "/events", "/events", "/index"):
        program.get(f"/replays/{visit.replay_id}{tail}")
        clock.now += 60_000
    assert actions(program) == ["replay.watched"]
    program.get(f"/replays/{other.replay_id}/index")
    assert len(actions(program)) == 2
    clock.now += 27 * 60_000
    program.get(f"/replays/{visit.replay_id}/events")
    assert len(actions(program)) == 3


def test_the_log_is_searched_page_by_page(program: TestClient, stores: Stores, made: NewProject, clock: Clock) -> None:
    ada, bob = Actor("member", "m1", "Ada 100%"), Actor("member", "m2", "Bob")
    with stores.control.write() as session:
        for day in range(5):
            record(session, made.project_id, ada, "replay.shared", "replay", f"r{day}", {"until": f"day {day}"})
            record(session, made.project_id, bob, "rule.created", "rule", f"x{day}")
            clock.now += 86_400_000
    first = program.get("/audit", params={"limit": 4}).json()
    assert [each["number"] for each in first["results"]] == [11, 10, 9, 8]
    second = program.get("/audit", params={"limit": 10, "cursor": first["next_cursor"]}).json()
    assert [each["number"] for each in second["results"]] == [7, 6, 5, 4, 3, 2, 1]
    assert second["next_cursor"] is None
    assert set(actions(program, actor="m1")) == {"replay.shared"}
    assert set(actions(program, actor="bob")) == {"rule.created"}
    assert set(actions(program, action="replay")) == {"replay.shared"}
    assert actions(program, action="repl") == []
    assert len(actions(program, q="100%")) == 5
    assert len(actions(program, q="day 3")) == 1
    assert len(actions(program, q="%")) == 5, "a search text is no pattern"
    assert set(actions(program, q="Made a privacy")) == {"rule.created"}, "in the words of the sentences"
    assert len(actions(program, **{"from": "2026-11-23", "to": "2026-11-24"})) == 4
    for wrong in ({"from": "then"}, {"cursor": "x"}, {"limit": 0}, {"q": "x" * 300}):
        assert program.get("/audit", params=wrong).status_code == 400


def test_the_export_holds_the_chain(program: TestClient, stores: Stores, made: NewProject) -> None:
    with stores.control.write() as session:
        for number in range(3):
            record(session, made.project_id, COMMAND, "backup.made", "", "", {"number": number})
    answer = program.get("/audit/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    entries = [json.loads(line) for line in answer.text.splitlines()]
    assert [each["number"] for each in entries] == [1, 2, 3, 4, 5]
    assert entries[4]["action"] == "audit.exported"
    assert {len(each["hash"]) for each in entries} == {64}


def test_an_entry_that_is_changed_or_gone_shows(program: TestClient, stores: Stores, made: NewProject) -> None:
    with stores.control.write() as session:
        for number in range(2, 2_101):
            record(session, made.project_id, COMMAND, "backup.made", "", "", {"number": number})
    whole = program.get("/audit/verify").json()
    assert (whole["ok"], whole["entries"], whole["first_bad"]) == (True, 2_100, None)
    head = whole["head"]
    assert head["number"] == 2_100

    def spoil(statement: Any) -> dict[str, Any]:
        """What the check says of a log that was tampered with; the log is then put back."""
        with stores.control.read() as session:
            kept = {
                each.number: {name: getattr(each, name) for name in AuditEntry.__table__.columns.keys()}  # noqa: SIM118
                for each in session.query(AuditEntry).where(AuditEntry.project_id == made.project_id)
            }
        with stores.control.write() as session:
            session.execute(statement)
        found: dict[str, Any] = program.get("/audit/verify").json()
        known = program.get("/audit/verify", params=head).json()
        assert known["ok"] is False
        with stores.control.write() as session:
            session.execute(delete(AuditEntry).where(AuditEntry.project_id == made.project_id))
            session.execute(AuditEntry.__table__.insert(), list(kept.values()))  # type: ignore[attr-defined]
        return found

    def of(number: int) -> tuple[Any, Any]:
        return AuditEntry.project_id == made.project_id, AuditEntry.number == number

    changed = spoil(update(AuditEntry).where(*of(1_234)).values(actor_name="Somebody else"))
    assert (changed["ok"], changed["first_bad"]) == (False, 1_234)
    assert changed["message"].startswith("Entry 1234 is not as it was written")
    gone = spoil(delete(AuditEntry).where(*of(7)))
    assert (gone["first_bad"], gone["message"].split(".")[0]) == (7, "Entry 7 is missing")
    assert spoil(delete(AuditEntry).where(*of(1)))["first_bad"] == 1
    assert spoil(update(AuditEntry).where(*of(50)).values(at_ms=1))["first_bad"] == 50
    # What is cut off at the end leaves a whole chain: it shows to whoever kept the newest entry's hash.
    assert spoil(delete(AuditEntry).where(*of(2_100)))["ok"] is True
    assert program.get("/audit/verify", params=head).json()["ok"] is True
    assert program.get("/audit/verify", params={"number": 3}).status_code == 400


def test_projects_have_logs_of_their_own(program: TestClient, stores: Stores, made: NewProject) -> None:
    other = create_project(stores.control, "Other", 30)
    with stores.control.write() as session:
        record(session, other.project_id, COMMAND, "backup.made")
    assert actions(program) == []
    assert program.get("/audit/verify").json()["entries"] == 1
    for tail in ("", "/export", "/verify"):
        address = f"http://127.0.0.1:8800/api/projects/{other.project_id}/audit{tail}"
        assert program.get(address).status_code == 404


def test_a_member_sees_what_they_did_and_what_was_done_with_their_account(
    dashboard: TestClient, stores: Stores, made: NewProject, clock: Clock
) -> None:
    me = dashboard.get("/api/session").json()["member"]["member_id"]
    before = dashboard.get("/api/account/activity").json()["results"]
    clock.now = START + 3_600_000
    with stores.control.write() as session:
        record(session, "", COMMAND, "member.login_failed", "member", me)
        record(session, made.project_id, Actor("member", "another", "Bob"), "rule.created", "rule", "x")
        record(session, made.project_id, Actor("member", me, "Me"), "events.exported", "project", made.project_id)
        record(session, made.project_id, Actor("key", me, "no member"), "events.exported", "project", made.project_id)
    found = dashboard.get("/api/account/activity").json()
    new = found["results"][: len(found["results"]) - len(before)]
    assert [(each["action"], each["project_id"]) for each in new] == [
        ("member.login_failed", ""),
        ("events.exported", made.project_id),
    ]
    page = dashboard.get("/api/account/activity", params={"limit": 1}).json()
    assert len(page["results"]) == 1
    assert page["next_cursor"] == "1"


def test_members_are_named_in_what_was_done_with_them(program: TestClient, stores: Stores, made: NewProject) -> None:
    member(stores, "Bob", {made.project_id: "viewer"})
    ada = Actor("member", "m1", "Ada")
    with stores.control.write() as session:
        change = {"from": "viewer", "to": "analyst"}
        record(session, made.project_id, ada, "member.role_changed", "member", "Bob", change)
        record(session, made.project_id, ada, "replay.shared", "replay", "r1", {"by": "member", "member": "Bob"})
        record(session, made.project_id, ada, "member.removed", "member", "who is gone")
        record(session, made.project_id, ada, "moon.walked_on", "moon", "luna", {"steps": [1, 2], "far": True})
    found = program.get("/audit", params={"actor": "m1"}).json()["results"]
    assert [each["text"] for each in reversed(found)] == [
        "Ada changed the role of Bob (from viewer, to analyst).",
        "Ada shared the replay r1 (with Bob).",
        "Ada removed who is gone.",
        "Ada: moon walked on luna (far yes, steps 1 2).",
    ]
    assert set(actions(program, q="bob")) == {"member.role_changed", "replay.shared"}


def test_details_are_told_in_words() -> None:
    day_ms = 86_400_000
    assert details({"role": "analyst", "unmasked": False}) == "as analyst"
    assert (
        details({"scopes": "ingest read", "expires_at_ms": 20_000 * day_ms})
        == "may ingest, read, expires on 4 Oct 2024"
    )
    assert details({"scopes": "read", "expires_at_ms": 0}) == "may read, never expires"
    assert details({"by": "link", "link": "l5f038b8968", "hours": 168}) == "by link, for 7 days"
    assert details({"method": "link"}) == "with a one-time link"
    assert details({"sessions_ended": 0}) == ""
    assert details({"what": "replays"}) == "of replays"
    assert details({"overlap_hours": 1}) == "the one before works for 1 hour"


def test_every_action_has_a_sentence() -> None:
    """`record(session, project_id, actor, "noun.verb", …)`, wherever the code says so."""
    said = {
        action
        for path in Path(audit.__file__).parent.parent.rglob("*.py")
        for action in re.findall(r'\brecord\((?:[^"()]|\([^()]*\))*"([a-z]+\.[a-z_]+)"', path.read_text())
    }
    assert {"replay.shared", "member.removed", "retention.changed"} <= said
    assert said - set(SENTENCES) == set()


def test_what_belongs_to_no_project_is_for_whoever_runs_the_server(
    dashboard: TestClient, anyone: TestClient, stores: Stores, made: NewProject
) -> None:
    with stores.control.write() as session:
        record(session, NO_PROJECT, COMMAND, "backup.made", "backup", "b1")
    assert dashboard.get("/api/audit", params={"action": "backup"}).json()["results"][0]["object_id"] == "b1"
    assert "backup.made" in dashboard.get("/api/audit/export").text
    assert dashboard.get("/api/audit/verify").json()["ok"] is True
    owner = logged_in(stores, member(stores, "Olga", {made.project_id: "owner"}))
    for tail in ("", "/export", "/verify"):
        assert owner(anyone, "GET", f"/api/audit{tail}").status_code == 403
