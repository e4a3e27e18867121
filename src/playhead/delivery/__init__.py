"""Delivery: journal → stores, at least once, and the same however often.

The worker runs it. It knows the journal, the stores, and how a segment is built; it never opens a recording and is
never called by an earlier stage.
"""
