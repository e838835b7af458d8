"""How heads are signed: by which key, and by both while one follows the other.

Every step leaves a state from which the next call goes on. A rotation takes four: the next key is on the disk; the
entry that names it is committed; a head that both keys signed is on the disk and committed; the next key's file takes
the place of the old one's. A head is kept in the second file before its row is committed: what has a row is always in
that file, so a file that is gone is never taken for one that is not there yet. What was signed and then not committed
is signed again, to the same bytes.
"""

from datetime import datetime

from cardcase.kit.text import Text

from . import head as heads
from . import keys, succession
from .models import HeadRow, stored
from .rules import note


def signer(head: HeadRow) -> note.Signer:
    """Return the signer of this log's key. Raises NoSigningKey when its key is missing or is another one."""
    return _holder(head, head.vkey)


def _holder(head: HeadRow, vkey: str) -> note.Signer:
    held = keys.signers(head.origin)
    for one in held:
        if one.verifier.vkey == vkey:
            return one
    if not held:
        keys.signer(head.origin)  # says why it cannot be read
    raise keys.NoSigningKey(
        "签名密钥不是这份记录的那一把",
        "The signing key is not the one of this record",
        next=Text(
            "从密钥备份恢复 log.key；找不回来，就由店主运行 cardcase ledger continue。",
            "Restore log.key from the backup of the keys; if it is lost, the owner runs cardcase ledger continue.",
        ),
    )


def can_sign(head: HeadRow) -> bool:
    """Tell whether the key of this log is here."""
    try:
        signer(head)
    except keys.NoSigningKey:
        return False
    return True


def is_rotating(head: HeadRow) -> bool:
    """Tell whether a rotation was begun and not yet ended: its entry is there, the old key still has its place."""
    present = keys.signer(head.origin).verifier.vkey
    last = _last_key(head)
    return present != head.vkey or (last is not None and last.is_pending)


def _last_key(head: HeadRow) -> succession.LogKey | None:
    return next(reversed(succession.keys_of(head.origin)), None)


def signed_note(head: HeadRow, at: datetime) -> str:
    """Return the note of the head, held by the caller's transaction: the one that was signed before, or a new one.

    Raises NoSigningKey.
    """
    text = stored.note_at(head.size)
    if text is not None:
        heads.remember(text)
        return text
    signers = [signer(head)]
    last = _last_key(head)
    if last is not None and last.is_pending and last.follows is not None:
        signers.insert(0, _holder(head, last.follows.vkey))
    text = note.sign_checkpoint(note.Checkpoint(head.origin, head.size, heads.root_of(head)), *signers)
    heads.remember(text)
    stored.keep_note(head.size, text, at=at)
    return text


def end_rotation(head: HeadRow) -> None:
    """Give the next key the place of the old one, once a head that both signed is committed."""
    coming = keys.next_signer(head.origin)
    if coming is None or coming.verifier.vkey != head.vkey:
        return
    last = _last_key(head)
    if last is not None and last.verifier.vkey == head.vkey and last.crossed:
        keys.promote_next()
