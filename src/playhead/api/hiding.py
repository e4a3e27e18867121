"""What the caller must not see of properties that are marked as sensitive."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from playhead.api.answers import json_answer
from playhead.api.auth import Access, Forbidden, access, stores_of
from playhead.governance.sensitive import NOTHING, Sensitive, asked_about, masked
from playhead.jsontext import read_body
from playhead.lexicon import sensitive_properties


async def hidden(request: Request, found: Annotated[Access, Depends(access)]) -> Sensitive:
    """Nothing for who may see sensitive properties."""
    if found.unmasked:
        return NOTHING
    return await run_in_threadpool(sensitive_properties, stores_of(request).control, found.project.project_id)


SensitiveOf = Annotated[Sensitive, Depends(hidden)]


def shown(value: object, sensitive: Sensitive) -> Response:
    """The answer, without what must not be seen."""
    return json_answer(masked(msgspec.json.decode(msgspec.json.encode(value)), sensitive) if sensitive else value)


_anything = msgspec.json.Decoder()


def check_asked(text: bytes | str, sensitive: Sensitive) -> None:
    """Raises Forbidden when the JSON asks about a property whose values must not be seen."""
    if not text or not sensitive:
        return
    # What can't be read as a whole is not asked either: another reader may skip the part that is wrong.
    body = read_body(_anything, text.encode() if isinstance(text, str) else text, "not_json")
    if name := asked_about(body, sensitive):
        raise refused(name)


def refused(name: str) -> Forbidden:
    return Forbidden(f"The property {name} is sensitive, and you don't have the right to see it.", code="sensitive")
