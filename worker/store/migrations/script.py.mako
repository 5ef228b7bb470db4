"""${message}"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None

works_with = ${repr(up_revision)}  # the oldest revision whose program still works: the one before, where this only adds
losses: dict[str, str] = {}  # what downgrade drops and nothing brings back: a query that counts it


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
