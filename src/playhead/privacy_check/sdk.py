"""Which recorder a page has, and what it is set to mask: from its own options, and from what it sends."""

from __future__ import annotations

from typing import Any, Literal

from playhead.privacy_check.intercept import Recorder
from playhead.privacy_check.places import Mode, Sdk
from playhead.privacy_check.rules import BLOCK_CLASSES, MASK_CLASSES

# What `page.js` says of the SDKs it found, by their names on `window`.
Found = dict[str, Any]
Library = Literal["playhead", "mixpanel-browser", "unknown"]


def sdk_of(recorder: Recorder, found: Found, *, injected: bool) -> Sdk:
    """The recorder of the page."""
    library: Library = "unknown"
    if injected or recorder.library == "playhead" or ("playhead" in found and not recorder.library):
        library = "playhead"
    elif recorder.library == "web" or "mixpanel" in found:
        library = "mixpanel-browser"
    config = found.get("playhead" if library == "playhead" else "mixpanel", {}).get("config", {})
    return Sdk(
        library=library,
        injected=injected,
        version=recorder.version,
        mask=_selectors(config.get("record_mask_text_selector")),
        unmask=_selectors(config.get("record_unmask_text_selector")),
        block=_selectors(config.get("record_block_selector")),
        url_params=tuple(str(one) for one in config.get("record_url_params") or ()),
    )


def mode_of(recorder: Recorder, found: Found) -> Mode:
    """The mode it records in: as it says with each upload, else by its options; text when neither tells."""
    if recorder.mask:
        return "input" if recorder.mask == "input" else "text"
    for sdk in found.values():
        config = sdk["config"]
        everything = config.get("record_mask_all_text")
        if everything is False or (everything is None and "record_mask_text_selector" in config):
            return "input"
    return "text"


def rules_of(sdk: Sdk, found: Found) -> dict[str, str]:
    """What `page.js` needs to know to say which rule decides at a place."""
    return {
        "mask": _all(_classes(MASK_CLASSES), sdk.mask),
        "unmask": sdk.unmask,
        "block": _all(_classes(BLOCK_CLASSES), sdk.block),
        "maskClass": _pattern(found, "record_mask_text_class"),
        "blockClass": _pattern(found, "record_block_class"),
    }


def _selectors(value: object) -> str:
    if isinstance(value, str):
        return value
    return ",".join(str(one) for one in value if one) if isinstance(value, list) else ""


def _classes(names: tuple[str, ...]) -> str:
    # `text.rr-mask` as one class counts too.
    return ",".join(f'.{name}, [class$=".{name}"], [class*=".{name} "]' for name in names)


def _all(*selectors: str) -> str:
    return ",".join(one for one in selectors if one)


def _pattern(found: Found, option: str) -> str:
    for sdk in found.values():
        value = sdk["config"].get(option)
        if isinstance(value, dict):
            return str(value.get("pattern", ""))
        if isinstance(value, str) and value:
            return f"^{value}$"
    return ""
