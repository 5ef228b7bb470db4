"""units whose serial may as well be a MAC address"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

works_with = "0001"
losses = {
    "units of stock whose serial may as well be a MAC address": "SELECT count(*) FROM equipment WHERE undecided"
}


def upgrade() -> None:
    op.add_column("equipment", sa.Column("undecided", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("equipment", "undecided")
