"""What deadlines tell about cases: handlers of the jobs that the sweep promises."""

from cardcase.deadlines.rules import Alarm, DeadlineKind
from cardcase.jobs import service as jobs
from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff.rules import Actor

from . import service


@handles("deadline.missed")
def deadline_missed(claim: Claim) -> None:
    """Turn a missed deadline into an incident of its case."""
    actor = Actor.system(int(claim.args["shop"]))
    kind = DeadlineKind(claim.args["kind"])
    if service.deadline_missed(actor, str(claim.args["subject"]), kind, at=clock.now()):
        _promise_notice(actor, claim, "missed")


@handles("deadline.warning")
def deadline_warning(claim: Claim) -> None:
    """Let a margin that is reached ring on a case whose messages are still held."""
    actor = Actor.system(int(claim.args["shop"]))
    kind, alarm = DeadlineKind(claim.args["kind"]), Alarm(claim.args["alarm"])
    service.deadline_near(actor, str(claim.args["subject"]), kind, alarm, at=clock.now())
    _promise_notice(actor, claim, alarm.value)


@handles("deadline.moved")
def deadline_moved(claim: Claim) -> None:
    """Copy a deadline that moved by itself onto its case: new hours, or the machine's clock put right."""
    actor = Actor.system(int(claim.args["shop"]))
    service.clock_moved(actor, str(claim.args["subject"]), at=clock.now())


def _promise_notice(actor: Actor, claim: Claim, event: str) -> None:
    """Pass an alarm on to whoever tells people (decision 0008), in the transaction in which the case heard of it."""
    args = {"deadline": claim.args["deadline"], "event": event}
    jobs.enqueue(actor, "notice.due", args, at=clock.now(), key=claim.key)
