"""Runs every benchmark, or those named: `python -m bench [sizes] [storage] …`."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench
from bench.table import show


def main() -> None:
    modules = [
        importlib.import_module(f"bench.{m.name}")
        for m in pkgutil.iter_modules(bench.__path__)
        if m.name.startswith("bench_")
    ]
    known = {module.NAME: module for module in modules}
    wanted = sys.argv[1:] or sorted(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"No benchmark is called {unknown[0]}; there are: {', '.join(sorted(known))}")
    missed = [name for name in wanted if not show(name, known[name].run())]
    if missed:
        print(f"Goals missed in: {', '.join(missed)}")


main()
