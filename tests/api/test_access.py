"""Who may do what."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from visits import Clock, Visit, opening

from playhead.accounts import NewProject, create_project, login_path
from playhead.api.app import create_api
from playhead.settings import Settings
from playhead.stores import Stores


def test_without_a_key_or_a_session_everything_is_refused_in_one_shape(anyone: TestClient, made: NewProject) -> None:
    for path in ("/api/projects", "/api/session", "/api/status", f"/api/projects/{made.project_id}/replays"):
        answer = anyone.get(path)
        assert answer.status_code == 401
        assert set(answer.json()["error"]) == {"code", "message"}
    wrong = {"Authorization": "Bearer wrong"}
    assert anyone.get("/api/projects", headers=wrong).json()["error"]["code"] == "unknown_api_key"
    assert (
        "access-control-allow-origin"
        not in anyone.get("/api/projects", headers={"Origin": "https://evil.test"}).headers
    )


def test_a_key_opens_its_own_project_only(anyone: TestClient, stores: Stores, made: NewProject) -> None:
    other = create_project(stores.control, "Other", 30)
    key = {"Authorization": f"Bearer {made.api_key}"}
    listed = anyone.get("/api/projects", headers=key).json()["results"]
    assert [each["project_id"] for each in listed] == [made.project_id]
    assert set(listed[0]) == {"project_id", "name", "token", "created_at", "retention_days", "timezone"}
    assert anyone.get(f"/api/projects/{other.project_id}/replays", headers=key).status_code == 404
    assert anyone.post("/api/projects", json={"name": "Mine"}, headers=key).status_code == 403


def test_a_log_in_link_works_once_and_for_a_while(anyone: TestClient, stores: Stores, clock: Clock) -> None:
    link = login_path(stores.control)
    answer = anyone.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert anyone.get("/api/session").status_code == 200
    assert anyone.get(link).status_code == 401
    late = login_path(stores.control)
    clock.now += 25 * 3_600_000
    assert anyone.get(late).status_code == 401
    clock.now += 31 * 86_400_000
    assert anyone.get("/api/session").status_code == 401


def test_the_session_says_who_what_and_where(dashboard: TestClient, made: NewProject) -> None:
    session = dashboard.get("/api/session").json()
    assert session["member"]["name"] == "Owner"
    assert [each["project_id"] for each in session["projects"]] == [made.project_id]
    assert session["replay_origin"] == "http://localhost:8800"
    assert session["sdk_url"] == "http://127.0.0.1:8800/sdk.js"


def test_a_change_by_cookie_needs_the_token(dashboard: TestClient, stores: Stores, made: NewProject) -> None:
    visit = Visit(stores, made.project_id)
    visit.send(opening())
    path = f"/api/projects/{made.project_id}/replays/{visit.replay_id}"
    assert dashboard.delete(path).json()["error"]["code"] == "csrf"
    token = {"X-Playhead-CSRF": dashboard.get("/api/session").json()["csrf_token"]}
    assert dashboard.delete(path, headers=token).status_code == 204
    made_now = dashboard.post("/api/projects", json={"name": "Second"}, headers=token)
    assert made_now.status_code == 201
    assert dashboard.post("/api/projects", json={"name": " "}, headers=token).status_code == 400
    # Nobody could keep a key that nobody asked for.
    assert "api_key" not in made_now.json()
    assert dashboard.get(f"/api/projects/{made_now.json()['project_id']}/keys").json()["results"] == []
    there = {"name": "Third", "timezone": "Europe/Berlin"}
    assert dashboard.post("/api/projects", json=there, headers=token).json()["timezone"] == "Europe/Berlin"
    nowhere = dashboard.post("/api/projects", json=there | {"timezone": "Mars/Olympus"}, headers=token)
    assert nowhere.json()["error"]["code"] == "bad_timezone"
    assert dashboard.post("/api/projects", content=b"{", headers=token).status_code == 400
    assert dashboard.post("/api/logout", headers=token).status_code == 204
    assert dashboard.get("/api/session").status_code == 401


def test_the_api_describes_itself(anyone: TestClient) -> None:
    document = anyone.get("/api/openapi.json").json()
    assert "/api/projects/{p}/replays/{replay_id}/events" in document["paths"]
    assert "422" not in document["paths"]["/api/projects/{p}/replays"]["get"]["responses"]
    assert "FeedRow" in document["components"]["schemas"]
    page = anyone.get("/api/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("https://shop", "").split("</style>")[1].split("OpenAPI")[0][:200]
    assert anyone.get("/api/nothing").json()["error"]["code"] == "not_found"
    assert anyone.post("/api/session").status_code == 404


def test_status_says_how_every_store_is(dashboard: TestClient) -> None:
    status = dashboard.get("/api/status").json()
    assert {each["name"] for each in status["stores"]} == {"analytics", "blobs", "control", "journal"}
    assert status["ok"] is True
    assert status["disk"]["free_bytes"] > 0


def test_every_answer_carries_the_security_headers(
    anyone: TestClient, program: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    answers = [
        anyone.get("http://127.0.0.1:8800/api/login"),
        anyone.get("http://127.0.0.1:8800/api/session"),
        anyone.get("http://127.0.0.1:8800/api/nothing"),
        anyone.get("http://127.0.0.1:8800/api/openapi.json"),
        program.get("/replays"),
        program.get("/export"),
        program.get("/replays?limit=0"),
    ]
    monkeypatch.setattr("playhead.api.replays.feed", None)
    with TestClient(program.app, raise_server_exceptions=False, headers=program.headers) as client:
        answers.append(client.get(f"{program.base_url}replays"))
    assert answers[-1].status_code == 500
    for answer in answers:
        headers = answer.headers
        assert headers["content-security-policy"] == policy, answer.url
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" not in headers
    assert "set-cookie" not in answers[0].headers


def test_on_https_browsers_are_told_to_stay_there(settings: Settings, stores: Stores, made: NewProject) -> None:
    settings = settings.model_copy(update={"public_url": "https://playhead.test"})
    with TestClient(create_api(settings, stores), base_url="http://127.0.0.1:8800", follow_redirects=False) as client:
        answer = client.get(login_path(stores.control))
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
