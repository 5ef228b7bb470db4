"""requests that could not be read: the orders that they speak of, and where they lie"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

works_with = "0001"
losses = {"orders of which no request could be read": "SELECT count(*) FROM rejected_order"}


def upgrade() -> None:
    op.create_table(
        "rejected_order",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_order")),
    )
    op.create_index(op.f("ix_rejected_order_at"), "rejected_order", ["at"])
    op.create_table(
        "rejected_record",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("service_order_id", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_rejected_record")),
    )
    for column in ("service_order_id", "serial", "customer", "until"):
        op.create_index(op.f(f"ix_rejected_record_{column}"), "rejected_record", [column])


def downgrade() -> None:
    op.drop_table("rejected_record")
    op.drop_table("rejected_order")
