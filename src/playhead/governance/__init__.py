"""Who may keep what for how long: tombstones, deletion.

Replays, delivery and the API call it. It never reads a recording.
"""
