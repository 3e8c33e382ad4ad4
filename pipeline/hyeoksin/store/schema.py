"""The tables. Times are ISO UTC text (they sort), booleans are real booleans, JSON is JSON on both engines.

``migrations/`` creates them; a test holds that both say the same.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

__all__ = [
    "LAST_RANK",
    "Clean",
    "api_keys",
    "audit_log",
    "claims",
    "clean",
    "decisions",
    "failures",
    "items",
    "jobs",
    "lanes",
    "likenesses",
    "metadata",
    "models",
    "plans",
    "predictions",
    "projects",
    "search",
    "sessions",
    "texts",
    "users",
]

_UNKEPT = re.compile("[\x00\ud800-\udfff]")
LAST_RANK = 2**31 - 1  # of items that no plan of hours has ordered yet

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def clean(text: str) -> str:
    """Replace, one for one, what no database keeps: NUL and lone surrogates."""
    return _UNKEPT.sub("\ufffd", text)


class Clean(sa.types.TypeDecorator[str]):
    """Text that both engines keep."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Any) -> str | None:
        """Clean what goes in."""
        return None if value is None else clean(value)


_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows only in an INTEGER key
_NO = sa.false()


def _id() -> sa.Column[int]:
    return sa.Column("id", _BIG, primary_key=True, autoincrement=True)


def _to(target: str, name: str, *, key: bool = False, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG, sa.ForeignKey(f"{target}.id"), primary_key=key, nullable=null)


def _text(name: str, default: str | None = None, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, Clean, nullable=null, server_default=default)


