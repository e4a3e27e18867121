"""The demo's sample data: fed through capture over HTTP like anyone's, once for each data directory; and what its owner
has saved: a report of each kind, a playlist and a board.

Run by the supervisor as a process that ends when it is done.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from ipaddress import ip_address
from itertools import chain
from typing import Literal
from urllib.parse import urlencode, urlsplit

import msgspec
from rich.console import Console
from sqlalchemy import select

from playhead import sample, saved
from playhead.accounts import DEMO_TOKEN
from playhead.clock import now_ms
from playhead.errors import PlayheadError
from playhead.processes import die_with_parent
from playhead.sample_history import history
from playhead.settings import Settings
from playhead.stores.control import Control
from playhead.stores.tables import Project
from playhead.supervisor import base_url

READY_SECONDS = 90.0
TRIES = 20
BY = "Playhead"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_seeded(settings: Settings) -> bool:
    return (settings.data / "demo-seeded").exists()


def wait_ready(url: str, role: str = "", seconds: float = READY_SECONDS) -> None:
    """Until the server says it is ready. Raises PlayheadError with its reason when it does not in time."""
    deadline = time.monotonic() + seconds
    reason = "it does not answer"
    while time.monotonic() < deadline:
        try:
            status, body = _send(url, "GET", f"/readyz?role={role}" if role else "/readyz", b"", {})
            if status == 200:
                return
            reason = body.decode(errors="replace")
        except OSError:
            pass
        time.sleep(0.1)
    raise PlayheadError(f"the server at {url} is not ready: {reason}", code="not_ready")


def seed(settings: Settings, url: str, shown_url: str, token: str, progress: Callable[[int], None]) -> int:
    """Feeds the sample through capture at `url`; answers how many requests. `progress` is told how many so far.

    The sample's visits happened at `shown_url`. Broken off and begun again it sends the same, which counts once.
    """
    wait_ready(url)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    number = 0
    begun_ms = _begun_ms(settings)
    requests = chain(history(token, begun_ms, shown_url), sample.requests(token, begun_ms, shown_url))
    for number, request in enumerate(requests, 1):
        _post(connection, request)
        progress(number)
    connection.close()
    control = Control.open(settings.control)
    try:
        keep(control, token, begun_ms)
    finally:
        control.close()
    (settings.data / "demo-seeded").write_text(f"{number}\n")
    return number


# What is saved: kind, name, description, what its screen's address asks, and the columns that its card is wide.
_STEPS = ["View Item", "Add to Cart", "Checkout", "Purchase"]
_SAVED: list[tuple[saved.Kind, str, str, dict[str, object], Literal[1, 2, 3]]] = [
    (
        "insights",
        "Orders by device",
        "Purchases of the last 60 days, by operating system.",
        {"metrics": [{"event": "Purchase"}], "breakdown": "$os", "unit": "week", "last": 60},
        2,
    ),
    ("insights", "Visitors", "People a day.", {"metrics": [{"event": "View Item", "measure": "unique"}]}, 1),
    (
        "funnel",
        "From item to order",
        "Where people stop on the way to an order.",
        {"steps": [{"event": step} for step in _STEPS]},
        2,
    ),
    ("flows", "After the cart", "What people do next.", {"start": {"event": "Add to Cart"}}, 1),
    (
        "retention",
        "Who comes back to look",
        "By the week of the first visit.",
        {"first": {"event": "$mp_web_page_view"}, "return": {"event": "View Item"}, "periods": 6},
        2,
    ),
    ("replays", "Rage clicks", "Where something did not answer.", {"has_rage_click": True}, 1),
]
_NOTE = "The sample shop at a glance. Click any point, bar or cell to watch the visits behind it."
BOARD = "Shop overview"


def keep(control: Control, token: str, now_ms: int) -> None:
    """Saves the sample's reports, its playlist and its board, unless something is saved already."""
    with control.read() as session:
        project_id = session.scalar(select(Project.project_id).where(Project.token == token))
    if project_id is None or saved.boards(control, project_id, 1, 0)[1]:
        return
    cards = [saved.Card(text=_NOTE, width=3)]
    for number, (kind, name, description, asked, width) in enumerate(_SAVED):
        report = saved.NewReport(kind, name, _search(asked), description)
        row = saved.save_report(control, project_id, report, BY, now_ms - number)
        cards.append(saved.Card(report_id=row.report_id, width=width))
    saved.create_board(control, project_id, saved.NewBoard(BOARD, "", cards), BY, now_ms)


def _search(asked: dict[str, object]) -> str:
    """The query string of a screen: lists and objects are JSON text in it."""
    return urlencode(
        {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in asked.items()
        }
    )


def _begun_ms(settings: Settings) -> int:
    """When the sample was first fed: its visits and their ids follow from it."""
    path = settings.data / "demo-seeding"
    if not path.exists():
        path.write_text(str(now_ms()))
    return int(path.read_text())


def _post(connection: http.client.HTTPConnection, sent: sample.SampleRequest) -> None:
    path = sent.path
    headers = {"Content-Type": "text/plain", "User-Agent": sent.user_agent}
    for attempt in range(TRIES):
        try:
            connection.request("POST", f"{path}?{urlencode(sent.query)}", sent.body, headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            time.sleep(0.2 * (attempt + 1))
            continue
        if response.status < 400:
            return
        if response.status not in {429, 503}:
            raise PlayheadError(f"the sample's {path} was refused: {answer.decode(errors='replace')[:300]}")
        time.sleep(min(5.0, 0.25 * (attempt + 1)))
    raise PlayheadError(f"the sample could not be sent: {path} was not taken", code="not_seeded")


def _send(url: str, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=15)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def main() -> None:
    die_with_parent()
    settings = Settings()
    if is_seeded(settings):
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::", "localhost"} else settings.host  # noqa: S104
    try:
        with console.status("Sample data…") as status:
            count = seed(
                settings,
                f"http://{host}:{settings.port}",
                base_url(settings),
                DEMO_TOKEN,
                lambda number: status.update(f"Sample data… {number} requests"),
            )
        console.print(f"[dim]The sample data is in ({count} requests).[/dim]")
    except PlayheadError as error:
        console.print(f"The sample data is not in: {error.message}", style="yellow")
    except OSError as error:
        console.print(f"The sample data is not in: {error.filename or ''} {error.strerror or error}", style="yellow")


if __name__ == "__main__":
    main()
