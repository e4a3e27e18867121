"""What a visitor's browser downloads: our SDK's files beside those of `mixpanel-browser`, gzip -9."""

from __future__ import annotations

import gzip
import json
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from bench.table import Row

NAME = "sizes"
ROOT = Path(__file__).parent.parent
CACHE = Path(__file__).parent / ".cache"
PEER = "mixpanel-browser-2.83.0"


def run() -> Iterable[Row]:
    built = ROOT / "src" / "playhead" / "static" / "sdk"
    manifest = json.loads((built / "manifest.json").read_text())
    core, recorder = gzipped(built / manifest["sdk"]), gzipped(built / manifest["recorder"])
    peer = peer_dist()
    peer_core, peer_recorder = gzipped(peer / "mixpanel.min.js"), gzipped(peer / "mixpanel-recorder.min.js")
    yield Row("core, KB", kb(core), kb(peer_core), core / 1000, "<= 14")
    yield Row("recorder, KB", kb(recorder), kb(peer_recorder), recorder / 1000, "<= 35")
    yield Row(
        "both, as a ratio",
        kb(core + recorder),
        kb(peer_core + peer_recorder),
        (core + recorder) / (peer_core + peer_recorder),
    )


def gzipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def kb(size: int) -> str:
    return f"{size / 1000:.1f} KB"


def peer_dist() -> Path:
    """The peer's built files, from its npm package, fetched once."""
    folder = CACHE / PEER
    if not folder.exists():
        CACHE.mkdir(exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", "mixpanel-browser@2.83.0"], cwd=CACHE, check=True)
        with tarfile.open(CACHE / f"{PEER}.tgz") as archive:
            archive.extractall(folder, filter="data")
    return folder / "package" / "dist"
