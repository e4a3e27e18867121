"""A stretch of a replay, deleted: its next generation without the rrweb events of that time."""

from __future__ import annotations

from collections.abc import Iterator

from playhead.errors import Conflict, PlayheadError
from playhead.recordings.events import RrwebEvent
from playhead.recordings.sealed import write_recording
from playhead.replays.reading import open_recording, read_frames
from playhead.replays.removal import remove_superseded
from playhead.replays.sealing import about_of, commit_generation, seal_replay
from playhead.stores import Stores
from playhead.stores.tables import Replay

TRIES = 5
LEVEL = 9


def cut(  # noqa: PLR0917
    stores: Stores, project_id: str, replay_id: str, from_ms: int, to_ms: int, now_ms: int
) -> int:
    """Takes the rrweb events of [from_ms, to_ms] away for good; answers how many there were.

    What was cut counts as stored, so that a batch of ours that is sent again does not bring it back. Raises
    `PlayheadError` when nothing of the replay would be left.
    """
    for _ in range(TRIES):
        with stores.control.read() as session:
            replay = session.get(Replay, (project_id, replay_id))
        if replay is None:
            return 0
        recording = open_recording(stores, replay, to_write=True)
        if recording.hot:
            seal_replay(stores, replay, now_ms)
            continue
        index = recording.index
        if index is None:
            return 0
        taken = left = 0

        def kept() -> Iterator[RrwebEvent]:
            nonlocal taken, left
            for some in read_frames(stores.blobs, recording, index.frames):  # noqa: B023  used at once
                for event in some:
                    if from_ms <= event.timestamp <= to_ms:
                        taken += 1
                    else:
                        left += 1
                        yield event

        data, made = write_recording(
            project_id=project_id,
            replay_id=replay_id,
            generation=replay.generation + 1,
            events=kept(),
            blocks=[],
            about=about_of(recording),
            level=LEVEL,
            before=index,
            cipher=recording.cipher,
        )
        if not left:
            raise PlayheadError("Nothing of the replay would be left: delete the whole replay.", code="nothing_left")
        if not taken or commit_generation(stores, recording, data, made, now_ms, superseded_at_ms=0):
            remove_superseded(stores, project_id, replay_id, now_ms)
            return taken
    raise Conflict("The replay is being recorded: delete the stretch when the visit is over.", code="replay_live")
