"""Building where there is no Node.js on the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("command", ["node", "npm"])
def test_node_comes_from_its_python_package_where_the_machine_has_none(command: str, tmp_path: Path) -> None:
    without = {**os.environ, "PATH": str(tmp_path)}
    script = [sys.executable, str(ROOT / "scripts" / "node_path.py")]
    folder = subprocess.run(script, env=without, check=True, capture_output=True, text=True).stdout.strip()
    # The shell that the commands are written for.
    (tmp_path / "sh").symlink_to("/bin/sh")
    said = subprocess.run([f"{folder}/{command}", "--version"], env=without, check=True, capture_output=True, text=True)
    assert said.stdout.lstrip("v")[0].isdigit()
