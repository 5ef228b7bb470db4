"""rows of an OLT's lists that could not be read"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

works_with = "0001"
losses: dict[str, str] = {}


def upgrade() -> None:
    op.add_column(
        "olt_lease",
        sa.Column(
            "left_out",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
    )


def downgrade() -> None:
    op.drop_column("olt_lease", "left_out")
