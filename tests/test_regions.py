"""Projects in regions: their data lie in the region's own stores, everything works there, and nothing elsewhere."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from deleting import worked_off
from searching import files_with
from sqlalchemy import select
from starlette.testclient import TestClient
from test_kill9 import START_MS, Server, until
from visits import START, Clock, Visit, click, mutation, opening, set_profile, track

from playhead.accounts import NewProject, create_project
from playhead.api.app import create_api
from playhead.backup.making import back_up, keep_newest, repositories, verify_all
from playhead.backup.repository import Repository
from playhead.backup.restoring import restore
from playhead.errors import NotFound, PlayheadError
from playhead.governance import audit
from playhead.governance.deletion import delete_replay
from playhead.governance.erasing import run_requests
from playhead.governance.requests import WAIT_MS, Asked, create_deletion, receipt_of
from playhead.replays.access import REMOVED
from playhead.replays.removal import remove_deleted, remove_expired
from playhead.replays.sealing import seal_due
from playhead.settings import Settings
from playhead.stores import Stores, open_stores
from playhead.stores.analytics import Analytics, engine_for
from playhead.stores.blobs import Blobs
from playhead.stores.regions import RegionMissing, read_regions, settings_of
from playhead.stores.tables import Replay, Tombstone

HERE, THERE = "home-canary", "away-canary"


# ---- settings ------------------------------------------------------------------------------------------------------


def written(**regions: dict[str, str]) -> Settings:
    return Settings(_env_file=None, data=Path("/data"), regions=json.dumps(regions))  # type: ignore[call-arg]


def test_a_region_has_stores_and_a_journal_of_its_own() -> None:
    settings = written(eu={"analytics_url": "clickhouse://eu/db", "blobs_url": "s3://eu/a", "analytics_backup": "B"})
    eu = settings_of(settings, "eu")
    assert (eu.region, eu.analytics, eu.blobs, eu.analytics_backup) == ("eu", "clickhouse://eu/db", "s3://eu/a", "B")
    assert eu.journal_path == Path("/data/journal-eu.sqlite")
    assert eu.control == settings.control
    assert settings_of(settings, "") is settings
    assert settings.journal_path == Path("/data/journal.sqlite")
    with pytest.raises(NotFound, match="no region us; PLAYHEAD_REGIONS names: eu"):
        settings_of(settings, "us")


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ("{", "PLAYHEAD_REGIONS is wrong"),
        ('["eu"]', "Expected `object`"),
        ('{"eu": {"analytics_url": "chdb:///a"}}', "missing required field `blobs_url`"),
        ('{"eu": {"analytics_url": "chdb:///a", "blobs_url": ""}}', "needs an analytics_url and a blobs_url"),
        ('{"eu": {"analytics_url": "chdb:///a", "blobs_url": "s3://a", "blob": "x"}}', "unknown field `blob`"),
        ('{"../x": {"analytics_url": "chdb:///a", "blobs_url": "s3://a"}}', "lower-case letters"),
        ('{"eu": {"analytics_url": "chdb:///data/analytics/", "blobs_url": "s3://a"}}', "the default can't share"),
        (
            '{"eu": {"analytics_url": "chdb:///a", "blobs_url": "s3://k:secret@a"},'
            ' "us": {"analytics_url": "chdb:///b", "blobs_url": "s3://k:secret@a"}}',
            "the region us and the region eu can't share s3://a",
        ),
    ],
)  # fmt: skip
def test_a_wrong_setting_says_what_is_wrong(regions: str, said: str) -> None:
    settings = Settings(_env_file=None, data=Path("/data"), regions=regions)  # type: ignore[call-arg]
    with pytest.raises(PlayheadError, match=said) as failed:
        read_regions(settings)
    assert "secret" not in failed.value.message


# ---- the stores of two regions, in this process --------------------------------------------------------------------


@pytest.fixture(scope="module")
def eu_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analytics]:
    analytics = Analytics.open(f"chdb://{tmp_path_factory.mktemp('eu')}")
    with engine_for(analytics):
        analytics.migrate()
        yield analytics


@pytest.fixture
def regional(settings: Settings, tmp_path: Path, eu_engine: Analytics) -> Settings:
    regions = {"eu": {"analytics_url": eu_engine.url, "blobs_url": (tmp_path / "eu-blobs").as_uri()}}
    return settings.model_copy(update={"regions": json.dumps(regions)})


@pytest.fixture
def both(stores: Stores, regional: Settings, eu_engine: Analytics) -> Stores:
    eu = Stores(eu_engine, Blobs.open(settings_of(regional, "eu").blobs), stores.control, stores.keyring, "eu")
    return replace(stores, others={"eu": eu})


@pytest.fixture
def projects(both: Stores, clock: Clock) -> dict[str, NewProject]:
    clock.now = START + 60_000
    return {region: create_project(both.control, "Shop", 30, region=region) for region in ("", "eu")}


def history(both: Stores, projects: dict[str, NewProject]) -> dict[str, Visit]:
    """A visit, a profile and an event in each project, each with the words of its region."""
    visits = {}
    for region, project in projects.items():
        stores, word = both.of(region), THERE if region else HERE
        visit = visits[region] = Visit(stores, project.project_id, distinct_id=f"user-{word}")
        visit.send([*opening(url=f"https://shop.test/{word}"), click(500), mutation(900, word)])
        track(stores, project.project_id, "Bought", at=600, distinct_id=visit.distinct_id, replay_id=visit.replay_id)
        set_profile(stores, project.project_id, visit.distinct_id, **{"$name": word})
    return visits


def row(both: Stores, visit: Visit) -> Replay:
    with both.control.read() as session:
        return session.get_one(Replay, (visit.project_id, visit.replay_id))


def test_housekeeping_works_only_on_the_projects_of_its_region(
    both: Stores, regional: Settings, projects: dict[str, NewProject], clock: Clock
) -> None:
    visits = history(both, projects)
    clock.now = START + 7_200_000
    for region, other in (("", "eu"), ("eu", "")):
        assert seal_due(both.of(region), settings_of(regional, region), clock.now) == 1
        assert row(both, visits[region]).generation == 1
        assert row(both, visits[other]).generation == (1 if region else 0)

    # What is deleted in a region stays to be done while only others are looked at.
    visit = visits["eu"]
    delete_replay(both.control, visit.project_id, visit.replay_id, audit.COMMAND, clock.now)
    clock.now += 120_000
    assert remove_deleted(both, regional, clock.now) == 0
    assert [path for path in both.of("eu").blobs.list("recordings") if visit.replay_id in path]
    assert remove_deleted(both.of("eu"), settings_of(regional, "eu"), clock.now) == 1
    assert not [path for path in both.of("eu").blobs.list("recordings") if visit.replay_id in path]
    with both.control.read() as session:
        (tombstone,) = session.scalars(select(Tombstone).where(Tombstone.kind == "replay"))
    assert tombstone.project_id == visit.project_id

    clock.now += 31 * 86_400_000
    assert remove_expired(both.of("eu"), clock.now) == 0
    assert row(both, visits[""]).indexed_generation > REMOVED
    assert remove_expired(both, clock.now) == 1


def test_the_api_answers_from_the_stores_of_the_projects_region(
    both: Stores, regional: Settings, projects: dict[str, NewProject], clock: Clock
) -> None:
    visits = history(both, projects)
    with TestClient(create_api(regional, both), base_url="http://127.0.0.1:8800") as client:
        for region, project in projects.items():
            own, other = (THERE, HERE) if region else (HERE, THERE)
            base = f"/api/projects/{project.project_id}"
            client.headers["Authorization"] = f"Bearer {project.api_key}"

            def read(path: str, base: str = base) -> str:
                answer = client.get(base + path)
                assert answer.status_code == 200, answer.text
                return answer.text

            replay = f"/replays/{visits[region].replay_id}"
            pages = [read(path) for path in ("/replays", "/people", f"{replay}/events", f"/people/user-{own}/events")]
            assert all(own in page and other not in page for page in pages), pages
            report = {"from": "2026-11-20", "to": "2026-11-24", "metrics": [{"event": "Bought"}]}
            answer = client.post(f"{base}/reports/insights", json=report)
            assert answer.json()["series"][0]["total"] == 1, answer.text
            # A link that needs no member leads into the region, too.
            link = client.post(f"{base}{replay}/links", json={"expires_hours": 1}).json()["url"]
            shared = client.get(f"/api/shared/{link.rpartition('/')[2]}/events", headers={"Authorization": ""})
            assert own in shared.text, shared.text
            (listed,) = client.get("/api/projects").json()["results"]
            assert listed.get("region", "") == region
        working = {(each["name"], each["region"]) for each in client.get("/api/status").json()["stores"] if each["ok"]}
    assert {("control", ""), *((store, region) for store in ("analytics", "blobs") for region in projects)} <= working


def test_a_region_that_is_not_set_up_any_more_is_said(
    both: Stores, settings: Settings, projects: dict[str, NewProject]
) -> None:
    alone = replace(both, others={})
    with pytest.raises(RegionMissing):
        alone.of_project(projects["eu"].project_id)
    with TestClient(create_api(settings, alone), base_url="http://127.0.0.1:8800") as client:
        client.headers["Authorization"] = f"Bearer {projects['eu'].api_key}"
        answer = client.get(f"/api/projects/{projects['eu'].project_id}/replays")
    assert answer.status_code == 503
    assert answer.json()["error"] == {
        "code": "region_missing",
        "message": "The project is in the region eu, which this server is not set up for.",
    }


def test_a_person_of_a_region_is_deleted_there(
    both: Stores, regional: Settings, projects: dict[str, NewProject], clock: Clock
) -> None:
    visits = history(both, projects)
    project_id, eu, own = projects["eu"].project_id, both.of("eu"), settings_of(regional, "eu")
    asked = Asked("person", distinct_ids=[visits["eu"].distinct_id])
    request = create_deletion(eu, project_id, asked, audit.COMMAND, clock.now)
    assert run_requests(both, regional, clock.now + WAIT_MS) == 0, "who looks after others leaves it alone"
    receipt = receipt_of(worked_off(eu, own, request, clock))
    assert receipt.clean, receipt
    assert {(each.store, each.what): each.count for each in receipt.removed}["analytics", "events"] == 1
    assert row(both, visits[""]).hot_blocks == 1


@pytest.fixture(scope="module")
def empty_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Analytics]]:
    opened = {region: Analytics.open(f"chdb://{tmp_path_factory.mktemp('empty')}") for region in ("", "eu")}
    with engine_for(opened[""]), engine_for(opened["eu"]):
        yield opened


def test_a_backup_keeps_each_region_where_it_shall_be_and_brings_all_back(
    both: Stores, regional: Settings, projects: dict[str, NewProject], clock: Clock,
    empty_engines: dict[str, Analytics], tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    tmp_path = tmp_path_factory.mktemp("backups")
    visits = history(both, projects)
    regions = json.loads(regional.regions)
    regions["eu"]["backup_url"] = (tmp_path / "eu-backups").as_uri()
    regional = regional.model_copy(update={"regions": json.dumps(regions)})
    repository = Repository.open(str(tmp_path / "backups"))

    first = back_up(regional, both, repository)
    clock.now += 1_000
    second = back_up(regional, both, repository)
    places = repositories(regional, both, repository)
    assert verify_all(places, second.backup_id) > 0
    kept = places[1][1]
    assert len(kept.ids()) == 2
    assert keep_newest(places, 1) == 1
    whole = repository.manifest(repository.ids()[0])
    assert whole.regions == {"eu": kept.ids()[0]}
    there, here = (projects[region].project_id for region in ("eu", ""))
    assert {file.path.split("/")[1] for file in whole.blobs} == {here}
    assert {file.path.split("/")[1] for file in kept.manifest(kept.ids()[0]).blobs} == {there}
    # Segments are gzip in envelopes of ours: what is in clear or unpacked of the other region's is nowhere.
    assert not files_with(tmp_path / "backups" / "pieces", f"shop.test/{THERE}".encode())
    assert files_with(tmp_path / "eu-backups" / "pieces", f"shop.test/{THERE}".encode())

    regions["eu"] |= {"analytics_url": empty_engines["eu"].url, "blobs_url": (tmp_path / "again").as_uri()}
    place = Settings(_env_file=None, data=tmp_path / "restored", regions=json.dumps(regions))  # type: ignore[call-arg]
    (tmp_path / "restored").mkdir()
    opened = open_stores(place)
    opened.control.migrate()
    anew = replace(
        opened,
        analytics=empty_engines[""],
        others={"eu": replace(opened.of("eu"), analytics=empty_engines["eu"])},
    )
    done = restore(place, anew, repository)
    assert (done.backup_id, done.objects) == (second.backup_id, first.objects)
    for region, visit in visits.items():
        with TestClient(create_api(place, anew), base_url="http://127.0.0.1:8800") as client:
            client.headers["Authorization"] = f"Bearer {projects[region].api_key}"
            answer = client.get(f"/api/projects/{visit.project_id}/replays/{visit.replay_id}/events")
        assert (THERE if region else HERE) in answer.text, answer.text
    anew.control.close()

    forgetful = Settings(_env_file=None, data=tmp_path / "other")  # type: ignore[call-arg]
    with pytest.raises(PlayheadError, match="PLAYHEAD_REGIONS must say where they shall go"):
        restore(forgetful, anew, repository)


# ---- a whole server ------------------------------------------------------------------------------------------------


class Regional(Server):
    """A server with a region beside its data directory; its project is in there."""

    def env(self) -> dict[str, str]:
        eu = self.data.parent / "eu"
        regions = {"eu": {"analytics_url": f"chdb://{eu / 'analytics'}", "blobs_url": (eu / "blobs").as_uri()}}
        return {**super().env(), "PLAYHEAD_REGIONS": json.dumps(regions)}

    def create(self) -> list[str]:
        return [*super().create(), "--region", "eu"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Regional]:
    server = Regional(tmp_path / "data")
    server.start()
    yield server
    assert server.process is not None
    server.process.terminate()
    server.process.wait(30)


def test_what_a_project_of_a_region_sends_is_stored_there_and_nowhere_else(server: Regional) -> None:
    replay_id, token = "0199f1d2-3c4d-4e5f-8a9b-0c1d2e3f4a5b", server.project["token"]
    root = {"type": 0, "id": 1, "childNodes": [{"type": 3, "id": 2, "textContent": f"{THERE} " * 50}]}
    events = [
        {"type": 4, "timestamp": START_MS, "data": {"href": "https://shop.test/", "width": 800, "height": 600}},
        {"type": 2, "timestamp": START_MS + 1, "data": {"node": root}},
    ]
    query: dict[str, Any] = {"replay_id": replay_id, "seq": 0, "format": "gzip", "mp_lib": "web", "distinct_id": THERE}

    def sent() -> bool:
        answer = httpx.post(
            f"{server.url}/record/",
            params=query,
            content=gzip.compress(json.dumps(events).encode()),
            auth=(token, ""),
        )
        return answer.status_code == 200

    until(sent, 30, "the batch is taken")
    tracked = {"event": "Bought", "properties": {"token": token, "distinct_id": THERE, "time": START_MS}}
    assert httpx.post(f"{server.url}/track/", json=[tracked]).text == "1"

    until(lambda: THERE in server.get(f"/replays/{replay_id}/events").text, 60, "the replay can be watched")
    until(lambda: "Bought" in server.get(f"/people/{THERE}/events").text, 60, "the event is there")
    stored = server.data.parent / "eu"
    assert files_with(stored / "blobs", THERE.encode())
    assert files_with(stored / "analytics", THERE.encode())
    for store in ("blobs", "analytics"):
        assert not files_with(server.data / store, THERE.encode())
    assert httpx.get(f"{server.url}/readyz?role=api").status_code == 200
