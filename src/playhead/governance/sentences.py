"""What an entry of the audit log says, as a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from playhead.stores.tables import AuditEntry

# `{who}` did it, `{id}` is the id of what it was done with: of a member the name, where it is known.
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
    "lexicon.changed": "{who} changed what the Lexicon says of {id}",
    "audit.exported": "{who} exported the audit log",
    "deletion.requested": "{who} asked for the deletion {id}",
    "deletion.started": "The deletion {id} began",
    "deletion.finished": "The deletion {id} was finished",
    "deletion.failed": "The deletion {id} failed",
    "deletion.cancelled": "{who} cancelled the deletion {id}",
    "retrieval.requested": "{who} asked for the retrieval {id}",
    "retrieval.finished": "The retrieval {id} was finished",
    "retrieval.failed": "The retrieval {id} failed",
    "retrieval.cancelled": "{who} cancelled the retrieval {id}",
    "retrieval.downloaded": "{who} downloaded the retrieval {id}",
    "rule.created": "{who} made a privacy rule",
    "rule.deleted": "{who} deleted a privacy rule",
    "rules.applied": "{who} applied the privacy rules to what is stored",
    "rules.cancelled": "{who} stopped applying the privacy rules",
    "retention.changed": "{who} changed how long data is kept",
    "member.invited": "{who} invited {id}",
    "member.role_changed": "{who} changed the role of {id}",
    "member.removed": "{who} removed {id}",
    "member.logged_in": "{who} logged in",
    "member.login_failed": "{who} failed to log in",
    "member.password_changed": "{who} changed their password",
    "member.link_made": "{who} made a log-in link for {id}",
    "member.changed": "{who} changed their name or e-mail",
    "member.provider_linked": "{who} linked their account with a provider",
    "member.totp_on": "{who} switched the second factor on",
    "member.totp_off": "{who} switched the second factor off",
    "session.revoked": "{who} ended a session",
    "key.created": "{who} made an API key",
    "key.revoked": "{who} revoked an API key",
    "project.created": "{who} made the project",
    "project.renamed": "{who} renamed the project",
    "project.timezone_changed": "{who} changed the project's time zone",
    "project.token_rotated": "{who} rotated the project's token",
    "project.deleted": "{who} deleted the project",
    "backup.made": "{who} made a backup",
    "backup.restored": "{who} restored a backup",
    "keys.rotated": "{who} rotated the encryption keys",
}


def _day(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%-d %b %Y}"


def _hours(hours: int) -> str:
    return _plural(hours // 24, "day") if hours % 24 == 0 else _plural(hours, "hour")


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


_WHAT = {"person": "people", "stretch": "a stretch of a replay", "event": "an event", "property": "a property"}
_METHODS = {"link": "with a one-time link", "password": "with a password", "password+code": "with password and code"}

# What a detail is told as, where its name and value alone are not words; empty: not told.
_TOLD: dict[str, Callable[[Any], str]] = {
    "by": lambda by: "by link" if by == "link" else "",
    "deleted": lambda count: f"with {_plural(count, 'deletion')} made since",
    "bytes": lambda size: f"{size:,} bytes",
    "new_bytes": lambda size: f"{size:,} of them new",
    "expires_at_ms": lambda at_ms: f"expires on {_day(at_ms)}" if at_ms else "never expires",
    "hours": lambda hours: f"for {_hours(hours)}",
    "kind": lambda kind: kind.replace("_", " "),
    "link": lambda _: "",
    "member": lambda name: f"with {name}",
    "method": lambda method: _METHODS.get(method, f"by {method}"),
    "overlap_hours": lambda hours: (
        f"the one before works for {_hours(hours)}" if hours else "the one before is refused"
    ),
    "role": lambda role: f"as {role}",
    "scopes": lambda scopes: f"may {scopes.replace(' ', ', ')}",
    "sessions_ended": lambda ended: f"{_plural(ended, 'session')} ended" if ended else "",
    "unmasked": lambda unmasked: "sees sensitive data" if unmasked else "",
    "what": lambda what: f"of {_WHAT.get(what, what)}",
}


def sentence(entry: AuditEntry, members: Mapping[str, str]) -> str:
    """Who did what, with what the entry holds of it in brackets. `members` has names by id."""
    who = entry.actor_name or entry.actor_id or entry.actor_kind
    about = members.get(entry.object_id, entry.object_id) if entry.object_kind == "member" else entry.object_id
    pattern = SENTENCES.get(entry.action)
    if pattern is None:
        noun, _, verb = entry.action.partition(".")
        said = f"{who}: {noun} {verb.replace('_', ' ')} {about}".rstrip()
    else:
        said = pattern.format(who=who, id=about or "somebody")
    detail = msgspec.json.decode(entry.detail)
    if detail.get("member") in members:
        detail["member"] = members[detail["member"]]
    more = details(detail)
    return f"{said} ({more})." if more else f"{said}."


def actions_saying(text: str) -> list[str]:
    """The actions whose sentence has the text in it, without who and with what."""
    wanted = text.lower()
    return [
        action for action, said in SENTENCES.items() if any(wanted in part.lower() for part in re.split(r"{\w+}", said))
    ]


def members_in(entry: AuditEntry) -> list[str]:
    """The ids of members that the sentence names, other than who did it."""
    found = [entry.object_id] if entry.object_kind == "member" else []
    return [*found, *([member] if (member := msgspec.json.decode(entry.detail).get("member")) else [])]


def details(detail: Mapping[str, Any]) -> str:
    """`as analyst, sees sensitive data`: what is set, in words; of a change what differs."""
    rest = dict(detail)
    before, after = rest.get("from"), rest.get("to")
    said = []
    if isinstance(before, dict) and isinstance(after, dict):
        del rest["from"], rest["to"]
        said = [
            f"{_words(name)} from {_shown(before.get(name))} to {_shown(value)}"
            for name, value in after.items()
            if before.get(name) != value
        ]
    for name, value in rest.items():
        if value not in (None, "", [], {}):
            said.append(_TOLD[name](value) if name in _TOLD else f"{_words(name)} {_shown(value)}")
    return ", ".join(each for each in said if each)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return f"{{{details(value)}}}"
    return str(value)
