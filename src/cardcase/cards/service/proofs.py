"""Files that prove something of a card or batch: kept encrypted, opened under record, older ones brought under seal.

Screenshots of balances and the issuer's answers may show a code, so opening one is like looking at a code: a person
with the right to, a reason, and the record of it on the disk before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cardcase.cards import queries, sealed_files
from cardcase.cards.models import ProofFile
from cardcase.cards.sealed_files import OpenedFile, Use
from cardcase.custody import files
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import media
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor, Permission

from .keys import Step
from .reveal import given_reason, require_person


@dataclass(frozen=True, slots=True)
class SealedProofs:
    """What became of proofs that lay readable: brought under seal, plain files removed, named but not there.

    ``shared`` are plain files that stay because something else, such as an exhibit, is kept under the same name.
    """

    sealed: int
    removed: int
    shared: int
    missing: int


def keep(actor: Actor, subject: str, data: bytes, *, at: datetime) -> str:
    """Keep a proof of a card or batch (public id) encrypted; return the SHA-256 of what came, empty without any.

    Call it inside the transaction of the fact that it proves. Raises what the vault raises.
    """
    return _keep(actor.shop_id, subject, data, at) if data else ""


def _keep(shop_id: int, subject: str, data: bytes, at: datetime) -> str:
    done = sealed_files.keep(shop_id, [data], Use.PROOF)
    ProofFile.objects.get_or_create(
        shop_id=shop_id,
        subject=subject,
        sha256=done.sha256,
        defaults={
            "sealed_sha256": done.sealed_sha256,
            "key_sealed": done.key_sealed,
            "mime": media.media_of(data[: media.HEAD]),
            "size": done.size,
            "kept_at": at,
        },
    )
    return done.sha256


def open_proof(actor: Actor, subject: str, proof: str, *, reason: str, at: datetime) -> OpenedFile:
    """Open a proof of a card or batch for a person with the right to see codes; the record of it is on the disk before.

    It commits by itself, so it cannot run inside another transaction (RuntimeError). Raises NotAllowed, NotFound,
    WrongUse without a reason, SealBroken.
    """
    require_person(actor, Permission.REVEAL)
    reason = given_reason(actor, reason)
    with transaction.atomic(durable=True):
        file = ProofFile.objects.visible_to(actor).filter(subject=subject, public_id=proof).first()
        if file is None:
            raise NotFound("没有这份凭证", "There is no such proof")
        facts: dict[str, custody.JSON] = {
            "file": file.public_id,
            "sha256": file.sha256,
            "reason": reason,
            "by": actor.label,
        }
        custody.append(actor, Record("card.proof_opened", subject, at, facts))
    pieces = sealed_files.opened(file.shop_id, file.sealed_sha256, bytes(file.key_sealed), Use.PROOF)
    return OpenedFile(file.mime, f"{file.public_id}.{media.ENDINGS[file.mime]}", file.size, pieces)


def seal_old_proofs(
    actor: Actor, elsewhere: Sequence[tuple[str, str]], *, at: datetime, step: Step | None = None
) -> SealedProofs:
    """Bring the installation's proofs under seal that lie readable from before they were encrypted. For the owner.

    ``elsewhere`` are the columns (``app.Model``, field) of other rooms that name kept files: a plain file that one of
    them names stays. One transaction a file; it can be killed anywhere and run again. Raises NotAllowed.
    """
    actor.require(Permission.MANAGE_SHOP)
    sealed = missing = 0
    old = queries.unsealed_proofs(actor)
    for done, (shop_id, subject, sha256) in enumerate(old, 1):
        try:
            data = files.read(sha256)
        except NotFound:
            missing += 1
            continue
        with transaction.atomic():
            _keep(shop_id, subject, data, at)
        sealed += 1
        if step is not None:
            step(done, len(old), "proof")
    plain = queries.plain_proofs(actor)
    kept = queries.named_elsewhere(actor, elsewhere, plain)
    gone = sorted(plain - kept)
    for sha256 in gone:
        files.remove(sha256)
    if sealed or gone:
        facts: dict[str, custody.JSON] = {"sealed": sealed, "removed": len(gone), "by": actor.label}
        with transaction.atomic():
            custody.append(actor, Record("vault.proofs_sealed", "vault_ring", at, facts))
    return SealedProofs(sealed, len(gone), len(kept), missing)
