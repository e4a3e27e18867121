"""`playhead delete-person`: asks for a deletion as the dashboard does, and waits for its receipt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.console import Console

from playhead.clock import now_ms
from playhead.errors import PlayheadError
from playhead.governance import erasing
from playhead.governance.audit import COMMAND
from playhead.governance.requests import (
    WAIT_MS,
    Asked,
    DeletionPreview,
    cancel,
    check_ids,
    create_deletion,
    find,
    preview,
    receipt_of,
)
from playhead.settings import Settings
from playhead.stores import Stores
from playhead.stores.tables import DataRequest

ROUND_SECONDS = 0.5


def look(stores: Stores, project_id: str, distinct_ids: Sequence[str]) -> DeletionPreview:
    """What would go. Raises `PlayheadError` for ids that are none."""
    check_ids(distinct_ids)
    return preview(stores, project_id, Asked("person", distinct_ids=list(distinct_ids)))


def delete_people(  # noqa: PLR0917
    stores: Stores,
    settings: Settings,
    project_id: str,
    distinct_ids: Sequence[str],
    out: Console,
    drain: Callable[[], None] | None,
) -> None:
    """Deletes them and prints the receipt. `drain` delivers what waits, where no server does that and the rest.

    Interrupted while it waits, the deletion is called off. Raises `PlayheadError` when it fails or something is left.
    """
    asked = Asked("person", distinct_ids=list(distinct_ids))
    request = create_deletion(stores, project_id, asked, COMMAND, now_ms())
    out.print(f"Asked for ({request.request_id}). Ctrl-C within {WAIT_MS // 1_000} seconds calls it off.", markup=False)
    try:
        while request.state in {"waiting", "running"}:
            time.sleep(ROUND_SECONDS)
            if drain is not None:
                drain()
                erasing.run_requests(stores, settings, now_ms())
            request = find(stores, project_id, "deletion", request.request_id)
    except KeyboardInterrupt:
        _call_off(stores, settings, request, out)
        raise
    if request.state != "done":
        raise PlayheadError(request.error or f"the deletion was {request.state}", code="not_deleted")
    _print_receipt(request, out)


def _call_off(stores: Stores, settings: Settings, request: DataRequest, out: Console) -> None:
    try:
        cancel(stores, settings, request.project_id, "deletion", request.request_id, COMMAND, now_ms())
    except PlayheadError:
        out.print("It has begun and goes on without this command.")
    else:
        out.print("Called off: nothing was deleted.")


def _print_receipt(request: DataRequest, out: Console) -> None:
    receipt = receipt_of(request)
    for each in receipt.removed:
        out.print(f"  {each.count:>9,} {each.what} ({each.store})", markup=False)
    if not receipt.removed:
        out.print("  Nothing was stored of them; what arrives late is refused.")
    for each in receipt.left:
        out.print(f"  {each.count:>9,} {each.what} ({each.store}) LEFT", markup=False)
    if not receipt.clean:
        raise PlayheadError("something is left: see the receipt, and ask for the deletion again", code="not_clean")
    out.print("Every store was read again: nothing is left.")
