"""What a mode says about a place: must it be masked, blocked, or may it be clear?

A second account of `docs/privacy.md`, apart from the SDK's code on purpose: where the two differ, the check says so.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import unquote_plus, urlsplit

import msgspec

from playhead.privacy_check.places import Mode, Place, Sdk

# The classes that our SDK and others mask and block by; `x.rr-mask` as one class counts too.
MASK_CLASSES = ("rr-mask", "mp-mask", "ph-mask", "fs-mask", "amp-mask")
BLOCK_CLASSES = ("rr-block", "mp-block", "ph-no-capture", "fs-exclude", "amp-block")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CLEAR_PARAMS = _words(
    "utm_source utm_medium utm_campaign utm_content utm_term utm_id utm_source_platform utm_campaign_id "
    "utm_creative_format utm_marketing_tactic dclid fbclid gclid ko_click_id li_fat_id msclkid sccid ttclid "
    "twclid wbraid gbraid"
)


URL_ATTRIBUTES = _words(
    "src href xlink:href action formaction poster data cite background manifest longdesc codebase icon ping "
    "srcset imagesrcset rr_src"
)

# Values that HTML, ARIA or SVG enumerate, numbers of the layout, and references to ids: names and code, not text.
ENUMERATED = _words(
    "type role dir lang hreflang rel rev as media sizes loading decoding fetchpriority crossorigin referrerpolicy "
    "method enctype formmethod formenctype formtarget formnovalidate target shape coords scope hidden disabled "
    "checked selected readonly required multiple open controls controlslist autoplay loop muted playsinline "
    "novalidate inert async defer nomodule width height colspan rowspan span cols rows size maxlength minlength "
    "min max step tabindex border cellpadding cellspacing align valign bgcolor color face clear nowrap start "
    "reversed wrap draggable contenteditable spellcheck autocapitalize inputmode enterkeyhint popover "
    "popovertarget popovertargetaction part exportparts slot is for form list headers usemap ismap charset "
    "http-equiv translate autofocus autocomplete kind default high low optimum preload frameborder scrolling "
    "allow allowfullscreen sandbox blocking marginwidth marginheight itemprop itemtype itemscope itemref property "
    "datetime accept accept-charset capture commandfor command shadowrootmode aria-expanded aria-hidden "
    "aria-selected aria-checked aria-pressed aria-current aria-disabled aria-busy aria-invalid aria-modal "
    "aria-orientation aria-sort aria-haspopup aria-live aria-level aria-controls aria-labelledby aria-describedby "
    "aria-owns aria-activedescendant aria-multiselectable aria-readonly aria-required aria-atomic aria-relevant "
    "aria-autocomplete aria-multiline aria-details aria-errormessage aria-flowto aria-posinset aria-setsize "
    "aria-colcount aria-colindex aria-colspan aria-rowcount aria-rowindex aria-rowspan aria-valuemin "
    "aria-valuemax version xmlns xmlns:xlink xmlns:svg xml:space xml:lang focusable"
)
SVG_TAGS = _words(
    "svg g path rect circle ellipse line polyline polygon text tspan textpath use symbol defs marker mask pattern "
    "image clippath filter lineargradient radialgradient stop animate animatetransform animatemotion set view "
    "switch foreignobject mpath feblend fecolormatrix fecomponenttransfer fecomposite feconvolvematrix "
    "fediffuselighting fedisplacementmap fedistantlight fedropshadow feflood fefunca fefuncb fefuncg fefuncr "
    "fegaussianblur feimage femerge femergenode femorphology feoffset fepointlight fespecularlighting fespotlight "
    "fetile feturbulence"
)
STATES = _words(
    "true false on off yes no none auto open opened closed close opening closing active inactive selected checked "
    "unchecked indeterminate mixed visible hidden shown show hide collapsed expanded collapsing loading loaded "
    "idle pending error success warning info enabled disabled current page step location date time left right top "
    "bottom center start end up down horizontal vertical small medium large sm md lg xl xs light dark default "
    "primary secondary entering entered exiting exited enter leave delayed-open instant-open inline block "
    "ascending descending polite assertive dialog menu listbox tree grid tooltip"
)
# What fields are called by HTML itself.
FIELD_WORDS = _words(
    "text email password number tel url search date month week time datetime-local color range file submit reset "
    "image button checkbox radio"
)
SMALL_NUMBER = re.compile(r"-?\d{1,3}(\.\d{1,2})?(px|%)?")
CLEAR_META = _words("viewport theme-color color-scheme charset")

SECRETS = (
    re.compile(r"[^\s@<>\"'(),:;]{1,64}@[^\s@<>\"'(),:;]{1,255}\.[^\s@<>\"'(),:;]{1,63}"),
    re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"),
    re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b"),
    re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)"),
)


class Demand(msgspec.Struct, frozen=True):
    """`mask`: nothing readable may be sent; `secrets`: nothing that looks like one; `block`: nothing; `free`: all."""

    kind: Literal["mask", "block", "secrets", "free"]
    why: str


def secrets(text: str) -> list[str]:
    """The parts that look like an e-mail address, a JWT, an IBAN or a card number."""
    found = []
    for pattern in SECRETS:
        for match in pattern.finditer(text):
            digits = re.sub(r"\D", "", match[0])
            if pattern is SECRETS[3] and not _luhn(digits):
                continue
            found.append(match[0])
    return found


def _luhn(digits: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + at % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def by_design(place: Place, styled: frozenset[str] = frozenset()) -> str:
    """Why this attribute stays clear in every mode, or "". Addresses are not judged: their parameters are places."""
    if place.kind not in ("attribute", "stream") or not place.name or place.field:
        return ""
    name, tag, value = place.name.lower(), place.tag.lower(), place.value
    if name in ("class", "id"):
        return "class and id names"
    if name in ("style", "_csstext"):
        return "CSS"
    if name in URL_ATTRIBUTES:
        return "addresses (their parameters are places of their own)"
    if name in ENUMERATED:
        return "values that HTML, ARIA and SVG enumerate, and references to ids"
    if tag in SVG_TAGS and name not in ("aria-label", "title") and not name.startswith("data-"):
        return "geometry and paint of SVG"
    if name == "name" and tag in ("meta", "slot", "map", "details"):
        return "names of <meta> and <slot>"
    if name in ("name", "slot") and value.lower() in FIELD_WORDS:
        return "field names that are words of HTML"
    if tag == "meta" and name == "content" and (place.input.lower() in CLEAR_META):
        return "layout hints in <meta>"
    if name == "value" and tag in ("progress", "meter", "li"):
        return "numbers of the layout"
    if name.startswith("rr_"):
        return "sizes written by the recorder"
    if value.strip().lower() in STATES or SMALL_NUMBER.fullmatch(value.strip()):
        return "words for states and small numbers"
    if f"{place.name}={value}" in styled or any(f"{place.name}={part}" in styled for part in value.split()):
        return "values that the page's own CSS selects on"
    return ""


def demand(place: Place, mode: Mode, sdk: Sdk) -> Demand:
    """What `mode` says about the place."""
    if place.kind == "url":
        if place.name in CLEAR_PARAMS or place.name in sdk.url_params:
            return Demand("free", "a parameter on the allow-list")
        return Demand("mask", "values in addresses are masked, but for an allow-list")
    if place.blocked:
        return Demand("block", "blocked by a class or selector")
    if place.field or place.kind == "value":
        return Demand("mask", "what fields hold is masked in every mode")
    if place.rule == "unmask" and mode == "text":
        return Demand("secrets", "left clear by record_unmask_text_selector")
    if mode == "text":
        return Demand("mask", "text mode masks all text and readable attributes")
    if place.rule == "mask":
        return Demand("mask", "masked by a class or selector")
    return Demand("secrets", "input mode leaves page text clear")


SOURCE = re.compile(r"\s*(\S*[^\s,])(?:\s+[^,]*)?(?:,|$)")


def addresses(attribute: str, value: str) -> list[str]:
    """The addresses in an attribute: one, or those of a set of sources."""
    if attribute.lower() in ("srcset", "imagesrcset"):
        return SOURCE.findall(value)
    return value.split() if attribute.lower() == "ping" else [value]


def parameters(url: str) -> list[tuple[str, str]]:
    """The values an address carries: (name, value) of its query, and ("#", …) of its hash."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return []
    if parts.scheme not in ("", "http", "https", "ws", "wss", "ftp", "file"):
        return []
    found = []
    for pair in parts.query.split("&") if parts.query else []:
        name, is_pair, value = pair.partition("=")
        found.append((unquote_plus(name), unquote_plus(value)) if is_pair else ("?", unquote_plus(name)))
    if parts.fragment:
        found.append(("#", unquote_plus(parts.fragment)))
    if "@" in parts.netloc:
        found.append(("user", unquote_plus(parts.netloc.rpartition("@")[0])))
    return [(name, value) for name, value in found if value.strip("* ")]
