"""Deletions and retrievals over HTTP: our own shapes, and Mixpanel's."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from house import logged_in, member
from starlette.testclient import TestClient
from visits import START, Clock, Visit, click, opening, set_profile, track

from playhead.accounts import NewProject, create_project
from playhead.governance import bundle, erasing
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import LexiconEntry

DELETIONS = "/api/app/data-deletions/v3.0"
RETRIEVALS = "/api/app/data-retrievals/v3.0"


@pytest.fixture
def visit(stores: Stores, made: NewProject) -> Visit:
    visit = Visit(stores, made.project_id, distinct_id="ada")
    visit.send([*opening(url="https://shop.test/?q=</script><b>"), click(2_000)], device_id="")
    track(stores, made.project_id, "View", distinct_id="ada", replay_id=visit.replay_id, properties={"plan": "pro"})
    track(stores, made.project_id, "View", distinct_id="bob")
    set_profile(stores, made.project_id, "ada", **{"$name": "Ada <Lovelace>", "$email": "ada@x.test"})
    return visit


class Mixpanel:
    """A program of Mixpanel's that asks here."""

    def __init__(self, client: TestClient, made: NewProject) -> None:
        self._client, self._made = client, made

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, object]]:
        answer = self._client.request(
            method,
            f"http://127.0.0.1:8800{path}",
            params={"token": self._made.token},
            headers={"Authorization": f"Bearer {self._made.api_key}", **headers},
            json=body,
        )
        return answer.status_code, answer.json() if answer.content else {}


@pytest.fixture
def mixpanel(anyone: TestClient, made: NewProject) -> Mixpanel:
    return Mixpanel(anyone, made)


def work(stores: Stores, settings: Settings, clock: Clock) -> None:
    clock.now += 10_000
    erasing.run_requests(stores, settings, clock.now)


def test_a_deletion_is_previewed_asked_for_and_called_off(
    program: TestClient, visit: Visit, clock: Clock, stores: Stores, settings: Settings
) -> None:
    body = {"what": "person", "distinct_ids": ["ada"]}
    told = program.post("/deletions/preview", json=body).json()
    assert told == {
        "people": 1,
        "replays": 1,
        "events": 1,
        "profiles": 1,
        "message": "1 person with 1 event, 1 profile and 1 replay will be deleted for good.",
    }
    answer = program.post("/deletions", json=body)
    assert answer.status_code == 201
    request = answer.json()
    assert {name: request[name] for name in ("kind", "what", "state", "subject_text", "receipt", "done")} == {
        "kind": "deletion",
        "what": "person",
        "state": "waiting",
        "subject_text": "ada",
        "receipt": None,
        "done": 0,
    }
    one = f"/deletions/{request['request_id']}"
    assert program.get(one).json() == request
    assert program.get("/deletions").json() == {"results": [request], "next_cursor": None}
    assert program.get(f"/replays/{visit.replay_id}").status_code == 410
    assert program.get("/people/ada").status_code == 404
    assert "ada" not in program.get("/export").text
    assert program.post(f"{one}/check").status_code == 409
    assert program.delete(one).status_code == 204
    assert program.get(f"/replays/{visit.replay_id}").status_code == 200
    assert program.get("/people/ada").json()["event_count"] == 1
    assert program.delete(one).json()["error"]["code"] == "request_begun"
    other = program.post("/deletions", json={"what": "replays", "replay_ids": [visit.replay_id]}).json()
    work(stores, settings, clock)
    assert program.delete(f"/deletions/{other['request_id']}").status_code == 409
    assert program.get("/deletions/d0").status_code == 404
    assert program.get(f"/retrievals/{request['request_id']}").status_code == 404


