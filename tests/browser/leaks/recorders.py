"""The recorders that visit the corpus: ours in both modes, and its peers."""

from __future__ import annotations

import json

from .visit import Recorder

# All that can be recorded is: the widest this SDK opens.
TAG = (
    "<script src=TAP/sdk.js data-token=demo-token data-record-network=true data-record-canvas=true"
    " data-record-collect-fonts=true{} defer></script>"
)


def playhead(mode: str) -> Recorder:
    return Recorder(
        name=f"Playhead, mask {mode}",
        tag=TAG.format(" data-record-mask-text-selector=''" if mode == "input" else ""),
        # Its parts come last: they are there when what they listen to is theirs.
        ready="!/native code/.test(`${console.log} ${fetch}`)",
        mark="playhead.track('MARK')",
        series=("text", "input").index(mode),
    )


def rrweb(name: str, **options: object) -> Recorder:
    return Recorder(
        name=name,
        tag=f"<script src=TAP/rrweb.js data-options='{json.dumps(options)}'></script>",
        ready="window.recorded",
        mark="mark('MARK')",
    )


MIXPANEL = Recorder(
    name="mixpanel-browser 2.83.0",
    tag="<script src=TAP/mixpanel.js data-token=demo-token></script>",
    ready="window.mixpanel?.get_session_recording_properties?.().$mp_replay_id",
    mark="console.log('MARK')",
)
