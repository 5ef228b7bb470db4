"""the turns of a lease"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

works_with = "0001"
losses: dict[str, str] = {}


def upgrade() -> None:
    op.add_column("olt_lease", sa.Column("since_longest_due", sa.Integer(), nullable=True))
    op.add_column("olt_lease", sa.Column("since_look", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("olt_lease", "since_look")
    op.drop_column("olt_lease", "since_longest_due")
