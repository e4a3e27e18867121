"""Backup and restore of everything: journal, control, analytics and blobs, while the server runs.

The commands call it. It copies bytes and rows and knows of their meaning only what restoring needs: which objects the
control store names, and that what was deleted must not come back.
"""
