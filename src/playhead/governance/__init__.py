"""Who may keep what, and for how long: tombstones, deletion, privacy rules and what they do to rrweb events.

Replays, delivery and the API call it. It never opens a stored recording.
"""
