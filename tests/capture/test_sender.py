"""What a request tells of its sender: browser, system and device, and the place of an address that is never stored."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from playhead.capture import places
from playhead.capture.places import Place, Places, read_places
from playhead.errors import PlayheadError

from .conftest import TOKEN, Server

pytestmark = pytest.mark.anyio

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)
DELFT, LYON, NOWHERE = "81.2.69.142", "2a02:cf40::7", "10.1.2.3"


def city(name: str, region: str, code: str) -> dict[str, Any]:
    return {
        "city": {"names": {"en": name, "de": "anders"}},
        "subdivisions": [{"names": {"en": region}, "iso_code": "X"}],
        "country": {"iso_code": code, "names": {"en": "A country"}},
    }


def write_places(path: Path, **changes: dict[str, Any]) -> Path:
    writer = MMDBWriter(6, "Test-City", languages=["en"], ipv4_compatible=True)
    writer.insert_network(IPSet(["81.2.69.0/24"]), changes.get("delft", city("Delft", "South Holland", "NL")))
    writer.insert_network(IPSet(["2a02:cf40::/32"]), city("Lyon", "Rhône", "FR"))
    writer.insert_network(IPSet(["81.2.70.0/24"]), {"country": {"iso_code": "NL"}})
    fresh = path.with_suffix(".new")
    writer.to_db_file(str(fresh))
    fresh.replace(path)
    return path


@pytest.fixture
def placed(server: Server, tmp_path: Path) -> Server:
    server.start(geoip_file=str(write_places(tmp_path / "city.mmdb")))
    return server


async def ask(server: Server, url: str, body: Any, address: str = DELFT, agent: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(app=server.app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://playhead.test") as client:
        return await client.post(
            url, content=json.dumps(body).encode(), headers={"user-agent": agent}, auth=(TOKEN, "")
        )


def event(**properties: Any) -> dict[str, Any]:
    return {
        "event": "Buy",
        "properties": {"distinct_id": "u1", "$insert_id": "a1", "time": 1_795_341_600, **properties},
    }


def only(server: Server) -> tuple[dict[str, Any], dict[str, Any]]:
    """The one event's properties, as queries and as the export see them."""
    (record,) = server.events()
    return json.loads(record.properties), json.loads(record.raw)


def on_disk(server: Server) -> bytes:
    with sqlite3.connect(server.settings.journal_path) as db:
        return b"".join(row[0] for row in db.execute("SELECT payload FROM items"))


async def test_a_user_agent_becomes_default_properties(server: Server) -> None:
    await ask(server, "/track/", event(), agent=PHONE)
    for properties in only(server):
        assert (properties["$browser"], properties["$browser_version"]) == ("Mobile Safari", 18.1)
        assert (properties["$os"], properties["$device"]) == ("iOS", "iPhone")


async def test_what_was_sent_is_never_overwritten(server: Server) -> None:
    sent = {"$browser": "Mine", "$os": "", "$device": None}
    await ask(server, "/track/", event(**sent), agent=PHONE)
    _, raw = only(server)
    assert raw == event(**sent)["properties"]


async def test_a_server_gives_its_visitors_user_agent(server: Server) -> None:
    await ask(server, "/import", [event(**{"$user_agent": PHONE})], agent="python-requests/2.32")
    properties, raw = only(server)
    assert (properties["$browser"], properties["$os"], properties["$device"]) == ("Mobile Safari", "iOS", "iPhone")
    assert raw["$user_agent"] == PHONE


async def test_a_servers_own_user_agent_says_nothing_of_anybody(server: Server) -> None:
    await ask(server, "/track/", event(), agent="python-requests/2.32")
    await ask(server, "/import", [event()], agent=PHONE)
    for record in server.events():
        assert json.loads(record.raw) == event()["properties"]


@pytest.mark.parametrize(
    ("address", "place"), [(DELFT, ("Delft", "South Holland", "NL")), (LYON, ("Lyon", "Rhône", "FR"))]
)
async def test_an_address_becomes_a_place_and_is_forgotten(
    placed: Server, address: str, place: tuple[str, ...]
) -> None:
    await ask(placed, "/track/", event(), address)
    for properties in only(placed):
        assert (properties["$city"], properties["$region"], properties["mp_country_code"]) == place
    assert address.encode() not in on_disk(placed)


@pytest.mark.parametrize(
    ("url", "properties"),
    [
        ("/track/?ip=0", {}),
        ("/track/", {"ip": 0}),
        ("/track/", {"ip": "0"}),
        ("/track/", {"$city": "Elsewhere"}),
        ("/track/", {"mp_country_code": "DE"}),
        ("/import", {}),
    ],
)
async def test_no_place_where_none_is_wanted_or_one_was_sent(placed: Server, url: str, properties: Any) -> None:
    await ask(placed, url, event(**properties))
    assert only(placed)[1] == event(**properties)["properties"]


