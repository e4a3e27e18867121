"""The documentation is held true: every setting, command and endpoint must be named in docs/.

The SDK's methods and options are held to docs/sdk.md by sdk/test/unit/docs.test.ts.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playhead.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def text(*names: str) -> str:
    return "\n".join((DOCS / name).read_text() for name in names)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"PLAYHEAD_{name.upper()}" in text("guide/settings.md")


def test_every_command_is_documented() -> None:
    from typer.main import get_command

    from playhead.cli import app

    def walk(prefix: str, command: object) -> list[str]:
        children = getattr(command, "commands", None)
        if not children:
            return [prefix]
        return [
            path for name, child in children.items() if not child.hidden for path in walk(f"{prefix} {name}", child)
        ]

    page = text("guide/commands.md")
    for path in walk("playhead", get_command(app)):
        assert path in page, f"{path} is not in docs/guide/commands.md"


def test_every_endpoint_is_documented(settings: Settings, stores: object) -> None:
    from playhead.api.app import create_api

    pages = text("api.md", "wire.md", "guide/ingestion.md")
    for path in create_api(settings, stores).openapi()["paths"]:  # type: ignore[arg-type]
        tail = re.sub(r"^/api/projects/\{[^}]+\}", "", path)
        tail = tail.replace("/replays/{replay_id}", "…/{replay_id}") if tail.count("/") > 2 else tail
        assert tail.replace("…/{replay_id}/", "") in pages or path in pages, f"{path} is not in docs/api.md"


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*.md")) + sorted(DOCS.rglob("*.md")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"
