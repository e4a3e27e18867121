"""People's data in the dashboard: deleted with a receipt, handed out as a ZIP, kept for so long, shared by a link."""

from __future__ import annotations

import io
import re
import time
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import TOKEN, Api, Server, eventually


@pytest.fixture
def person(server: Server, api: Api, email: str) -> str:
    """Somebody with a profile and three events."""
    now = int(time.time() * 1000)
    events = [
        {
            "event": "View Item",
            "properties": {"token": TOKEN, "distinct_id": email, "time": now - n, "$insert_id": f"{n}"},
        }
        for n in (1_000, 2_000, 3_000)
    ]
    assert httpx.post(f"{server.url}/track/", json=events).status_code == 200
    profile = [{"$token": TOKEN, "$distinct_id": email, "$set": {"$name": "Dora Data", "plan": "Pro"}}]
    assert httpx.post(f"{server.url}/engage/", json=profile).status_code == 200
    eventually(lambda: len(api.events(email)) == len(events) and api.person(email)["name"] == "Dora Data")
    return email


def test_a_person_is_deleted_from_their_page_and_the_receipt_says_what_went(
    server: Server, api: Api, person: str, dashboard: Page
) -> None:
    dashboard.goto(f"{server.url}/projects/{api.project}/users/{person}")
    dashboard.get_by_role("button", name="More about Dora Data").click()
    dashboard.get_by_role("menuitem", name="Delete person…").click()
    dialog = dashboard.get_by_role("dialog", name="Delete Dora Data?")
    dialog.get_by_role("button", name="Delete 3 events and 1 profile").click()

    # Nobody reads it from now on, and it can be called off.
    dashboard.wait_for_url("**/settings/requests/deletions/*")
    expect(dashboard.get_by_text("It can’t be read any more.")).to_be_visible()
    assert api.client.get(f"/api/projects/{api.project}/people/{person}").status_code == 404
    dashboard.get_by_role("button", name="Cancel").click()
    expect(dashboard.get_by_text("Nothing was removed, and everything can be read again.")).to_be_visible()
    assert api.person(person)["name"] == "Dora Data"

    # By the list of requests, and to the end.
    dashboard.get_by_role("link", name="Deletion & retrieval").first.click()
    expect(dashboard.get_by_role("row", name=re.compile("Cancelled"))).to_be_visible()
    dashboard.get_by_role("button", name="New request").click()
    dashboard.get_by_role("menuitem", name="Delete data…").click()
    dialog = dashboard.get_by_role("dialog", name="New deletion")
    dialog.get_by_role("textbox", name="Ids, one a line").fill(person)
    dialog.get_by_role("button", name="Delete 3 events and 1 profile").click()
    expect(dashboard.get_by_role("heading", name="What was removed")).to_be_visible(timeout=90_000)
    expect(dashboard.get_by_text("Nothing is left", exact=True)).to_be_visible()
    receipt = dashboard.get_by_role("article")
    expect(receipt.get_by_role("row", name=re.compile("Events.* 3$"))).to_be_visible()
    expect(receipt).to_contain_text("Deletion of 1 person")
    expect(receipt).not_to_contain_text(person)

    # Every store is read again.
    with dashboard.expect_response(lambda answer: answer.url.endswith("/check")) as checked:
        dashboard.get_by_role("button", name="Check again").click()
    assert checked.value.json()["receipt"]["clean"]
    expect(dashboard.get_by_text("Nothing is left", exact=True)).to_be_visible()
    assert api.client.get(f"/api/projects/{api.project}/people/{person}").status_code == 404

    # The log says who asked, and not whose data it was.
    dashboard.goto(f"{server.url}/projects/{api.project}/settings/audit?action=deletion.requested")
    expect(dashboard.get_by_role("listitem").filter(has_text="asked for the deletion").first).to_be_visible()
    expect(dashboard.get_by_role("main")).not_to_contain_text(person)
    dashboard.get_by_role("button", name="Verify").click()
    expect(dashboard.get_by_text(re.compile(r"\d entr(y|ies) verified\."))).to_be_visible()


def test_the_data_of_a_person_comes_as_a_zip(
    server: Server, api: Api, person: str, dashboard: Page, tmp_path: Path
) -> None:
    dashboard.goto(f"{server.url}/projects/{api.project}/users/{person}")
    dashboard.get_by_role("button", name="More about Dora Data").click()
    dashboard.get_by_role("menuitem", name="Get their data…").click()
    dialog = dashboard.get_by_role("dialog", name="Get the data of Dora Data")
    dialog.get_by_role("button", name="Get the data").click()
    dashboard.wait_for_url("**/settings/requests/retrievals/*")
    with dashboard.expect_download(timeout=90_000) as found:
        dashboard.get_by_role("link", name="Download ZIP").click(timeout=90_000)
    path = tmp_path / "data.zip"
    found.value.save_as(path)
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as bundle:
        assert bundle.testzip() is None
        text = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert any(name.endswith("index.html") for name in text)
    events = next(text[name] for name in text if name.endswith(".ndjson"))
    assert events.count('"View Item"') == 3
    assert any("Dora Data" in content for content in text.values())


