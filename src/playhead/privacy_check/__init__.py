"""Checks a site: types canaries, reads the page, and says of each place whether it was sent masked, blocked, not at all or in clear.

`browser` and `checkup` drive Chromium and hand over an `Observation`; everything that judges it is a function of values. Called
by the command line only, and knows no store and no server.
"""