def test_a_request_of_another_project_is_unknown(
    program: TestClient, stores: Stores, visit: Visit, made: NewProject, mixpanel: Mixpanel
) -> None:
    request_id = program.post("/deletions", json={"what": "event", "event": "View"}).json()["request_id"]
    other = create_project(stores.control, "Other", 30)
    key = {"Authorization": f"Bearer {other.api_key}"}
    path = f"http://127.0.0.1:8800/api/projects/{other.project_id}"
    for method, tail in (("GET", ""), ("DELETE", ""), ("POST", "/check")):
        assert program.request(method, f"{path}/deletions/{request_id}{tail}", headers=key).status_code == 404
    foreign = {"what": "replays", "replay_ids": [visit.replay_id]}
    assert program.post(f"{path}/deletions", json=foreign, headers=key).status_code == 404
    assert mixpanel("GET", f"{DELETIONS}/{request_id}", Authorization=key["Authorization"])[0] == 404
    status, refused = mixpanel("GET", f"{DELETIONS}/{request_id}", Authorization="Bearer nobody")
    assert (status, set(refused), refused["status"]) == (401, {"error", "status"}, "error")


def test_mixpanels_deletion(
    mixpanel: Mixpanel, visit: Visit, clock: Clock, stores: Stores, settings: Settings, made: NewProject
) -> None:
    ids = {"distinct_ids": ["ada", "nobody"], "compliance_type": "CCPA"}
    status, created = mixpanel("POST", f"{DELETIONS}/", ids)
    assert status == 201
    assert created["status"] == "ok"
    (result,) = created["results"]  # type: ignore[misc]
    tracking_id = result.pop("tracking_id")
    assert result == {
        "status": "PENDING",
        "disclosure_type": "",
        "date_requested": "2026-11-22T10:01:00.000Z",
        "project_id": made.project_id,
        "compliance_type": "CCPA",
        "destination_url": None,
        "requesting_user": "First key",
        "distinct_id_count": 2,
    }
    one = f"{DELETIONS}/{tracking_id}"
    assert mixpanel("GET", one) == (
        200,
        {
            "status": "ok",
            "results": {
                "tracking_id": tracking_id,
                "status": "PENDING",
                "requesting_user": "First key",
                "compliance_type": "CCPA",
                "project_id": made.project_id,
                "date_requested": "2026-11-22T10:01:00.000Z",
                "distinct_ids": ["ada", "nobody"],
            },
        },
    )
    clock.now += 10_000
    assert mixpanel("GET", one)[1]["results"]["status"] == "STAGING"  # type: ignore[index]
    work(stores, settings, clock)
    assert mixpanel("GET", one)[1]["results"]["status"] in {"STARTED", "SUCCESS"}  # type: ignore[index]
    status, refused = mixpanel("DELETE", one)
    assert (status, refused["status"]) == (405, "error")
    _, second = mixpanel("POST", DELETIONS, {"distinct_ids": ["bob"]})
    again = f"{DELETIONS}/{second['results'][0]['tracking_id']}"  # type: ignore[index]
    assert mixpanel("DELETE", again) == (204, {})
    assert mixpanel("GET", again)[1]["results"]["status"] == "REVOKED"  # type: ignore[index]
    for body in ({}, {"distinct_ids": []}, {"distinct_ids": ["x"] * 2_001}, {"distinct_ids": "ada"}, [], None):
        status, refused = mixpanel("POST", f"{DELETIONS}/", body)
        assert (status, set(refused)) == (400, {"error", "status"})
    assert mixpanel("GET", f"{DELETIONS}/d0")[0] == 404


