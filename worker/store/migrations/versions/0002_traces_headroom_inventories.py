"""traces of stock events, headroom of OLTs, inventories side by side, and which older programs still work"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

works_with = "0001"
losses = {
    "units of stock with the trace of their event": "SELECT count(*) FROM equipment"
    " WHERE received_trace IS NOT NULL OR lent_trace IS NOT NULL"
}


def upgrade() -> None:
    op.create_table(
        "compatibility",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_compatibility")),
    )
    op.create_table(
        "inventory",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_inventory")),
    )
    op.create_table(
        "inventory_olt",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("olt", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "olt", name=op.f("pk_inventory_olt")),
    )
    op.add_column("equipment", sa.Column("received_trace", sa.Text(), nullable=True))
    op.add_column("equipment", sa.Column("lent_trace", sa.Text(), nullable=True))
    op.add_column(
        "olt_lease",
        sa.Column(
            "room",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
    )
    op.add_column("olt_lease", sa.Column("room_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outbox_refused",
        "outbox",
        ["id"],
        sqlite_where=sa.text("refused IS NOT NULL"),
        postgresql_where=sa.text("refused IS NOT NULL"),
    )
    _index_anew("live = 1", "claims = 1")


def _index_anew(live: str, claims: str) -> None:
    """On SQLite, which takes a partial index only for its very condition: that of the queries is `live = 1`."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, table, columns, unique, where in (
        ("ix_job_due", "job", ["olt", "due_at"], False, live),
        (
            "uq_job_live_order",
            "job",
            ["kind", "olt", "service_order_id"],
            True,
            f"{live} AND service_order_id IS NOT NULL",
        ),
        ("uq_job_live_olt", "job", ["kind", "olt"], True, f"{live} AND service_order_id IS NULL"),
        ("uq_service_order_claim", "service_order", ["serial"], True, claims),
    ):
        op.drop_index(name, table)
        op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where))


def downgrade() -> None:
    _index_anew("live", "claims")
    op.drop_index("ix_outbox_refused", "outbox")
    op.drop_column("olt_lease", "room_at")
    op.drop_column("olt_lease", "room")
    op.drop_column("equipment", "lent_trace")
    op.drop_column("equipment", "received_trace")
    op.drop_table("inventory_olt")
    op.drop_table("inventory")
    op.drop_table("compatibility")