plans = sa.Table(
    "plans",
    metadata,
    sa.Column("sha", Clean, primary_key=True),
    _text("plan"),
    sa.Column("body", sa.JSON, nullable=False),
)
projects = sa.Table(
    "projects",
    metadata,
    _id(),
    sa.Column("name", Clean, nullable=False, unique=True),
    _text("plan"),
    sa.Column("plan_sha", Clean, sa.ForeignKey("plans.sha"), nullable=False),
    sa.Column("precision", sa.Float, nullable=False),
    sa.Column("coders", sa.Integer, nullable=False),
    _text("created_at"),
    _text("created_by"),
    sa.Column("closed", sa.Boolean, nullable=False, server_default=_NO),
    sa.Column("n_rows", _BIG, nullable=False, server_default="0"),  # of its ledger
    _text("head", ""),  # hash of its ledger's last row
    sa.CheckConstraint("coders IN (1, 2)", name="coders"),
    sa.CheckConstraint("precision > 0 AND precision <= 1", name="precision"),
    sqlite_autoincrement=True,
)
_QUEUE = ("project", "rank", "probability", "id")  # the order of the queue: read from an index, not sorted
_OPEN = sa.text("standing <> 'decided'")
items = sa.Table(  # narrow, so that a list of 100,000 is read from memory; the long parts stand in texts
    "items",
    metadata,
    _id(),
    _to("projects", "project"),
    _text("document"),
    _text("content"),
    _text("title"),
    _text("source"),
    _text("date", null=True),
    _text("document_region", null=True),
    _text("kind"),
    _text("region"),
    _text("duplicates", null=True),
    _text("model"),
    _text("status"),
    _text("code", null=True),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("off_plan", sa.Float, nullable=False),
    _text("lead", null=True),
    _text("standing", "open"),
    _text("answer", null=True),
    _text("answer_lead", null=True),
    sa.Column("decision", _BIG, nullable=True),
    _text("decided_at", null=True),
    _text("assigned_to", null=True),
    sa.Column("rank", sa.Integer, nullable=False, server_default=str(LAST_RANK)),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("predicted_version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("indexed", sa.Boolean, nullable=False, server_default=_NO),
    _text("added_at"),
    sa.UniqueConstraint("project", "document", "content"),
    sa.Index("ix_items_open", *_QUEUE, sqlite_where=_OPEN, postgresql_where=_OPEN),
    sa.Index("ix_items_queue", *_QUEUE),
    sa.Index("ix_items_standing", "project", "standing", *_QUEUE[1:]),
    sa.Index("ix_items_status", "project", "status", *_QUEUE[1:]),
    sa.Index("ix_items_answer", "project", "answer", *_QUEUE[1:]),
    sa.Index("ix_items_lead", "project", "answer_lead", *_QUEUE[1:]),
    sa.Index("ix_items_region", "project", "region", *_QUEUE[1:]),
    sa.Index("ix_items_assigned", "project", "assigned_to", *_QUEUE[1:]),
    sa.Index("ix_items_duplicates", "project", "duplicates"),
    sa.Index("ix_items_probability", "project", "probability", "id"),
    sa.Index("ix_items_decided", "project", "decided_at", "id"),
    sa.Index("ix_items_content", "content"),
    sa.Index("ix_items_indexed", "indexed", "project"),
    sqlite_autoincrement=True,
)
texts = sa.Table(
    "texts",
    metadata,
    _to("items", "item", key=True),
    _text("text"),
    sa.Column("meta", sa.JSON, nullable=False),
)
predictions = sa.Table(
    "predictions",
    metadata,
    _to("items", "item", key=True),
    sa.Column("model", Clean, primary_key=True),
    sa.Column("record", sa.JSON, nullable=False),
    _text("at"),
)
decisions = sa.Table(
    "decisions",
    metadata,
    _id(),
    _to("projects", "project"),
    sa.Column("seq", _BIG, nullable=False),
    _to("items", "item"),
    _text("content"),
    _text("action"),
    _text("code", null=True),
    _text("agency", null=True),
    _text("by"),
    _text("at"),
    _text("note"),
    _text("model"),
    _to("decisions", "replaces", null=True),
    _text("batch", null=True),
    _text("key", null=True),
    sa.Column("final", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    _text("hash"),
    sa.CheckConstraint("action IN ('accept', 'pick', 'none', 'undecided', 'undo')", name="action"),
    sa.UniqueConstraint("project", "seq"),
    sa.UniqueConstraint("item", "key"),
    sa.Index("ix_decisions_item", "item", "id"),
    sa.Index("ix_decisions_content", "content"),
    sa.Index("ix_decisions_by", "by", "id"),
    sa.Index("ix_decisions_batch", "batch"),
    sa.Index("ix_decisions_key", "key"),
    sqlite_autoincrement=True,
)
lanes = (
    sa.Table(  # the decision in force of each coder; lane "" is the project's own (one coder, or adjudicated)
        "lanes",
        metadata,
        _to("items", "item", key=True),
        sa.Column("lane", Clean, primary_key=True),
        _to("decisions", "decision"),
    )
)
likenesses = sa.Table(  # texts that are nearly the same; an item beside itself marks that it was compared
    "likenesses",
    metadata,
    _to("items", "item", key=True),
    _to("items", "other", key=True),
    sa.Column("similarity", sa.Float, nullable=False),
    sa.Index("ix_likenesses_other", "other"),
)
search = sa.table(  # FTS5 (item: its rowid) or a tsvector with GIN; only the migrations know which
    "search", sa.column("rowid", sa.Integer), sa.column("item", sa.BigInteger), sa.column("tokens", sa.Text)
)
claims = sa.Table(
    "claims",
    metadata,
    _to("items", "item", key=True),
    sa.Column("user", Clean, primary_key=True),
    _to("projects", "project"),
    _text("until"),
    sa.Index("ix_claims_user", "project", "user"),
)
users = sa.Table(
    "users",
    metadata,
    sa.Column("name", Clean, primary_key=True),
    _text("display"),
    _text("role"),
    _text("secret"),
    sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    _text("created_at"),
    _text("last_login", null=True),
    sa.CheckConstraint("role IN ('viewer', 'officer', 'reviewer', 'admin')", name="role"),
)
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token", Clean, primary_key=True),
    sa.Column("user", Clean, sa.ForeignKey("users.name"), nullable=False, index=True),
    _text("created_at"),
    _text("seen_at"),
    _text("expires_at"),
    sa.Column("data", sa.JSON, nullable=False),
)
failures = sa.Table(
    "failures",
    metadata,
    sa.Column("key", Clean, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    _text("first_at"),
    _text("last_at"),
)
api_keys = sa.Table(
    "api_keys",
    metadata,
    _id(),
    _text("name"),
    _text("role"),
    sa.Column("secret", Clean, nullable=False, unique=True),
    _text("created_at"),
    _text("created_by"),
    _text("expires_at", null=True),
    _text("used_at", null=True),
    _text("revoked_at", null=True),
    sa.CheckConstraint("role IN ('viewer', 'officer', 'reviewer', 'admin')", name="role"),
    sqlite_autoincrement=True,
)
audit_log = sa.Table(
    "audit_log",
    metadata,
    _id(),
    _text("at"),
    _text("event"),
    _text("by"),
    _text("subject"),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Index("ix_audit_log_event", "event", "id"),
    sqlite_autoincrement=True,
)
models = sa.Table(
    "models",
    metadata,
    sa.Column("id", Clean, primary_key=True),
    _text("path"),
    _text("state"),
    sa.Column("report", sa.JSON, nullable=False),
    _text("created_at"),
    _text("created_by"),
    _text("changed_at"),
    sa.CheckConstraint("state IN ('candidate', 'active', 'retired', 'refused')", name="state"),
)
jobs = sa.Table(
    "jobs",
    metadata,
    _id(),
    _text("kind"),
    _to("projects", "project", null=True),
    _text("state"),
    sa.Column("done", _BIG, nullable=False),
    sa.Column("total", _BIG, nullable=False),
    _text("message"),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("result", sa.JSON, nullable=False),
    _text("created_by"),
    _text("created_at"),
    _text("updated_at"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Index("ix_jobs_state", "state", "id"),
    sa.Index("ix_jobs_project", "project", "id"),
    sqlite_autoincrement=True,
)
