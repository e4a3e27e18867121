"""How text, attributes and addresses of masked elements read afterwards: by allow-list, what is not known is masked."""

from __future__ import annotations

import re
from typing import Any

from playhead.governance.patterns import stars

# Of one length, so that nothing shows how long a secret is.
INPUT_VALUE = "*****"
# An element that began to be masked carries this from then on: masking again, with what came late, still knows it.
MARK = "ph-mask"
FIELDS = frozenset(("input", "textarea", "select"))
ADDRESSES = frozenset(("href", "src", "srcset", "action", "poster", "xlink:href", "rr_src", "background", "formaction"))
CHOICES = frozenset(("checked", "selected"))
# Attributes that say how an element looks and behaves, and hold nothing that a person wrote to be read.
PLAIN = frozenset(
    (
        "class", "id", "type", "role", "dir", "lang", "hidden", "tabindex", "colspan", "rowspan", "span", "width",
        "height", "size", "rows", "cols", "disabled", "readonly", "required", "multiple", "open", "for", "rel", "media",
        "target", "style", "_csstext", "xmlns", "xmlns:xlink", "viewbox", "d", "fill", "fill-opacity", "fill-rule",
        "clip-path", "clip-rule", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray",
        "stroke-opacity", "opacity", "points", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "dx",
        "dy", "transform", "offset", "stop-color", "gradienttransform", "gradientunits", "mask", "filter",
        "preserveaspectratio", "align", "valign", "border", "cellpadding", "cellspacing", "color", "bgcolor", "loading",
        "decoding", "crossorigin", "autoplay", "controls", "loop", "muted", "playsinline", "frameborder", "sandbox",
        "draggable", "contenteditable", "spellcheck", "aria-hidden",
    )
)  # fmt: skip
STATES = frozenset(
    (
        "true", "false", "open", "closed", "active", "inactive", "checked", "unchecked", "on", "off", "none", "auto",
        "hidden", "visible", "selected", "horizontal", "vertical", "polite", "assertive", "menu", "dialog", "listbox",
        "tree", "grid", "page", "step", "mixed", "left", "right", "top", "bottom", "start", "end", "center", "loading",
        "idle", "ready", "error",
    )
)  # fmt: skip
_SMALL_NUMBER = re.compile(r"-?\d{1,2}")
_AFTER_PATH = re.compile(r"[?#][^\s,]*")
_URL = re.compile(r"""url\(\s*(["']?)([^"')]*)\1\s*\)""", re.IGNORECASE)
_QUOTED = re.compile(r"""(["'])((?:\\.|(?!\1).)*)\1""", re.DOTALL)
_FIELD = re.compile(r"([?&#]*)([^=&#]*)(=?)([^&#]*)")
_PLAIN_ADDRESS = re.compile(
    r"\s*(?:https?:|blob:|data:(?:image|font|video|audio)/|(?![a-z][a-z0-9+.-]*:))", re.IGNORECASE
)


def masked_text(text: str, parent: str) -> str:
    """The text of a text node in an element of this name. A style sheet's text is nobody's."""
    if parent == "style":
        return text
    if parent == "textarea":
        return INPUT_VALUE if text.strip() else text
    return stars(text)


def masked_attributes(attributes: dict[str, Any], element: str) -> dict[str, Any]:
    """An element's attributes with what a person can read in them masked; `None` (an attribute taken away) stays."""
    return {
        name: masked
        for name, value in attributes.items()
        if (masked := _masked(name.lower(), value, element)) is not _GONE
    }


_GONE = object()


def _masked(name: str, value: Any, element: str) -> Any:
    if value is None or name in PLAIN or name == MARK:
        return masked_style(value) if name == "style" else value
    if name in CHOICES:
        return _GONE
    if isinstance(value, bool):
        return value
    if name == "value" and element in {*FIELDS, ""}:
        return INPUT_VALUE if value != "" else ""
    if isinstance(value, int | float):
        return value if name.startswith("rr_") else "*"
    if not isinstance(value, str):
        return "*"
    if name in ADDRESSES:
        return masked_address(value)
    if name.startswith("rr_") or value.lower() in STATES or _SMALL_NUMBER.fullmatch(value):
        return value
    return stars(value)


def masked_style(style: Any) -> Any:
    """A `style` attribute, or a change of its properties, without what can be read in it: quoted text, queries."""
    if isinstance(style, str):
        addresses = _URL.sub(lambda match: f"url({match[1]}{masked_address(match[2])}{match[1]})", style)
        return _QUOTED.sub(_masked_quoted, addresses)
    if isinstance(style, dict):
        return {name: masked_style(value) for name, value in style.items()}
    return [masked_style(value) for value in style] if isinstance(style, list) else style


def _masked_quoted(match: re.Match[str]) -> str:
    before = match.string[: match.start()]
    return match[0] if before.rstrip().endswith("url(") else match[1] + stars(match[2]) + match[1]


def masked_address(address: str) -> str:
    """An address, or a `srcset` of several: the path stays, the values of the query and the hash are masked."""
    if not _PLAIN_ADDRESS.match(address):
        return stars(address)
    if address.lstrip().lower().startswith("data:"):
        return address
    return _AFTER_PATH.sub(lambda match: _FIELD.sub(_masked_field, match[0]), address)


def _masked_field(match: re.Match[str]) -> str:
    if not match[3]:
        return match[1] + stars(match[2])
    return match[1] + match[2] + match[3] + stars(match[4])


def box(serialised: dict[str, Any]) -> dict[str, Any]:
    """An empty box in an element's place: nothing of it but its size."""
    attributes = serialised.get("attributes") or {}
    sizes = {}
    for name, otherwise in (("width", "100%"), ("height", "3em")):
        known = attributes.get(f"rr_{name}")
        if known is None and re.fullmatch(r"\d{1,5}", str(attributes.get(name, ""))):
            known = f"{attributes[name]}px"
        sizes[f"rr_{name}"] = known if isinstance(known, str) and len(known) < 20 else otherwise
    kept = {
        name: serialised[name]
        for name in ("type", "tagName", "id", "isSVG", "isShadow", "rootId")
        if name in serialised
    }
    return kept | {"attributes": {"class": "rr-block", **sizes}, "childNodes": [], "needBlock": True}


def mask_every_string(value: Any) -> None:
    """In place, at any depth: for what is of a kind that is not known."""
    waiting = [value]
    while waiting:
        container = waiting.pop()
        pairs = container.items() if isinstance(container, dict) else enumerate(container)
        for key, each in list(pairs):
            if isinstance(each, str):
                container[key] = stars(each)
            elif isinstance(each, dict | list):
                waiting.append(each)
