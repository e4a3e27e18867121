"""Stands between the page and the recorder's server: keeps every upload, answers it here, and hands out our SDK."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import msgspec

from playhead.errors import PlayheadError
from playhead.privacy_check.places import Channel, Mode, Sent

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Request, Route

STATIC = Path(__file__).parent.parent / "static" / "sdk"
# What `page.js` calls with a request that would outlive its page.
PARTING = "__playheadPrivacyCheckParting"
# Never resolves: what is asked of it is answered here.
HOST = "https://playhead-check.invalid"
TOKEN = "privacy-check"  # noqa: S105  Names the project in uploads that go nowhere.
CHANNELS: dict[str, Channel] = {"record": "replay", "track": "analytics", "engage": "analytics", "groups": "analytics"}
ASKING = ("settings", "flags")
# Said by every browser, about the machine and not about the page.
DULL = {
    *("accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length", "content-type"),
    *("host", "origin", "pragma", "user-agent"),
}


def route_of(url: str) -> str | None:
    """Which of the recorder's routes an address is, if any."""
    name = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    return name if name in CHANNELS or name in ASKING else None


def is_upload(method: str, url: str, kind: str) -> bool:
    """Is the request the recorder's? Pages of the site that are called like a route are not."""
    name = route_of(url)
    if name is None or kind in ("document", "script", "stylesheet", "font", "media"):
        return False
    if kind == "image":
        return "data=" in url
    if name in ASKING:
        return any(key in ("mp_lib", "token", "$lib_version") for key, _ in parse_qsl(urlsplit(url).query))
    return method in ("POST", "OPTIONS")


class Recorder:
    """What the recorder sent. `forward` lets uploads go on to their server after they were read."""

    def __init__(self, *, forward: bool) -> None:
        self.forward = forward
        self.sent: list[Sent] = []
        self.library = ""
        self.version = ""
        self.mask = ""

    def attach(self, context: BrowserContext) -> None:
        context.expose_binding(PARTING, self.at_parting)
        context.route(lambda url: route_of(url) is not None or url.startswith(HOST), self._handle)

    def at_parting(self, source: object, url: str, method: str, body: str) -> None:
        """What a page sends when it goes, told by the page itself: such requests outlive it and pass interception."""
        name = route_of(url)
        if name is not None:
            self._note(name, url, method, {}, body.encode("latin-1"))

    def _handle(self, route: Route) -> None:
        request = route.request
        if request.url.startswith(f"{HOST}/sdk/"):
            file = STATIC / request.url.rpartition("/")[2]
            if file.is_file():
                route.fulfill(
                    body=file.read_bytes(), content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"}
                )
            else:
                route.fulfill(status=404)
            return
        if not is_upload(request.method, request.url, request.resource_type):
            route.fallback()
            return
        name = route_of(request.url) or ""
        if request.method != "OPTIONS":
            self._keep(request, name)
        if self.forward and not request.url.startswith(HOST):
            route.continue_()
            return
        route.fulfill(
            status=200, body=json.dumps(ANSWERS[name]), content_type="application/json", headers=_cors(request)
        )

    def _keep(self, request: Request, name: str) -> None:
        headers = {
            key: value for key, value in request.headers.items() if key not in DULL and not key.startswith("sec-")
        }
        self._note(name, request.url, request.method, headers, request.post_data_buffer or b"")

    def _note(self, name: str, url: str, method: str, headers: dict[str, str], body: bytes) -> None:
        query = dict(parse_qsl(urlsplit(url).query))
        if name == "record":
            self.library = query.get("mp_lib", self.library)
            self.mask = query.get("mask", self.mask)
        self.version = query.get("$lib_version", self.version)
        number = 1 + sum(1 for one in self.sent if one.where.startswith(f"{method} /{name}/"))
        where = f"{method} /{name}/ #{number}"
        self.sent.append(Sent(CHANNELS.get(name, "replay"), where, url, method, headers, body))


# `live` makes our SDK send every second.
ANSWERS: dict[str, object] = {
    "record": {"code": 200, "status": "OK", "recording": "ok", "live": True},
    "track": {"status": 1, "error": None},
    "engage": {"status": 1, "error": None},
    "groups": {"status": 1, "error": None},
    "settings": {"sdk_config": {"config": {}}, "recording": "ok", "rules": {"version": "", "mask": [], "block": []}},
    "flags": {"flags": {}},
}


def _cors(request: Request) -> dict[str, str]:
    origin = request.headers.get("origin", "*")
    credentials = {} if origin == "*" else {"Access-Control-Allow-Credentials": "true"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": "authorization, content-type, traceparent",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        **credentials,
    }


def injection(mode: Mode) -> str:
    """Our SDK as a script that runs before the page's own, in `mode`. Raises PlayheadError if it isn't built."""
    manifest = STATIC / "manifest.json"
    if not manifest.is_file():
        raise PlayheadError(
            "the SDK is not built: run `make install` in the checkout, or install the package", code="no_sdk"
        )
    core = (STATIC / msgspec.json.decode(manifest.read_bytes())["sdk"]).read_text()
    options: dict[str, object] = {"api_host": HOST, "record_sessions_percent": 100, "ignore_dnt": True}
    if mode == "input":
        options["record_mask_text_selector"] = ""
    start = f"window.playhead.init({json.dumps(TOKEN)}, {json.dumps(options)});"
    return (
        "if (window === window.top) { const begin = () => {\n"
        f"{core}\n{start}\n"
        "}; if (document.documentElement) begin(); else {"
        "const seen = new MutationObserver(() => { if (document.documentElement) { seen.disconnect(); begin(); } });"
        "seen.observe(document, { childList: true }); } }"
    )
