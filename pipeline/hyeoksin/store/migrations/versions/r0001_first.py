"""The first tables: rounds, items, predictions, the ledger, people, jobs, models."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REFUSED = "결정과 감사 기록은 바꾸거나 지울 수 없습니다"
_GUARDED = ("decisions", "audit_log")


def upgrade() -> None:
    """Create the tables, and the triggers that keep the ledger and the audit log append-only."""
    _rounds()
    _items()
    _people()
    _register()
    _ledger()
    if op.get_bind().dialect.name == "sqlite":
        for table in _GUARDED:
            for event in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION hyeoksin_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    for table in _GUARDED:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION hyeoksin_append_only()"
        )


def _rounds() -> None:
    op.create_table(
        "plans",
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sha", name=op.f("pk_plans")),
    )
    op.create_table(
        "projects",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_sha", sa.Text(), nullable=False),
        sa.Column("precision", sa.Float(), nullable=False),
        sa.Column("coders", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("n_rows", _BIG, server_default="0", nullable=False),
        sa.Column("head", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("coders IN (1, 2)", name=op.f("ck_projects_coders")),
        sa.CheckConstraint("precision > 0 AND precision <= 1", name=op.f("ck_projects_precision")),
        sa.ForeignKeyConstraint(["plan_sha"], ["plans.sha"], name=op.f("fk_projects_plan_sha")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
        sqlite_autoincrement=True,
    )


def _items() -> None:
    op.create_table(
        "items",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("project", _BIG, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("date", sa.Text(), nullable=True),
        sa.Column("document_region", sa.Text(), nullable=True),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("duplicates", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("off_plan", sa.Float(), nullable=False),
        sa.Column("doubt", sa.Float(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=True),
        sa.Column("standing", sa.Text(), server_default="open", nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_lead", sa.Text(), nullable=True),
        sa.Column("decision", _BIG, nullable=True),
        sa.Column("decided_at", sa.Text(), nullable=True),
        sa.Column("assigned_to", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), server_default="2147483647", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("predicted_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_items_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("project", "document", "content", name=op.f("uq_items_project_document_content")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_items_answer", "items", ["project", "answer"], unique=False)
    op.create_index("ix_items_assigned", "items", ["project", "assigned_to"], unique=False)
    op.create_index("ix_items_content", "items", ["content"], unique=False)
    op.create_index("ix_items_decided", "items", ["project", "decided_at"], unique=False)
    op.create_index("ix_items_duplicates", "items", ["project", "duplicates"], unique=False)
    op.create_index("ix_items_lead", "items", ["project", "answer_lead"], unique=False)
    op.create_index("ix_items_probability", "items", ["project", "probability"], unique=False)
    op.create_index("ix_items_queue", "items", ["project", "standing", "rank", "doubt", "id"], unique=False)
    op.create_index("ix_items_region", "items", ["project", "region"], unique=False)
    op.create_index("ix_items_status", "items", ["project", "status", "rank", "doubt", "id"], unique=False)
    op.create_table(
        "predictions",
        sa.Column("item", _BIG, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_predictions_item")),
        sa.PrimaryKeyConstraint("item", "model", name=op.f("pk_predictions")),
    )


def _people() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=True),
        sa.Column("used_at", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "role IN ('viewer', 'officer', 'reviewer', 'admin')", name=op.f("ck_api_keys_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("secret", name=op.f("uq_api_keys_secret")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "failures",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.Text(), nullable=False),
        sa.Column("last_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_failures")),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("last_login", sa.Text(), nullable=True),
        sa.CheckConstraint("role IN ('viewer', 'officer', 'reviewer', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "sessions",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_sessions_user")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user"), "sessions", ["user"], unique=False)


def _register() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_event", "audit_log", ["event", "id"], unique=False)
    op.create_table(
        "models",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('candidate', 'active', 'retired', 'refused')", name=op.f("ck_models_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project", _BIG, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done", _BIG, nullable=False),
        sa.Column("total", _BIG, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_jobs_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_project", "jobs", ["project", "id"], unique=False)
    op.create_index("ix_jobs_state", "jobs", ["state", "id"], unique=False)


def _ledger() -> None:
    op.create_table(
        "claims",
        sa.Column("item", _BIG, nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("project", _BIG, nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_claims_item")),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_claims_project")),
        sa.PrimaryKeyConstraint("item", "user", name=op.f("pk_claims")),
    )
    op.create_index("ix_claims_user", "claims", ["project", "user"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("project", _BIG, nullable=False),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("item", _BIG, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("replaces", _BIG, nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "action IN ('accept', 'pick', 'none', 'undecided', 'undo')", name=op.f("ck_decisions_action")
        ),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_decisions_item")),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_decisions_project")),
        sa.ForeignKeyConstraint(["replaces"], ["decisions.id"], name=op.f("fk_decisions_replaces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("item", "key", name=op.f("uq_decisions_item_key")),
        sa.UniqueConstraint("project", "seq", name=op.f("uq_decisions_project_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_batch", "decisions", ["batch"], unique=False)
    op.create_index("ix_decisions_by", "decisions", ["by", "id"], unique=False)
    op.create_index("ix_decisions_content", "decisions", ["content"], unique=False)
    op.create_index("ix_decisions_item", "decisions", ["item", "id"], unique=False)
    op.create_index("ix_decisions_key", "decisions", ["key"], unique=False)
    op.create_table(
        "lanes",
        sa.Column("item", _BIG, nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("decision", _BIG, nullable=False),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name=op.f("fk_lanes_decision")),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_lanes_item")),
        sa.PrimaryKeyConstraint("item", "lane", name=op.f("pk_lanes")),
    )
