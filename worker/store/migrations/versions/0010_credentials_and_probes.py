"""credentials that have logged in, and probes of OLTs that did not answer"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

works_with = "0001"
losses: dict[str, str] = {}

_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "refused_credential": sa.Text(),
    "refused_at": sa.DateTime(timezone=True),
    "freed_at": sa.DateTime(timezone=True),
    "silent": sa.Boolean(),
    "probed": sa.Boolean(),
    "probed_at": sa.DateTime(timezone=True),
}


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "retried",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_credential")),
    )
    for name, kind in _COLUMNS.items():
        op.add_column("olt_lease", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in reversed(_COLUMNS):
        op.drop_column("olt_lease", name)
    op.drop_table("credential")
