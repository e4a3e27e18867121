"""What browsers load: the dashboard, the player document on its own origin, the SDK."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from playhead.api import static


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "static"
    for name, text in {
        "web/index.html": "<title>Playhead</title>",
        "web/player/index.html": "<title>Replayed page</title>",
        "web/assets/dashboard-Bj9mm53d.js": "app",
        "web/assets/playhead.svg": "<svg/>",
        "sdk/sdk.js": "sdk",
        "sdk/recorder-dcfd84198238.js": "recorder",
        "sdk/manifest.json": '{"version": "0.1.0", "sdk": "sdk.js", "recorder": "recorder-dcfd84198238.js"}',
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr(static, "STATIC", root)
    return root


@pytest.mark.usefixtures("built")
def test_the_dashboard_answers_at_every_address_of_its_own(anyone: TestClient) -> None:
    for path in ("/", "/projects/p1/replays/r1", "/projects/p1/replays"):
        answer = anyone.get(path)
        assert (answer.status_code, answer.text) == (200, "<title>Playhead</title>")
    policy = answer.headers["content-security-policy"]
    assert "frame-src 'self' http://localhost:8800" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    asset = anyone.get("/assets/dashboard-Bj9mm53d.js")
    assert "immutable" in asset.headers["cache-control"]
    assert "immutable" not in anyone.get("/assets/playhead.svg").headers["cache-control"]
    assert anyone.get("/assets/none.js").status_code == 404


@pytest.mark.usefixtures("built")
def test_the_player_document_may_load_pictures_and_nothing_else(anyone: TestClient) -> None:
    answer = anyone.get("/player/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'unsafe-inline' * data: blob:;")
    assert "frame-ancestors http://127.0.0.1:8800 http://localhost:8800" in policy
    assert "connect-src" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("built")
def test_the_sdk_is_for_every_site(anyone: TestClient) -> None:
    core = anyone.get("/sdk.js", headers={"Origin": "https://shop.test"})
    assert (core.text, core.headers["access-control-allow-origin"]) == ("sdk", "*")
    assert core.headers["cache-control"] == "public, max-age=300"
    assert core.headers["content-type"].startswith("text/javascript")
    lead = anyone.get("/sdk/recorder.js")
    assert (lead.status_code, lead.headers["location"]) == (302, "/sdk/recorder-dcfd84198238.js")
    assert lead.headers["access-control-allow-origin"] == "*"
    recorder = anyone.get(lead.headers["location"])
    assert recorder.text == "recorder"
    assert "immutable" in recorder.headers["cache-control"]
    assert anyone.get("/sdk/manifest.json").status_code == 404


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path", ["/sdk/..%2F..%2Fsecret", "/assets/..%2F..%2F..%2Fsecret", "/%2E%2E/secret", "/..%2Fsecret"]
)
def test_no_address_leads_out_of_the_folder(anyone: TestClient, path: str) -> None:
    assert "secret" not in anyone.get(path).text


def test_what_is_not_built_is_said(anyone: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "STATIC", tmp_path / "none")
    assert "make install" in anyone.get("/").text
    assert anyone.get("/player/").status_code == 503
    assert anyone.get("/sdk.js").status_code == 503
    assert anyone.get("/sdk.js").headers["access-control-allow-origin"] == "*"
