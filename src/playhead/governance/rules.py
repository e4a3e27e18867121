"""A project's privacy rules: what there is, what capture and SDKs are told of them, making and deleting one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from playhead.errors import NotFound, PlayheadError
from playhead.governance.audit import Actor, record
from playhead.governance.patterns import Patterns, check_expression
from playhead.stores.control import Control
from playhead.stores.tables import PrivacyRule

Kind = Literal["pattern", "mask", "block"]
MAX_RULES = 100
MAX_PATTERNS = 30
MAX_NOTE = 500


class Selectors(msgspec.Struct, frozen=True):
    """Selector rules as SDKs are told them. `version` names the two lists; it is empty when both are."""

    version: str = ""
    mask: list[str] = []
    block: list[str] = []


class ProjectRules(msgspec.Struct, frozen=True):
    """A project's rules, ready to be applied. `told`: SDKs hear of selectors, for there are some or there were.

    `broken` says why the rules can't be applied; nothing of the project may then be taken.
    """

    patterns: Patterns | None = None
    selectors: Selectors = Selectors()
    selector_ids: list[str] = []
    told: bool = False
    broken: str = ""


NO_RULES = ProjectRules()


def selectors_of(rules: Iterable[PrivacyRule]) -> Selectors:
    """The selectors among the rules. Their order has no meaning, so the version does not know it."""
    found = list(rules)
    mask = sorted({rule.expression for rule in found if rule.kind == "mask"})
    block = sorted({rule.expression for rule in found if rule.kind == "block"})
    if not mask and not block:
        return Selectors()
    version = hashlib.blake2b(msgspec.json.encode([mask, block]), digest_size=8).hexdigest()
    return Selectors(version, mask, block)


def compile_rules(rules: Sequence[PrivacyRule], key: bytes) -> ProjectRules:
    """The rules of one project, deleted ones among them, as capture applies them."""
    standing = [rule for rule in rules if not rule.deleted_at_ms]
    patterns = [(rule.rule_id, rule.expression) for rule in standing if rule.kind == "pattern"]
    told = any(rule.kind != "pattern" for rule in rules)
    selector_ids = [rule.rule_id for rule in standing if rule.kind != "pattern"]
    try:
        compiled = Patterns(patterns, key) if patterns else None
    except PlayheadError as error:
        return ProjectRules(selectors=selectors_of(standing), told=told, broken=error.message)
    return ProjectRules(compiled, selectors_of(standing), selector_ids, told)


def pseudonym_key(secret: str, project_id: str) -> bytes:
    """What ids are replaced under; without it nobody can find out by guessing whose pseudonym one is."""
    return hmac.new(secret.encode(), b"privacy:" + project_id.encode(), hashlib.sha256).digest()


def all_rules(session: Session) -> Mapping[str, list[PrivacyRule]]:
    """Every rule by project, oldest first, deleted ones too."""
    found: dict[str, list[PrivacyRule]] = {}
    for rule in session.scalars(select(PrivacyRule).order_by(PrivacyRule.created_at_ms, PrivacyRule.rule_id)):
        found.setdefault(rule.project_id, []).append(rule)
    return found


def project_rules(control: Control, project_id: str, key: bytes) -> ProjectRules:
    """A project's rules as capture applies them, for who brings data in another way."""
    with control.read() as session:
        return compile_rules(all_rules(session).get(project_id, []), key)


def standing_rules(control: Control, project_id: str, since_ms: int | None = None) -> list[PrivacyRule]:
    """The rules in force now, oldest first; with `since_ms` those too that were in force at any time since."""
    in_force = PrivacyRule.deleted_at_ms == 0
    if since_ms is not None:
        in_force = or_(in_force, PrivacyRule.deleted_at_ms > since_ms)
    with control.read() as session:
        return list(
            session.scalars(
                select(PrivacyRule)
                .where(PrivacyRule.project_id == project_id, in_force)
                .order_by(PrivacyRule.created_at_ms, PrivacyRule.rule_id)
            )
        )


def check_rule(kind: Kind, expression: str) -> None:
    """Raises `PlayheadError` saying what is wrong with the pattern or the selector."""
    from playhead.governance.selectors import check_selector  # noqa: PLC0415  its parser, for those who need it

    if kind == "pattern":
        check_expression(expression)
    else:
        check_selector(expression)


def create_rule(  # noqa: PLR0917
    control: Control, project_id: str, kind: Kind, expression: str, note: str, by: Actor, now_ms: int
) -> PrivacyRule:
    """Raises `PlayheadError` when the rule is wrong or there are too many."""
    check_rule(kind, expression)
    rule = PrivacyRule(
        project_id=project_id,
        rule_id=f"r{secrets.token_hex(5)}",
        kind=kind,
        expression=expression,
        note=note[:MAX_NOTE],
        created_at_ms=now_ms,
        created_by=by.name,
        deleted_at_ms=0,
    )
    with control.write() as session:
        standing = (PrivacyRule.project_id == project_id, PrivacyRule.deleted_at_ms == 0)
        count = session.scalar(select(func.count()).where(*standing)) or 0
        patterns = session.scalar(select(func.count()).where(*standing, PrivacyRule.kind == "pattern")) or 0
        if count >= MAX_RULES or (kind == "pattern" and patterns >= MAX_PATTERNS):
            raise PlayheadError(
                f"A project has at most {MAX_RULES} rules, {MAX_PATTERNS} of them patterns: delete or join some.",
                code="too_many_rules",
            )
        session.add(rule)
        record(session, project_id, by, "rule.created", "rule", rule.rule_id, {"kind": kind})
    return rule


def delete_rule(control: Control, project_id: str, rule_id: str, by: Actor, now_ms: int) -> None:
    """Raises `NotFound` when there is no such rule."""
    with control.write() as session:
        rule = session.get(PrivacyRule, (project_id, rule_id))
        if rule is None or rule.deleted_at_ms:
            raise NotFound("There is no such rule in this project.", code="rule_not_found")
        session.execute(
            update(PrivacyRule)
            .where(PrivacyRule.project_id == project_id, PrivacyRule.rule_id == rule_id)
            .values(deleted_at_ms=now_ms)
        )
        record(session, project_id, by, "rule.deleted", "rule", rule_id, {"kind": rule.kind})
