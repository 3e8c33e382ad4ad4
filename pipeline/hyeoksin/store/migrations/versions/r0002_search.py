"""Search by morphemes, and likenesses between rounds.

The index holds no text: FTS5 without content on SQLite, a tsvector of given lexemes with GIN on PostgreSQL.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the index, the mark of what is in it, and the likenesses."""
    op.add_column("items", sa.Column("indexed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_items_indexed", "items", ["indexed", "project"])
    op.create_table(
        "likenesses",
        sa.Column("item", _BIG, nullable=False),
        sa.Column("other", _BIG, nullable=False),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name="fk_likenesses_item"),
        sa.ForeignKeyConstraint(["other"], ["items.id"], name="fk_likenesses_other"),
        sa.PrimaryKeyConstraint("item", "other", name="pk_likenesses"),
    )
    op.create_index("ix_likenesses_other", "likenesses", ["other"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE search USING fts5(tokens, content='', tokenize='ascii')")
        op.execute("CREATE VIRTUAL TABLE search_terms USING fts5vocab(search, 'row')")
        return
    op.execute(
        "CREATE TABLE search (item BIGINT PRIMARY KEY REFERENCES items (id), tokens TSVECTOR NOT NULL)"
    )
    op.execute("CREATE INDEX ix_search_tokens ON search USING gin (tokens)")
