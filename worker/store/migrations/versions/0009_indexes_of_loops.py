"""indexes by which loops find what they look for, however much there is"""

from worker.store.building import Built

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

works_with = "0001"
losses: dict[str, str] = {}

indexes = (
    Built("ix_job_deadline", "job", "deadline_at", sqlite="live = 1", postgresql="live"),
    Built(
        "ix_job_of_olt_ended",
        "job",
        "updated_at",
        sqlite="live = 0 AND service_order_id IS NULL",
        postgresql="NOT live AND service_order_id IS NULL",
    ),
    Built(
        "ix_service_order_jobs",
        "service_order",
        "finished_at",
        sqlite="finished_at IS NOT NULL AND (jobs_left_at IS NULL OR jobs_left_at < finished_at)",
        postgresql="finished_at IS NOT NULL AND (jobs_left_at IS NULL OR jobs_left_at < finished_at)",
    ),
    Built("ix_action_target", "action", "target"),
    Built(
        "ix_job_step_of_olt",
        "job_step",
        "id",
        sqlite="service_order_id IS NULL",
        postgresql="service_order_id IS NULL",
    ),
)


def upgrade() -> None:
    for index in indexes:
        index.create()


def downgrade() -> None:
    for index in reversed(indexes):
        index.drop()
