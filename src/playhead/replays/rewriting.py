"""A replay's next generation with privacy rules applied to all of it: for what SDKs did not mask, and for newer rules.

The whole recording is read, merged with its hot blocks, and masked in playing order. Masked events are then merged once
more, block by block, so that what was sent twice is known again by what it reads as now. Nothing is written when that
fails: whoever asked then keeps the replay from being watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from playhead.errors import PlayheadError
from playhead.governance.masking import Masker
from playhead.governance.patterns import Patterns
from playhead.governance.rules import Selectors, selectors_of, standing_rules
from playhead.governance.tree import MaskingFailed
from playhead.recordings.events import RrwebEvent
from playhead.recordings.merge import merge
from playhead.recordings.sealed import About, RecordingIndex, write_recording
from playhead.replays.reading import Recording, block_events, new_events, read_frames
from playhead.stores import Stores
from playhead.stores.tables import PrivacyRule

# Rebuilding holds a recording in memory.
MAX_RAW_BYTES = 400_000_000


class Applied(msgspec.Struct, frozen=True):
    """Rules to apply: what is compiled of them, and their ids."""

    selectors: Selectors
    patterns: Patterns | None
    rule_ids: list[str]


class Rewritten(msgspec.Struct, frozen=True):
    """The events, masked, as the lists they came in: the sealed recording's, then each hot block's."""

    sources: list[list[RrwebEvent]]
    changed: int
    masked: int
    blocked: int
    replaced: int


def rules_owed(stores: Stores, recording: Recording) -> Applied:
    """The selector rules in force at any time since the first hot block that was not recorded under them came in."""
    since_ms = min(part.received_at_ms for part in recording.hot if part.owed)
    rules = standing_rules(stores.control, recording.replay.project_id, since_ms)
    selecting = [rule for rule in rules if rule.kind != "pattern"]
    return Applied(selectors_of(selecting), None, [rule.rule_id for rule in selecting])


def all_of(rules: Sequence[PrivacyRule], key: bytes) -> Applied:
    """Every rule, patterns too."""
    patterns = [(rule.rule_id, rule.expression) for rule in rules if rule.kind == "pattern"]
    return Applied(selectors_of(rules), Patterns(patterns, key) if patterns else None, [rule.rule_id for rule in rules])


def rewritten(stores: Stores, recording: Recording, rules: Applied) -> Rewritten:
    """Applies the rules to every event. Raises `MaskingFailed` when the page can't be rebuilt."""
    index, blobs = recording.index, stores.blobs
    if index and sum(frame.raw_bytes for frame in index.frames) > MAX_RAW_BYTES:
        raise _too_large()
    sealed = [event for some in read_frames(blobs, recording, index.frames) for event in some] if index else []
    sources = [sealed, *new_events(index, block_events(blobs, recording, recording.hot))]
    if sum(len(event.text) for source in sources for event in source) > MAX_RAW_BYTES:
        raise _too_large()
    try:
        return apply(sources, rules)
    except MaskingFailed:
        raise
    except (PlayheadError, RecursionError) as error:
        raise MaskingFailed(f"The recording can't be masked: {error}") from error


def apply(sources: Sequence[Sequence[RrwebEvent]], rules: Applied) -> Rewritten:
    """The rules over events of several lists, in their common playing order."""
    masker = Masker(rules.selectors)
    made: dict[int, RrwebEvent] = {}
    changed = replaced = 0
    for event in merge(sources):
        masked = event
        if rules.patterns is not None:
            text, found = rules.patterns.json(event.text)
            if found:
                replaced += found
                masked = msgspec.structs.replace(event, text=text)
        if rules.selectors.version:
            masked = masker.event(masked)
        changed += masked is not event
        made[id(event)] = masked
    kept = [[made[id(event)] for event in source if id(event) in made] for source in sources]
    return Rewritten(kept, changed, masker.masked, masker.blocked, replaced)


def masked_generation(
    recording: Recording, done: Rewritten, rules: Applied, about: About, level: int
) -> tuple[bytes, RecordingIndex]:
    """The bytes of the next generation, and its index."""
    replay = recording.replay
    return write_recording(
        project_id=replay.project_id,
        replay_id=replay.replay_id,
        generation=replay.generation + 1,
        events=merge(source for source in done.sources if source),
        blocks=[UUID(part.part_id) for part in recording.hot],
        about=about_masked(about, done, rules),
        level=level,
        before=recording.index,
        cipher=recording.cipher,
    )


def about_masked(about: About, done: Rewritten, rules: Applied) -> About:
    """What is known of the replay, once the rules are applied. Ids stay: it could no longer be found by them."""
    counted = bool(rules.selectors.version)
    return msgspec.structs.replace(
        about,
        rules=rules.selectors.version or about.rules,
        rule_ids=list(dict.fromkeys([*about.rule_ids, *rules.rule_ids])),
        masked=max(about.masked, 0) + done.masked if counted else about.masked,
        blocked=max(about.blocked, 0) + done.blocked if counted else about.blocked,
        patterns=about.patterns + done.replaced,
    )


def told(counts: Iterable[int]) -> int:
    """The sum of the counts that are told, -1 when none is."""
    known = [count for count in counts if count >= 0]
    return sum(known) if known else -1


def _too_large() -> MaskingFailed:
    return MaskingFailed(
        f"The recording is larger than {MAX_RAW_BYTES // 1_000_000} MB unpacked: too large to be rebuilt."
    )
