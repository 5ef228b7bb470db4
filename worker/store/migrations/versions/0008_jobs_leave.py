"""when the jobs of an order left"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

works_with = "0001"
losses: dict[str, str] = {}


def upgrade() -> None:
    op.add_column("service_order", sa.Column("jobs_left_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("service_order", "jobs_left_at")
