"""One step of the check of a pack: whether the key that sealed it follows an earlier one, which the reader holds."""

from collections.abc import Sequence

from cardcase.custody.rules import note

from .bag import Bag
from .findings import Findings
from .rules import form, succession
from .rules.form import Manifest


def follows(bag: Bag, manifest: Manifest, known: Sequence[note.Verifier]) -> note.Verifier | None:
    """Return the sealing key when the pack claims that it follows one of these; nothing is proved by that yet."""
    try:
        names = succession.names(succession.read(bag.read(form.KEYS, succession.MAX_BYTES)))
        heir = note.Verifier.parse(names[-1])
    except (KeyError, ValueError):
        return None
    is_claimed = heir.vkey == manifest.vkey and any(one.vkey in names[:-1] for one in known)
    return heir if is_claimed else None


def check(bag: Bag, manifest: Manifest, head: note.Checkpoint, findings: Findings) -> list[note.Verifier]:
    """Return the keys that lead to the one of the manifest, oldest first; none, and a fault, when one does not hold."""
    try:
        changes = succession.read(bag.read(form.KEYS, succession.MAX_BYTES))
        return succession.prove(changes, head, manifest.vkey)
    except ValueError:
        findings.fault(
            "succession_broken",
            form.KEYS,
            "换钥的证明不成立：不是旧公钥签的、不在记录里，或次序不对",
            "The change of keys is not proved: not signed by the old key, not in the record, or out of order",
        )
        return []
