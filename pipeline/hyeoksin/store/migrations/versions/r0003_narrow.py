"""Narrow items: texts and the columns of the file move out; the queue is read from indexes in its order."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_GONE = ("queue", "status", "answer", "lead", "region", "duplicates", "assigned", "probability", "decided")
_ORDER = ("rank", "probability", "id")


def upgrade() -> None:
    """Move the texts, then make the indexes anew."""
    op.create_table(
        "texts",
        sa.Column("item", _BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name="fk_texts_item"),
        sa.PrimaryKeyConstraint("item", name="pk_texts"),
    )
    op.execute("INSERT INTO texts (item, text, meta) SELECT id, text, meta FROM items")
    for name in _GONE:
        op.drop_index(f"ix_items_{name}", "items")
    op.drop_column("items", "text")
    op.drop_column("items", "meta")
    op.drop_column("items", "doubt")  # one less the probability
    is_open = sa.text("standing <> 'decided'")
    op.create_index(
        "ix_items_open", "items", ["project", *_ORDER], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_items_queue", "items", ["project", *_ORDER])
    for name, column in (
        ("standing", "standing"),
        ("status", "status"),
        ("answer", "answer"),
        ("lead", "answer_lead"),
        ("region", "region"),
        ("assigned", "assigned_to"),
    ):
        op.create_index(f"ix_items_{name}", "items", ["project", column, *_ORDER])
    op.create_index("ix_items_duplicates", "items", ["project", "duplicates"])
    op.create_index("ix_items_probability", "items", ["project", "probability", "id"])
    op.create_index("ix_items_decided", "items", ["project", "decided_at", "id"])
