"""Every speed and size claim, each beside a peer, in one run: `make bench` (or `python -m bench NAME…`).

A benchmark is a module here with `NAME` and `run() -> Iterable[Row]`.
"""
