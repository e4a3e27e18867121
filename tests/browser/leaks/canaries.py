"""Every place has a canary of its own; a canary is found in plain, cut short, backwards, and in the usual wrappings."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import html
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_plus

# In `mask input` mode a place is masked (or left out) or it is clear; an open place is clear in both modes, which the docs say.
Expected = Literal["masked", "clear", "open"]
# A canary has to be this long at least to be found when it was cut short.
SHORTEST = 7
DEEPEST = 3


@dataclass(frozen=True)
class Place:
    name: str
    kind: str
    how: str
    canary: str
    expected: Expected
    number: int

    @property
    def id(self) -> str:
        return f"place{self.number}"


def luhn(digits: str) -> str:
    """The digits and the one that makes a card number of them."""
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def iban(account: str) -> str:
    rest = int("".join(str(int(c, 36)) for c in f"{account}GB00"))
    return f"GB{98 - rest % 97:02}{account}"


class Canaries:
    """Hands out canaries. A place says which kind it needs by a word in capitals: most take letters, a date field a date.

    Two series have nothing in common, so that one visit's finds are not another's.
    """

    def __init__(self, series: int) -> None:
        self.places: list[Place] = []
        self.series = series
        self._start = f"z{'qxw'[series]}"
        self._pattern = re.compile(rf"{self._start}(\d{{3}})[a-z]+")

    def add(self, name: str, kind: str, how: str, expected: Expected, shape: str = "") -> Place:
        n = len(self.places)
        assert name not in {place.name for place in self.places}, name
        letters = "".join(chr(ord("a") + byte % 26) for byte in hashlib.sha256(name.encode()).digest()[:4])
        digits = f"{int.from_bytes(hashlib.sha256(name.encode()).digest()[4:8], 'big') % 10_000:04}"
        plain = f"{self._start}{n:03}{letters}"
        year = f"{self.series + 1}{n:03}"
        values = {
            "CANARY": plain,
            "NUMBER": f"816{self.series}{n:03}{digits}",
            "DATETIME": f"{year}-07-19T13:57",
            "DATE": f"{year}-07-19",
            "MONTH": f"{year}-07",
            "WEEK": f"{year}-W31",
            "TIME": f"13:57:3{self.series}.{n:03}",
            "COLOR": f"#{n + 0xA00:03x}b{self.series}d",
            "CARD": luhn(f"416{self.series}{n:03}{digits}9173"),
            "IBAN": iban(f"WEST123{self.series}{n:03}{digits}981"),
            "JWT": f"eyJhbGciOiJIUzI1NiJ9.{plain}hZ4.Kd83nQ",
        }
        word = shape or next((word for word in values if re.search(rf"\b{word}\b", how)), "CANARY")
        canary = values[word]
        how = re.sub(rf"\b{word}\b", lambda _: canary, how)
        # A token is masked as a whole: what is looked for is the part of it that is ours alone.
        place = Place(name, kind, how, plain if word == "JWT" else canary, expected, n)
        self.places.append(place)
        return place

    def find(self, data: bytes | str) -> set[Place]:
        """The places whose canary is in here: as it is, cut short, backwards, escaped, percent-encoded, base64, hex or packed."""
        found: set[Place] = set()
        shaped = {p.canary.lower(): p for p in self.places if not p.canary.startswith(self._start)}
        any_shaped = re.compile("|".join(map(re.escape, shaped)))
        for text in unwrapped(data):
            for reading in (text.lower(), text[::-1].lower()):
                for match in self._pattern.finditer(reading):
                    number = int(match[1])
                    if number < len(self.places) and match[0].startswith(self.places[number].canary[:SHORTEST]):
                        found.add(self.places[number])
                found.update(shaped[match[0]] for match in any_shaped.finditer(reading))
        return found


def unwrapped(data: bytes | str, depth: int = 0) -> Iterator[str]:
    """The text, and all texts that are wrapped in it."""
    if isinstance(data, bytes):
        for packed in _packed(data):
            yield from unwrapped(packed, depth + 1)
        text = data.decode("utf-8", "replace")
    else:
        text = data
    yield text
    if depth >= DEEPEST:
        return
    inner: list[str] = []
    if "%" in text:
        inner.append(unquote_plus(text))
    if "\\u" in text or "\\x" in text:
        inner.append(re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), text))
    if "\\" in text:
        inner.append(re.sub(r"\\(.)", r"\1", text))
    if re.search(r"&#?\w{2,8};", text):
        inner.append(html.unescape(text))
    for inside in inner:
        if inside != text:
            yield from unwrapped(inside, depth + 1)
    for token in re.findall(r"[A-Za-z0-9+/_-]{12,}", text):
        yield from unwrapped_token(token, depth)


def unwrapped_token(token: str, depth: int) -> Iterator[str]:
    """Base64 at each of its four alignments, and hex."""
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", token):
        yield bytes.fromhex(token).decode("utf-8", "replace")
    standard = token.replace("-", "+").replace("_", "/")
    for skip in range(4):
        part = standard[skip:]
        part = part[: len(part) // 4 * 4]
        try:
            decoded = base64.b64decode(part)
        except binascii.Error:
            continue
        if skip == 0 and len(decoded) > 60:
            # A whole payload: look into it as well.
            yield from unwrapped(decoded, depth + 1)
        else:
            yield decoded.decode("latin-1")


def _packed(data: bytes) -> Iterable[bytes]:
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    elif data[:1] == b"\x78":
        try:
            yield zlib.decompress(data)
        except zlib.error:
            return
