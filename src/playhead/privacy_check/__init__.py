"""Checks a site: types canaries, reads the page, and says what of each place was sent: masked, clear, nothing.

`checkup` drives Chromium and hands over an `Observation`; everything that judges it is a function of values. Called by
the command line only, and knows no store and no server.
"""
