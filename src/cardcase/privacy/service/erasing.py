"""Erase: gone from the tables and the record in one transaction, then from the folder of files. Restartable anywhere.

What a person confirmed is written as one transaction: rows cleared, salts and bodies of the record destroyed, an entry
that names them. From then on it only remains to destroy files and keys, which ``finish`` does as often as it is asked.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction

from cardcase.custody import erasing as record
from cardcase.custody import files as kept
from cardcase.custody.files import Shredding
from cardcase.custody.rules import erasing as kinds
from cardcase.kit import canonical
from cardcase.kit.errors import NotAllowed
from cardcase.privacy import queries, sealing
from cardcase.privacy.models import Removal
from cardcase.privacy.queries import Collected, Plan, RemovalView, Standing
from cardcase.privacy.rules import Ground, RemovalState
from cardcase.remedies.rules.demands import require_typed
from cardcase.staff.rules import Actor, ActorKind, Permission

from . import asking, originals, rows

_WRAPPING = "cards.KeptWrapping"


def erase(
    actor: Actor, who: str, *, ground: str, confirmation: str, at: datetime, stamp: str = ""
) -> list[RemovalView]:
    """Erase all that is known of a buyer, or of one order, for good. A person does it, and types the plan's phrase.

    ``ground`` is a ``rules.Ground``; ``stamp`` that of the plan that was looked at. Again, after a kill or by mistake,
    it finishes what is unfinished. Raises NotAllowed, NotFound, WrongUse, DataHeld, NotDueYet, Conflict, NotConfirmed.
    """
    why = asking.ground_of(ground)
    if not actor.is_person:
        raise NotAllowed("删除只能由人来做", "Only a person erases")
    with transaction.atomic():
        plan = asking.look(actor, who)
        asking.require_free(plan)
        asking.require_due(plan, why, at=at)
        require_typed(confirmation, plan.phrase)
        asking.require_same(plan, stamp)
        begun = _begin(actor, plan, why, at=at)
    unfinished = [row.pk for row in begun] or _unfinished(actor, plan)
    return [finish(actor, pk, at=at) for pk in unfinished]


def erase_due(actor: Actor, subject: Plan, *, at: datetime) -> list[RemovalView]:
    """Erase what is due without a person: only where the setting ``privacy_auto_erase`` says so. Raises NotAllowed."""
    actor.require(Permission.WORK)
    if not settings.CARDCASE.privacy_auto_erase or actor.kind is not ActorKind.SYSTEM:
        raise NotAllowed("没有设置自动删除", "Erasing by the clock is not switched on")
    with transaction.atomic():
        plan = asking.again(actor, subject)
        if plan.holds or not plan.is_due(at):
            return []
        begun = _begin(actor, plan, Ground.RETENTION_OVER, at=at)
    return [finish(actor, row.pk, at=at) for row in begun]


def _unfinished(actor: Actor, plan: Plan) -> list[int]:
    subjects = [part.matter.subject for part in plan.parts]
    found = Removal.objects.visible_to(actor).filter(subject__in=subjects, state=RemovalState.ERASING.value)
    return list(found.order_by("pk").values_list("pk", flat=True))


def _begin(actor: Actor, plan: Plan, ground: Ground, *, at: datetime) -> list[Removal]:
    """Clear the rows of all matters first, then write the record: its head is held to the end of the transaction."""
    begun: list[tuple[Removal, Standing, list[int]]] = []
    released: list[tuple[Removal, Collected]] = []
    for part in plan.parts:
        if part.is_empty and not queries.is_locked(part):
            continue
        removal = asking.row_of(actor, part, ground=ground, at=at)
        found, entries = part.collected, part.entries
        seqs = [*entries, *removal.entries]
        rows.clear(found)
        released.append((removal, found))
        removal.files = list(dict.fromkeys([*removal.files, *found.files, *removal.locked]))
        before = removal.counts if removal.bundle is not None else {}  # else it only says what was proposed
        removal.counts = {
            "rows": found.rows + before.get("rows", 0),
            "contents": sum(len(entry.contents) for entry in entries.values()) + before.get("contents", 0),
            "files": len(removal.files),
        }
        removal.key_half = removal.bundle = None
        removal.locked, removal.entries = [], []
        removal.state, removal.erased_at = RemovalState.ERASING.value, at
        removal.copies_until = asking.copies_until(at).date()
        begun.append((removal, part, seqs))
    names = names_of(plan)
    for removal, found in released:
        digests = [*found.digests, *removal.originals]
        files, removal.originals, seqs = originals.release(actor, digests, names)
        removal.files = list(dict.fromkeys([*removal.files, *files]))
        next(entry for entry in begun if entry[0] is removal)[2].extend(seqs)
    _forget_answers(actor, names)
    for removal, _, _ in begun:
        removal.save()
    for removal, part, seqs in begun:
        refs = {"removal": removal.public_id}
        record.withdraw(actor, subject_of(part), seqs, kind=kinds.ERASED, ground=ground.value, at=at, refs=refs)
    return [removal for removal, _, _ in begun]


def subject_of(part: Standing) -> str:
    """Return under whose subject the record tells of it: that of the case, so that it stands in its pack."""
    return part.matter.cases[-1].public_id if part.matter.cases else part.matter.subject


def names_of(plan: Plan) -> list[str]:
    """Return what a buyer is called, for places where names lie loose."""
    found = [plan.nick]
    for part in plan.parts:
        found += [str(row.get("external_id", "")) for row in part.collected.values.get("orders.Buyer", {}).values()]
        found += [str(row.get("sender_name", "")) for row in part.collected.values.get("inbox.Message", {}).values()]
    return [name for name in dict.fromkeys(found) if len(name) > 1]


_FORGOTTEN = canonical.encode(
    {
        "type": "urn:cardcase:problem:answer_erased",
        "title": "这次请求已经做过，答复因删除买家资料一并清除了",
        "detail": "This request was carried out; its answer went when a buyer's data were erased",
        "status": 409,
        "code": "answer_erased",
    }
)


def _forget_answers(actor: Actor, names: Sequence[str]) -> None:
    """Take the words out of the answers that are kept for repetitions: the effect stays one, the answer is gone.

    And out of errors of jobs that name him: a database tells the values that it refuses.
    """
    jobs: Any = apps.get_model("jobs.Job")
    for name in names:
        jobs.objects.filter(shop=actor.shop_id, last_error__contains=name).update(last_error="")
    model: Any = apps.get_model("project.IdempotentReply")
    model.objects.filter(shop_id=actor.shop_id).exclude(status=0).update(
        status=409, body=_FORGOTTEN, content_type="application/problem+json"
    )


# ---- the second half ----------------------------------------------------------------------------------


def finish(actor: Actor, removal_id: int, *, at: datetime) -> RemovalView:
    """Destroy the files and the key of a removal whose rows are gone. Again it goes on where it stood.

    Must not be called inside a transaction on SQLite when its write-ahead log is to be emptied too. Raises NotAllowed.
    """
    actor.require(Permission.WORK)
    removal = Removal.objects.visible_to(actor).select_related("order").get(pk=removal_id)
    record.destroy_keys()
    if removal.state == RemovalState.ERASING.value:
        sealing.destroy(removal.public_id)
    left = shred(actor, removal.files, at=at)
    is_clean = record.leave_no_trace()
    removal.files = left
    if removal.state == RemovalState.ERASING.value and not left and is_clean:
        removal.state, removal.finished_at = RemovalState.ERASED.value, at
    removal.save(update_fields=["files", "state", "finished_at"])
    return queries.view_of(removal)


def shred(actor: Actor, files: Sequence[str], *, at: datetime) -> list[str]:
    """Destroy kept files that no row names any more; return those that have to wait a little."""
    actor.require(Permission.WORK)
    left = []
    for sha256 in files:
        if queries.is_named(actor, sha256):
            continue
        if kept.shred(sha256, at=at) is Shredding.WAITS:
            left.append(sha256)
            continue
        apps.get_model(_WRAPPING)._base_manager.filter(sha256=sha256).delete()  # noqa: SLF001 - Django's documented API
    return left


def retry_originals(actor: Actor, removal_id: int, *, at: datetime) -> None:
    """Let imported originals go for which a removal waited, once no other buyer's row names them."""
    actor.require(Permission.WORK)
    with transaction.atomic():
        removal = Removal.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=removal_id)
        files, waiting, seqs = originals.release(actor, removal.originals, ())
        if waiting == removal.originals:
            return
        removal.originals, removal.files = waiting, [*removal.files, *files]
        if removal.state == RemovalState.ERASED.value and files:
            removal.state = RemovalState.ERASING.value
        removal.save(update_fields=["originals", "files", "state"])
        refs = {"removal": removal.public_id}
        record.withdraw(actor, removal.subject, seqs, kind=kinds.ERASED, ground=removal.ground, at=at, refs=refs)
    finish(actor, removal_id, at=at)
