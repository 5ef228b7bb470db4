"""One save job: makes the OLT's running configuration permanent."""

from vendors.errors import ProvisioningError
from worker.notes import Notes
from worker.outcome import Ended, Later, Outcome
from worker.reconcile import Run
from worker.store.work import Step


async def save(run: Run) -> Outcome:
    """Send what saves, one line after another; tried again until the attempts run out. The next change asks anew."""
    try:
        with run.phase("apply"):
            for command in run.line.adapter.save():
                await run.line.run(command)
    except ProvisioningError as error:
        return _after(run, error)
    return Ended()


def _after(run: Run, error: ProvisioningError) -> Outcome:
    outcome = run.failed(error, Notes.of(run.job.notes))
    run.line.record.note(Step("save_failed", None, {"code": error.reason, "detail": run.detail(error)}))
    return outcome if isinstance(outcome, Later) else Ended()
