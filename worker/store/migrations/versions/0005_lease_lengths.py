"""how long each lease was granted for"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

works_with = "0001"
losses: dict[str, str] = {}


def upgrade() -> None:
    for table in ("olt_lease", "role_lease"):
        op.add_column(table, sa.Column("length_s", sa.Float(), nullable=True))
        op.add_column(
            table,
            sa.Column("length_fence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        )


def downgrade() -> None:
    for table in ("role_lease", "olt_lease"):
        op.drop_column(table, "length_fence")
        op.drop_column(table, "length_s")
