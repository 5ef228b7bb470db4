"""an index by which credentials that nobody accepts any more are found"""

from worker.store.building import Built

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

works_with = "0001"
losses: dict[str, str] = {}

indexes = (Built("ix_credential_accepted_at", "credential", "accepted_at"),)


def upgrade() -> None:
    for index in indexes:
        index.create()


def downgrade() -> None:
    for index in reversed(indexes):
        index.drop()
