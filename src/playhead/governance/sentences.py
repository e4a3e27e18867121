"""What an entry of the audit log says, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from playhead.stores.tables import AuditEntry

# `{who}` did it, `{id}` is the id of what it was done with.
SENTENCES: dict[str, str] = {
    "replay.watched": "{who} watched the replay {id}",
    "replay.deleted": "{who} deleted the replay {id}",
    "replay.shared": "{who} shared the replay {id}",
    "replay.share_revoked": "{who} stopped sharing the replay {id}",
    "replay.bookmarked": "{who} bookmarked the replay {id}",
    "replay.bookmark_removed": "{who} took the bookmark off the replay {id}",
    "events.exported": "{who} exported events",
    "report.exported": "{who} exported a report",
    "report.deleted": "{who} deleted a saved report",
    "board.deleted": "{who} deleted a board",
    "lexicon.changed": "{who} changed the Lexicon",
    "audit.exported": "{who} exported the audit log",
    "deletion.requested": "{who} asked for the deletion {id}",
    "deletion.started": "The deletion {id} began",
    "deletion.finished": "The deletion {id} was finished",
    "deletion.cancelled": "{who} cancelled the deletion {id}",
    "retrieval.requested": "{who} asked for the retrieval {id}",
    "retrieval.finished": "The retrieval {id} was finished",
    "retrieval.downloaded": "{who} downloaded the retrieval {id}",
    "rule.created": "{who} made a privacy rule",
    "rule.deleted": "{who} deleted a privacy rule",
    "retention.changed": "{who} changed how long data is kept",
    "member.invited": "{who} invited a member",
    "member.role_changed": "{who} changed a member's role",
    "member.removed": "{who} removed a member",
    "member.logged_in": "{who} logged in",
    "member.login_failed": "A log-in failed",
    "member.password_changed": "{who} changed their password",
    "member.totp_on": "{who} switched the second factor on",
    "member.totp_off": "{who} switched the second factor off",
    "session.revoked": "{who} ended a session",
    "key.created": "{who} made an API key",
    "key.revoked": "{who} revoked an API key",
    "project.created": "{who} made the project",
    "project.renamed": "{who} renamed the project",
    "project.token_rotated": "{who} rotated the project's token",
    "project.deleted": "{who} deleted the project",
    "backup.made": "{who} made a backup",
    "backup.restored": "{who} restored a backup",
    "keys.rotated": "{who} rotated the encryption keys",
}


def sentence(entry: AuditEntry) -> str:
    """Who did what, with what the entry holds of it in brackets."""
    who = entry.actor_name or entry.actor_id or entry.actor_kind
    pattern = SENTENCES.get(entry.action)
    if pattern is None:
        noun, _, verb = entry.action.partition(".")
        about = f" {entry.object_id}" if entry.object_id else ""
        said = f"{who}: {noun} {verb.replace('_', ' ')}{about}"
    else:
        said = pattern.format(who=who, id=entry.object_id)
    more = details(msgspec.json.decode(entry.detail))
    return f"{said} ({more})." if more else f"{said}."


def details(detail: Mapping[str, Any]) -> str:
    """`replay days 14, replays deleted 12304`: what is set, in the words it is kept under."""
    return ", ".join(
        f"{name.replace('_', ' ')} {_shown(value)}" for name, value in detail.items() if value not in (None, "", [], {})
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return f"{{{details(value)}}}"
    return str(value)