@pytest.mark.parametrize("url", ["/track/", "/track/?ip=0", "/import"])
async def test_the_address_a_server_gives_counts_and_is_not_stored(placed: Server, url: str) -> None:
    exact = (
        b'{"event":"Buy","properties":{"ip" : "%s", "time":1795341600,"distinct_id":"u1","$insert_id":"a1","n":1.50}}'
    )
    transport = httpx.ASGITransport(app=placed.app, client=(DELFT, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://playhead.test", auth=(TOKEN, "")) as client:
        assert (await client.post(url, content=exact % LYON.encode())).status_code == 200
    properties, raw = only(placed)
    assert (properties["$city"], "ip" in properties, "ip" in raw) == ("Lyon", False, False)
    assert b'"n":1.50' in placed.events()[0].raw
    assert LYON.encode() not in on_disk(placed)


async def test_an_address_is_not_stored_without_a_file_either(server: Server) -> None:
    await ask(server, "/track/", event(ip=LYON))
    assert LYON.encode() not in on_disk(server)
    assert "$city" not in only(server)[0]


@pytest.mark.parametrize(
    ("url", "members", "place"),
    [
        ("/engage/", {}, {"$city": "Delft", "$region": "South Holland", "$country_code": "NL"}),
        ("/engage/?ip=0", {}, {}),
        ("/engage/", {"$ip": 0}, {}),
        ("/engage/?ip=0", {"$ip": LYON}, {"$city": "Lyon", "$region": "Rhône", "$country_code": "FR"}),
    ],
)
async def test_a_profile_is_where_it_was_set(placed: Server, url: str, members: Any, place: dict[str, str]) -> None:
    await ask(placed, url, {"$token": TOKEN, "$distinct_id": "u1", "$set": {"plan": "pro"}, **members})
    (operation,) = placed.profiles()
    assert json.loads(operation.value) == {"plan": "pro", **place}


async def test_other_verbs_and_groups_stay_as_they_are(placed: Server) -> None:
    await ask(placed, "/engage/", {"$token": TOKEN, "$distinct_id": "u1", "$add": {"n": 1}})
    await ask(placed, "/groups/", {"$token": TOKEN, "$group_key": "c", "$group_id": "1", "$set": {"n": 1}})
    assert [json.loads(each.value) for each in (*placed.profiles(), *placed.groups())] == [{"n": 1}, {"n": 1}]


def test_another_file_in_its_place_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(places.time, "monotonic", lambda: now)
    path = write_places(tmp_path / "city.mmdb")
    found = Places(path)
    assert found.find(DELFT) == Place("Delft", "South Holland", "NL")
    assert found.find("81.2.70.1") == Place("", "", "NL")
    assert found.find(NOWHERE) is None
    assert found.find("no address") is None
    write_places(path, delft=city("Amsterdam", "North Holland", "NL"))
    now = 11.0
    assert found.find(DELFT) == Place("Amsterdam", "North Holland", "NL")
    broken = tmp_path / "broken"
    broken.write_bytes(b"nothing of the kind")
    broken.replace(path)
    now = 22.0
    assert found.find(DELFT) == Place("Amsterdam", "North Holland", "NL")
    path.unlink()
    now = 33.0
    assert found.find(DELFT) == Place("Amsterdam", "North Holland", "NL")


@pytest.mark.parametrize("content", [None, b"nothing of the kind"])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "city.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PlayheadError, match="PLAYHEAD_GEOIP_FILE"):
        read_places(path)


async def test_the_fields_of_a_form_count_like_the_query(placed: Server) -> None:
    """As Mixpanel's Python library posts."""
    body = {"data": json.dumps({"event": "Buy", "properties": {"token": TOKEN}}), "verbose": "1", "ip": "0"}
    transport = httpx.ASGITransport(app=placed.app, client=(DELFT, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://playhead.test") as client:
        answer = await client.post("/track", data=body)
    assert answer.json() == {"status": 1, "error": None}
    assert "$city" not in only(placed)[0]


async def test_import_takes_the_form_of_old_libraries(server: Server) -> None:
    wrong = {"event": "$merge", "properties": {"token": TOKEN, "$distinct_ids": ["a", "b"]}}
    for text, status in ((event(token=TOKEN), 200), (wrong, 400)):
        answer = await server.ask(
            "POST", "/import", data={"data": json.dumps(text), "verbose": "1"}, auth=("secret", "")
        )
        assert answer.status_code == status
    assert "'$merge' joins nobody" in answer.json()["error"]["message"]
    assert [each.event for each in server.events()] == ["Buy"]


async def test_an_event_without_a_time_gets_that_of_its_arrival(server: Server) -> None:
    await ask(server, "/track/", {"event": "Buy", "properties": {"distinct_id": "u1"}})
    (record,) = server.events()
    assert json.loads(record.raw) == {"distinct_id": "u1", "time": record.client_time_ms}
    assert "time" not in json.loads(record.properties)
