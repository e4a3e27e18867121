"""The replay format: blocks in hot segments, sealed recordings with their frame index, many batches as one stream.

Delivery, sealing and reading call it. It is made of functions of bytes and values: it knows no store, HTTP or clock.
"""
