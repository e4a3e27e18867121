"""A replay as people know it: feed, search, timeline, reading, live; and the jobs that seal, expire and delete.

The API and the worker call it. It never knows of HTTP, nor of how a batch came in.
"""