def test_a_retrieval_is_one_readable_archive_that_expires(
    program: TestClient,
    mixpanel: Mixpanel,
    visit: Visit,
    clock: Clock,
    stores: Stores,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "_replayer", lambda: ("window.rrweb = 1 < 2;", ".x{}"))
    _, created = mixpanel("POST", f"{RETRIEVALS}/", {"distinct_ids": ["ada"], "disclosure_type": "Data"})
    tracking_id = created["results"][0]["tracking_id"]  # type: ignore[index]
    assert created["results"][0]["disclosure_type"] == "DATA"  # type: ignore[index]
    pending = {"tracking_id": tracking_id, "status": "PENDING", "result": "", "results": "", "distinct_ids": ["ada"]}
    assert mixpanel("GET", f"{RETRIEVALS}/{tracking_id}") == (200, {"status": "ok", "results": pending})
    one = f"/retrievals/{tracking_id}"
    assert program.get(f"{one}/download").json()["error"]["code"] == "retrieval_not_done"
    work(stores, settings, clock)
    shown = program.get(one).json()
    assert (shown["state"], shown["done"], shown["total"]) == ("done", 2, 2)
    assert shown["expires_at"] == "2026-11-29T10:01:10.000Z"
    link = mixpanel("GET", f"{RETRIEVALS}/{tracking_id}")[1]["results"]["result"]  # type: ignore[index]
    assert link == f"http://127.0.0.1:8800{shown['download_url']}"
    answer = program.get(f"{one}/download")
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    replay = f"replays/{visit.replay_id}"
    assert archive.namelist() == ["events.ndjson", "profile.json", f"{replay}.json", f"{replay}.html", "index.html"]
    events = [json.loads(line) for line in archive.read("events.ndjson").splitlines()]
    assert events == [{"event": "View", "properties": {"plan": "pro", "distinct_id": "ada"}}]
    assert json.loads(archive.read("profile.json"))["profiles"][0]["email"] == "ada@x.test"
    recorded = json.loads(archive.read(f"{replay}.json"))
    assert [each["timestamp"] - START for each in recorded] == [0, 1, 1, 2_000]
    page = archive.read(f"{replay}.html").decode()
    assert page.count("</script>") == 3, "nothing recorded ends the element that holds it"
    assert json.loads(page.split('id="events">')[1].split("</script>")[0]) == recorded
    index = archive.read("index.html").decode()
    assert "Ada &lt;Lovelace&gt;" in index and f'href="{replay}.html"' in index
    clock.now += 7 * 86_400_000
    assert program.get(f"{one}/download").status_code == 410
    erasing.run_requests(stores, settings, clock.now)
    assert list(stores.blobs.list("retrievals")) == []
    assert program.get(one).json()["subject_text"] == "1 person"


def test_a_retrieval_goes_with_its_person_and_can_be_called_off_or_thrown_away(
    program: TestClient, visit: Visit, clock: Clock, stores: Stores, settings: Settings, made: NewProject
) -> None:
    first, second = (program.post("/retrievals", json={"distinct_ids": ["ada"]}).json() for _ in range(2))
    assert program.delete(f"/retrievals/{first['request_id']}").status_code == 204
    work(stores, settings, clock)
    assert [each["state"] for each in program.get("/retrievals").json()["results"]].count("cancelled") == 1
    assert program.get(f"/retrievals/{second['request_id']}/download").status_code == 200
    with stores.control.write() as session:
        session.add(
            LexiconEntry(
                project_id=visit.project_id,
                kind="profile_property",
                name="$email",
                description="",
                hidden=0,
                sensitive=1,
                updated_at_ms=clock.now,
                updated_by="Owner",
            )
        )
    admin = logged_in(stores, member(stores, "admin", {visit.project_id: "admin"}))
    path = f"http://127.0.0.1:8800/api/projects/{visit.project_id}/retrievals/{second['request_id']}"
    del program.headers["Authorization"]
    assert admin(program, "GET", path).status_code == 200
    assert admin(program, "GET", f"{path}/download").status_code == 403, "who must not see e-mails must not get them"
    program.headers["Authorization"] = f"Bearer {made.api_key}"
    kinds = program.post("/retrievals", json={"distinct_ids": ["ada"], "disclosure_type": "Categories"}).json()
    work(stores, settings, clock)
    download = program.get(f"/retrievals/{kinds['request_id']}/download")
    archive = zipfile.ZipFile(io.BytesIO(download.content))
    assert json.loads(archive.read("categories.json")) == [
        {"event": "View", "count": 1, "properties": ["distinct_id", "plan"]}
    ]
    assert program.delete(f"/retrievals/{kinds['request_id']}").status_code == 204
    assert program.get(f"/retrievals/{kinds['request_id']}/download").status_code == 410
    program.post("/deletions", json={"what": "person", "distinct_ids": ["ada"]})
    work(stores, settings, clock)
    # Where others may deliver from journals of their own, their flushes are waited for.
    clock.now += erasing.OTHERS_MS
    work(stores, settings, clock)
    assert program.get(f"/retrievals/{second['request_id']}/download").status_code == 410
    assert list(stores.blobs.list("retrievals")) == []
