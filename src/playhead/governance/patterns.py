"""Pattern rules: regular expressions over every string that is sent, each match replaced by `*`, before it is stored.

RE2 (https://github.com/google/re2) looks at each character of a text a bounded number of times, so no expression can
hang ingestion; what it can't promise (the same text searched again after each match) a time budget does: what is left
of a string then becomes `*`. Strings are matched as they read, not as JSON escapes them: also as their URL escapes
read, and strings of JSON within a string one by one. Names of members and numbers stay as they are.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote_to_bytes

import msgspec
import re2

from playhead.errors import PlayheadError

MAX_EXPRESSION = 500
# Instructions of the compiled program: what a character costs at most.
MAX_PROGRAM = 1_000
MAX_MEMORY_BYTES = 8 << 20
# Seconds of one call after which strings are masked whole.
BUDGET_SECONDS = 1.0
# Megabytes a second that an expression must look through at the least, on texts made to be hard.
SLOWEST_MB_PER_SECOND = 4.0
# JSON within strings of JSON: `console.log` records JSON text of what may be JSON text again.
MAX_NESTED = 4
DEVICE_PREFIX = "$device:"

_TOKEN = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*+:)?', re.DOTALL)
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_ANCHOR = re.compile(r"\^|\$|\\[Az]")
_JSON_BEGINS = (b'"', b"{", b"[")
_VISIBLE = re.compile(r"\S")
_read_string = msgspec.json.Decoder(str)
_encode = msgspec.json.Encoder().encode

Span = tuple[int, int]


class BadExpression(PlayheadError):
    code = "bad_expression"


def stars(text: str) -> str:
    """The text with `*` for each visible character, white space kept."""
    return _VISIBLE.sub("*", text)


def check_expression(expression: str) -> None:
    """Raises `BadExpression` saying what is wrong with a pattern, also when it would be too slow."""
    if not expression or len(expression) > MAX_EXPRESSION:
        raise BadExpression(f"A pattern is 1 to {MAX_EXPRESSION} characters long.")
    pattern = _compile(expression)
    if pattern.search(b"") is not None:
        raise BadExpression(
            "The pattern matches the empty text, so it would match everywhere. Make it match something."
        )
    if pattern.programsize > MAX_PROGRAM:
        raise BadExpression("The pattern is too large once compiled: use smaller repetitions, such as {0,50}.")
    # What is hard for an expression is made of its own characters.
    own = "".join(random.Random(1).choices([*expression, *"a0 "], k=25_000)).encode()  # noqa: S311
    if min(_seconds_a_megabyte(pattern, own) for _ in range(3)) > 1 / SLOWEST_MB_PER_SECOND:
        raise BadExpression("The pattern is too slow to run on all that comes: use fewer or smaller repetitions.")


def _compile(expression: str) -> re2._Regexp:
    try:
        return re2.compile(expression.encode(), _options())
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else error
        shown = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise BadExpression(
            f"RE2 can't read the pattern: {shown}. It knows no look-around and no back-references."
        ) from error


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = MAX_MEMORY_BYTES
    options.log_errors = False
    options.never_capture = True
    return options


_PROBES = (
    b"a" * 50_000,
    b"0123456789" * 5_000,
    hashlib.shake_128(b"probe").hexdigest(25_000).encode(),
    b"Ada Lovelace, ada@example.com, 12 St James's Square. " * 1_000,
)


def _seconds_a_megabyte(pattern: re2._Regexp, own: bytes) -> float:
    slowest = 0.0
    for probe in (*_PROBES, own):
        began = time.perf_counter()
        pattern.search(probe)
        slowest = max(slowest, (time.perf_counter() - began) * 1_000_000 / len(probe))
    return slowest


class Patterns:
    """A project's patterns, compiled. `rule_ids` names them; ids of people are replaced under `key` (see `identifier`).

    Raises `BadExpression` when one can't be compiled.
    """

    def __init__(self, rules: Sequence[tuple[str, str]], key: bytes = b"") -> None:
        self.rule_ids = [rule_id for rule_id, _ in rules]
        self._key = key
        # Patterns joined by `|`, with those it is made of: mostly one look says that none of them matches. (RE2's own
        # sets answer that nothing matches when they run out of memory.)
        # A match in one of many strings is a match in all of them laid end to end, but for those that ask for an end.
        self.joinable = not any(_ANCHOR.search(expression) for _, expression in rules)
        self._groups: list[tuple[re2._Regexp, list[re2._Regexp]]] = []
        group: list[str] = []
        size = 0
        for _, expression in rules:
            needed = _compile(expression).programsize
            if group and size + needed > MAX_PROGRAM:
                self._groups.append(_joined(group))
                group, size = [], 0
            group.append(expression)
            size += needed
        if group:
            self._groups.append(_joined(group))

    def json(self, text: bytes, instead: Mapping[str, str] | None = None) -> tuple[bytes, int]:
        """JSON text with every string masked that a pattern matches in, and how many matches there were.

        The text itself when there are none. Names of members stay, as does everything that is no string: the text is
        cut into its strings without being decoded, however deep it nests. A string that is in `instead` becomes what it
        names there.
        """
        if not self._groups:
            return text, 0
        return _Call(self, instead).json(text, MAX_NESTED)

    def text(self, text: str) -> tuple[str, int]:
        """One string masked, and how many matches there were."""
        if not self._groups or not text:
            return text, 0
        found = _Call(self).string(text.encode("utf-8", "surrogatepass"), MAX_NESTED)
        if found is None:
            return text, 0
        return found[0].decode("utf-8", "replace"), found[1]

    def identifier(self, identifier: str) -> str:
        """An id of a person, device or event. One that a pattern matches in becomes a pseudonym as a whole.

        Stars would make one person of everybody whose id is of the same length; the pseudonym of an id is always the
        same, and a device's is so with and without its prefix.
        """
        bare = identifier.removeprefix(DEVICE_PREFIX)
        if not self.text(bare)[1]:
            return identifier
        digest = hmac.new(self._key, bare.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return identifier[: len(identifier) - len(bare)] + "masked-" + digest[:24]

    def may_match(self, text: bytes) -> bool:
        return any(joined.search(text) is not None for joined, _ in self._groups)

    def spans(self, text: bytes, deadline: float) -> tuple[list[Span], int]:
        """Where the patterns match, and how often; after `deadline` everything is a match."""
        found: list[Span] = []
        for joined, patterns in self._groups:
            if joined.search(text) is None:
                continue
            for pattern in patterns:
                for number, match in enumerate(_matches(pattern, text)):
                    found.append(match)
                    if number % 16 == 15 and time.perf_counter() > deadline:
                        return [*found, (match[1], len(text))], len(found) + 1
        return found, len(found)


def _joined(expressions: Sequence[str]) -> tuple[re2._Regexp, list[re2._Regexp]]:
    patterns = [_compile(expression) for expression in expressions]
    if len(patterns) == 1:
        return patterns[0], patterns
    return _compile("|".join(f"(?:{expression})" for expression in expressions)), patterns


def _matches(pattern: re2._Regexp, text: bytes) -> Iterator[Span]:
    for match in pattern.finditer(text):
        start, end = match.span()
        if end > start:
            yield start, end


class _Call:
    """One call: its time budget, and what it has found of strings that come again."""

    def __init__(self, patterns: Patterns, instead: Mapping[str, str] | None = None) -> None:
        self._patterns = patterns
        self._instead = {plain.encode("utf-8", "surrogatepass"): other for plain, other in (instead or {}).items()}
        self._deadline = time.perf_counter() + BUDGET_SECONDS

    def json(self, text: bytes, nested: int) -> tuple[bytes, int]:
        changed: dict[bytes, tuple[bytes, int]] = {}
        for token, plain in self._worth_a_look(_strings(text)):
            found = self.string(plain, nested)
            if found is not None:
                # Decoding replaces what a byte class (`\C`) may have torn.
                changed[token] = (_encode(found[0].decode("utf-8", "replace"))[1:-1], found[1])
        if not changed:
            return text, 0
        count = 0

        def replaced(match: re.Match[bytes]) -> bytes:
            nonlocal count
            masked = None if match[2] else changed.get(match[1])
            if masked is None:
                return match[0]
            count += masked[1]
            return b'"' + masked[0] + b'"'

        return _TOKEN.sub(replaced, text), count

    def _worth_a_look(self, tokens: set[bytes]) -> list[tuple[bytes, bytes]]:
        """Each string as it stands and as it reads, without those that one look at all of them together rules out."""
        decoded = [(token, plain) for token in tokens if (plain := _decoded(token)) is not None]
        if self._instead or not self._patterns.joinable:
            return decoded
        special = [pair for pair in decoded if b"%" in pair[1] or pair[1][:1] in _JSON_BEGINS]
        together = b"\x00".join(plain for _, plain in decoded if b"%" not in plain and plain[:1] not in _JSON_BEGINS)
        return decoded if self._patterns.may_match(together) else special

    def string(self, text: bytes, nested: int) -> tuple[bytes, int] | None:
        """One string masked, with the number of matches; None when there are none."""
        if self._instead and (other := self._instead.get(text)) is not None:
            plain = other.encode("utf-8", "surrogatepass")
            return None if plain == text else (plain, 1)
        if time.perf_counter() > self._deadline:
            return stars(text.decode("utf-8", "replace")).encode(), 1
        count = 0
        if nested and text[:1] in _JSON_BEGINS:
            text, count = self.json(text, nested - 1)
        spans, matches = self._patterns.spans(text, self._deadline)
        if b"%" in text:
            spans, matches = self._escaped(text, spans, matches)
        if not spans:
            return (text, count) if count else None
        return _starred(text, spans), count + matches

    def _escaped(self, text: bytes, spans: list[Span], matches: int) -> tuple[list[Span], int]:
        """The same for the text as its URL escapes read: `ada%40example.com` is an e-mail address too."""
        escapes = [match.start() - 2 * number for number, match in enumerate(_ESCAPE.finditer(text))]
        if not escapes:
            return spans, matches
        plain = unquote_to_bytes(text)
        for form in (plain, unquote_to_bytes(text.replace(b"+", b" "))) if b"+" in text else (plain,):
            found, count = self._patterns.spans(form, self._deadline)
            spans = spans + [
                (at + 2 * bisect_left(escapes, at), end + 2 * bisect_left(escapes, end)) for at, end in found
            ]
            matches = max(matches, count)
        return spans, matches


def _strings(text: bytes) -> set[bytes]:
    """The insides of the strings in JSON text that are no names of members."""
    if b"\\" in text:
        return {token for token, name in _TOKEN.findall(text) if not name}
    parts = text.split(b'"')
    return {token for token, after in zip(parts[1::2], parts[2::2], strict=False) if after.lstrip()[:1] != b":"}


def _decoded(token: bytes) -> bytes | None:
    """What a JSON string's inside reads as, in UTF-8; None when it is no string of JSON."""
    if b"\\" not in token:
        return token
    try:
        return _read_string.decode(b'"' + token + b'"').encode()
    except (msgspec.MsgspecError, UnicodeError):
        pass
    try:  # half an emoji, which strict readers refuse
        return str(json.loads(b'"' + token + b'"', strict=False)).encode("utf-8", "surrogatepass")
    except ValueError:
        return None


def _starred(text: bytes, spans: list[Span]) -> bytes:
    parts: list[bytes] = []
    kept = 0
    for begins, end in sorted(spans):
        if end <= kept:
            continue
        start = max(begins, kept)
        parts += [text[kept:start], stars(text[start:end].decode("utf-8", "replace")).encode()]
        kept = end
    return b"".join([*parts, text[kept:]])
