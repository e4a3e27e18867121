"""The leak corpus: places of a page where private text can sit, and a runner that looks for it everywhere it could end up.

places.py     what stands in the page from the start           ┐ one dictionary per kind and expectation:
later.py      what a script does once the page is recorded     │ the place's name → how its canary is put there
gestures.py   what a person does: typing, pasting, dropping …  ┘
canaries.py   gives every place a canary of its own, and finds canaries in bytes, whatever they are wrapped in
site.py       the site the corpus is on, and the tap between its recorder and the server
visit.py      one visit in Chromium with one recorder; what reached the wire and what was kept on the device
disk.py       what a server has on its disk, unpacked
"""
