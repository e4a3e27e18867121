"""REST for the dashboard and for programs, log-in and keys, and the static files of dashboard, player and SDK.

`create_api` is all that others use. Routes only translate: what is asked is answered in the rooms.
"""
