"""Who may keep what, and for how long: tombstones, deletion, retrieval, privacy rules and what they do to rrweb events.

Replays, delivery and the API call it. What takes data away or gives it out (`erasing`, `retrieval`) is run by the
worker and asks the rooms that own it: it never opens a stored recording itself.
"""
