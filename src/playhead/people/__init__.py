"""People: profiles folded from their operations, and who a distinct_id resolves to.

Delivery folds profiles; replays, reports and the API look identities up. Nothing here knows of requests or recordings.
"""
