"""Accounts and roles, requests with receipts, bookmarks, shared replays, the audit log, keys of encryption."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:  # noqa: PLR0915
    op.create_table(
        "audit",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object_kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "number"),
    )
    with op.batch_alter_table("audit") as batch_op:
        batch_op.create_index("audit_by_actor", ["actor_id", "at_ms"], unique=False)
        batch_op.create_index("audit_by_object", ["object_id", "at_ms"], unique=False)
        batch_op.create_index("audit_by_time", ["project_id", "at_ms"], unique=False)

    op.create_table(
        "bookmarks",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("replay_id", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("project_id", "replay_id"),
    )
    op.create_table(
        "data_requests",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("compliance_type", sa.String(), nullable=False),
        sa.Column("disclosure_type", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("finished_at_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("object", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("project_id", "request_id"),
    )
    with op.batch_alter_table("data_requests") as batch_op:
        batch_op.create_index("ix_data_requests_state", ["state"], unique=False)

    op.create_table(
        "encryption_keys",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "key_id"),
    )
    op.create_table(
        "login_attempts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("login_attempts") as batch_op:
        batch_op.create_index("ix_login_attempts_since_ms", ["since_ms"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("unmasked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "member_id"),
    )
    with op.batch_alter_table("memberships") as batch_op:
        batch_op.create_index("ix_memberships_member_id", ["member_id"], unique=False)

    op.create_table(
        "provider_identities",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    with op.batch_alter_table("provider_identities") as batch_op:
        batch_op.create_index("ix_provider_identities_member_id", ["member_id"], unique=False)

    op.create_table(
        "recovery_codes",
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "code_hash"),
    )
    op.create_table(
        "share_links",
        sa.Column("link_hash", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("replay_id", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("link_hash"),
    )
    with op.batch_alter_table("share_links") as batch_op:
        batch_op.create_index("share_links_by_replay", ["project_id", "replay_id"], unique=False)

    op.create_table(
        "shared_replays",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("replay_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "replay_id", "member_id"),
    )
    with op.batch_alter_table("api_keys") as batch_op:
        batch_op.add_column(sa.Column("key_id", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("name", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("scopes", sa.String(), server_default="ingest read manage", nullable=False))
        batch_op.add_column(sa.Column("created_by", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("expires_at_ms", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("last_used_at_ms", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("unmasked", sa.BigInteger(), server_default="1", nullable=False))
        batch_op.create_index("api_keys_by_id", ["project_id", "key_id"], unique=False)

    # Whoever is logged in logs in anew: older sessions have no name to be listed and ended by.
    op.execute("DELETE FROM login_sessions")
    with op.batch_alter_table("login_sessions") as batch_op:
        batch_op.add_column(sa.Column("session_id", sa.String(), nullable=False))
        batch_op.add_column(sa.Column("last_used_at_ms", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("method", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("user_agent", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("address", sa.String(), server_default="", nullable=False))
        batch_op.create_index("ix_login_sessions_member_id", ["member_id"], unique=False)
        batch_op.create_unique_constraint("login_sessions_session_id", ["session_id"])

    with op.batch_alter_table("lexicon") as batch_op:
        batch_op.add_column(sa.Column("sensitive", sa.BigInteger(), server_default="0", nullable=False))

    with op.batch_alter_table("members") as batch_op:
        batch_op.add_column(sa.Column("is_operator", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("password_hash", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("totp_secret", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("totp_pending", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("last_seen_at_ms", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.create_unique_constraint("members_email", ["email"])

    with op.batch_alter_table("projects") as batch_op:
        batch_op.add_column(sa.Column("previous_token", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("previous_until_ms", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("event_days", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("bookmark_days", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("deleted_at_ms", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("region", sa.String(), server_default="", nullable=False))

    with op.batch_alter_table("replays") as batch_op:
        batch_op.add_column(sa.Column("wrapped_key", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("tombstones") as batch_op:
        batch_op.add_column(sa.Column("until_ms", sa.BigInteger(), server_default="0", nullable=False))

    # Until now one member ran the server and saw every project; and every key could do everything.
    op.execute("UPDATE members SET is_operator = 1")
    op.execute("UPDATE api_keys SET key_id = substr(key_hash, 1, 12), name = 'API key'")