def test_retention_says_what_it_deletes_before_it_is_changed(
    server: Server, api: Api, watched: str, dashboard: Page
) -> None:
    before = api.get(f"/api/projects/{api.project}/retention")
    dashboard.goto(f"{server.url}/projects/{api.project}/settings/retention")
    field = dashboard.get_by_role("spinbutton", name="Days that replays are kept")
    expect(field).to_have_value(str(before["replay_days"]))
    save = dashboard.get_by_role("button", name="Save")
    expect(save).to_be_disabled()

    field.fill("0")
    expect(dashboard.get_by_text("Give whole days, from 1 to 3,650.")).to_be_visible()
    expect(save).to_be_disabled()

    # Nothing here is older than a day: that is said, and nothing has changed yet.
    with dashboard.expect_response(lambda answer: answer.url.endswith("/retention/preview")) as previewed:
        field.fill("14")
    told = previewed.value.json()
    assert told["replays_to_delete"] == 0
    expect(dashboard.get_by_text(told["message"])).to_be_visible()
    assert api.get(f"/api/projects/{api.project}/retention")["replay_days"] == before["replay_days"]
    save.click()
    eventually(lambda: api.get(f"/api/projects/{api.project}/retention")["replay_days"] == 14)
    assert api.replay(watched)["replay_id"] == watched

    days = {name: before[name] for name in ("replay_days", "event_days", "bookmark_days")}
    assert api.client.put(f"/api/projects/{api.project}/retention", json=days).status_code == 200


def test_a_replay_is_shared_by_a_link_until_it_is_revoked(
    server: Server, api: Api, watched: str, dashboard: Page, chromium: Browser
) -> None:
    eventually(lambda: api.replay(watched)["status"] == "ready")
    dashboard.goto(f"{server.url}/projects/{api.project}/replays/{watched}")
    dashboard.get_by_role("button", name="Share", exact=True).click()
    dashboard.get_by_role("menuitem", name="Share with others…").click()
    dialog = dashboard.get_by_role("dialog", name="Share this replay")
    dialog.get_by_role("combobox", name="Works for").select_option("1 hour")
    dialog.get_by_role("button", name="Make a link").click()
    link = urlsplit(dialog.get_by_role("textbox", name="The link").input_value())

    # Somebody else, who has no session.
    stranger = chromium.new_context(reduced_motion="reduce")
    page = stranger.new_page()
    page.goto(f"{server.url}{link.path}")
    expect(page.get_by_role("slider", name="Position in the replay")).to_be_visible()
    expect(page.get_by_text(re.compile("The link works for .* more minutes"))).to_be_visible()
    shown = page.frame_locator("iframe").frame_locator("iframe").locator("body")
    eventually(lambda: "Harbor mug" in shown.inner_text())
    facts = stranger.request.get(f"{server.url}/api{link.path}").json()
    assert "person" not in facts
    assert "distinct_id" not in facts
    assert page.request.get(f"{server.url}/api/session").status == 401

    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_role("button", name="Make a link")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    stranger.close()


def test_a_bookmark_a_stretch_and_a_selection(server: Server, api: Api, watched: str, dashboard: Page) -> None:
    eventually(lambda: api.replay(watched)["status"] == "ready")
    dashboard.goto(f"{server.url}/projects/{api.project}/replays/{watched}")
    bookmark = dashboard.get_by_role("button", name="Bookmark", exact=True)
    bookmark.click()
    expect(bookmark).to_have_attribute("aria-pressed", "true")
    eventually(lambda: [row["replay_id"] for row in api.replays(bookmarked="true")] == [watched])
    dashboard.get_by_role("button", name="Say why it is bookmarked").click()
    dashboard.get_by_role("textbox", name="Note of the bookmark").fill("The mug is\nnot in the cart")
    dashboard.get_by_role("button", name="Save the note").click()
    expect(dashboard.get_by_text("not in the cart")).to_be_visible()
    dashboard.get_by_role("button", name="Edit the note").click()
    dashboard.get_by_role("textbox", name="Note of the bookmark").fill("The mug is twice in the cart")
    dashboard.get_by_role("button", name="Save the note").click()
    expect(dashboard.get_by_role("button", name="Edit the note")).to_be_visible()
    assert api.replay(watched)["bookmark"]["note"] == "The mug is twice in the cart"
    bookmark.click()
    expect(dashboard.get_by_text("twice in the cart")).to_have_count(0)
    eventually(lambda: api.replays(bookmarked="true") == [])

    dashboard.get_by_role("button", name="More about this replay").click()
    dashboard.get_by_role("menuitem", name="Delete a stretch…").click()
    bar = dashboard.get_by_role("group", name="Delete a stretch")
    bar.get_by_role("button", name=re.compile(r"^Delete \d+ s…")).click()
    expect(dashboard.get_by_role("dialog")).to_contain_text("deleted for good")
    dashboard.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    bar.get_by_role("button", name="Delete no stretch").click()

    # Deleted from the feed, and taken back within the ten seconds.
    feed = dashboard.get_by_role("region", name="Replay feed")
    feed.get_by_role("button", name="Select", exact=True).click()
    feed.locator(f'[data-replay="{watched}"]').click()
    feed.get_by_role("button", name="Delete 1 replay").click()
    dashboard.get_by_role("dialog").get_by_role("button", name="Delete 1 replay").click()
    expect(dashboard.get_by_text("1 replay is being deleted")).to_be_visible()
    expect(feed.locator(f'[data-replay="{watched}"]')).to_have_count(0)
    assert watched not in [row["replay_id"] for row in api.replays()]
    dashboard.get_by_role("button", name="Undo").click()
    eventually(lambda: watched in [row["replay_id"] for row in api.replays()])
    expect(feed.locator(f'[data-replay="{watched}"]')).to_be_visible()
