"""Playhead: self-hosted session replay with the product analytics that lead to it."""

__version__ = "0.1.0"
