"""Collect for a pack what third parties said of the record: notes, tokens, certificates, cosigned heads, the policy.

Of every authority the tokens that bound the pack's records on either side, their renewals, and the newest; not the
thousands between.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from cardcase.anchors import queries as anchors
from cardcase.anchors import service as anchoring
from cardcase.anchors.queries import KeptStamp
from cardcase.anchors.rules import stamp
from cardcase.anchors.rules.config import BadAnchors
from cardcase.anchors.rules.plan import RENEWED, STAMPED
from cardcase.custody import queries as ledger
from cardcase.custody.rules import note
from cardcase.staff.rules import Actor

from .rules import form, stamping
from .rules.stamping import CosignedHead, Listed, StampList


def members(actor: Actor, seqs: Sequence[int], head: note.Checkpoint) -> dict[str, bytes]:
    """Return the members that vouch for these entries under the head of a pack; nothing when nobody was ever asked."""
    kept = anchors.kept_stamps(actor, up_to=head.size)
    heads = anchors.cosigned_heads(actor, up_to=head.size)
    pending = anchors.awaited(actor)
    if not kept and not heads and not pending:
        return {}
    chosen = list(_chosen(kept, sorted(seqs)))
    found: dict[str, bytes] = {}
    held = anchors.stamp_bytes(actor, [one.pk for one in chosen])
    entries = ledger.own_entries(actor, [STAMPED, RENEWED], [one.entry_seq for one in chosen])
    proved = [one.entry_seq for one in chosen if one.entry_seq < head.size]
    paths = ledger.inclusion_proofs(actor, proved, head.size)
    names = {one.token_sha256: f"{form.STAMPS}{one.token_sha256}.tsr" for one in chosen}
    listed = []
    for one in chosen:
        token = names[one.token_sha256]
        certificates = token.replace(".tsr", ".pem")
        kept_bytes = held[one.pk]
        text = _note_path(one.size, kept_bytes.note)
        found[token], found[text] = kept_bytes.reply, kept_bytes.note.encode()
        found[certificates] = _certificates(kept_bytes.reply)
        is_inside = one.entry_seq < head.size
        listed.append(
            Listed(
                authority=one.authority,
                size=one.size,
                note=text,
                token=token,
                certificates=certificates,
                over=names[one.over_sha256] if one.over_sha256 else "",
                consistency=_continued(actor, one.size, head.size),
                entry=entries[one.entry_seq] if is_inside else b"",
                path=tuple(paths[one.entry_seq]) if is_inside else (),
            )
        )
    cosigned = []
    for size, text, own in heads:
        path = f"{form.CHECKPOINTS}{size}-cosigned.note"
        found[path] = text.encode()
        cosigned.append(CosignedHead(size, path, tuple(own), _continued(actor, size, head.size)))
    found[stamping.LIST] = StampList(tuple(listed), tuple(cosigned), tuple(pending)).encode()
    policy = anchors.policy_text(actor)
    if policy:
        found[f"{form.STAMPS}witness-policy.txt"] = policy
    return found


def deposit(actor: Actor, pack: str, manifest: bytes, *, at: datetime) -> None:
    """Promise to hand the hashes of a pack's manifest to the deposit services that are on.

    Settings that cannot be read keep no pack from being exported: ``anchors.queries.standing`` tells of them.
    """
    listed = form.list_file(form.MANIFEST, manifest)
    with suppress(BadAnchors):
        anchoring.deposit(actor, pack, listed.size, listed.sha256, listed.sm3, at=at)


def _note_path(size: int, text: str) -> str:
    """Name the member with the very bytes that were stamped: one head may have been signed with one key or two."""
    return f"{form.CHECKPOINTS}{size}-{len(note.split(text)[1])}-stamped.note"


def _chosen(kept: Sequence[KeptStamp], seqs: Sequence[int]) -> Iterator[KeptStamp]:
    """Choose of each authority the tokens nearest to the entries on both sides and the newest, with all renewals."""
    wanted: set[str] = set()
    for authority in {one.authority for one in kept}:
        mine = [one for one in kept if one.authority == authority and not one.over_sha256]  # by size
        by_entry = sorted(mine, key=lambda one: one.entry_seq)
        sizes, numbers = [one.size for one in mine], [one.entry_seq for one in by_entry]
        for seq in seqs:
            after, before = bisect_right(sizes, seq), bisect_left(numbers, seq)
            wanted.update(
                one.token_sha256 for one in (*mine[after : after + 1], *by_entry[max(before - 1, 0) : before])
            )
        wanted.update(one.token_sha256 for one in mine[-1:])
    renewals: Mapping[str, list[KeptStamp]] = {one.token_sha256: [] for one in kept}
    for one in kept:
        if one.over_sha256 in renewals:
            renewals[one.over_sha256].append(one)
    rest = sorted(wanted)
    while rest:
        more = [one.token_sha256 for name in rest for one in renewals[name] if one.token_sha256 not in wanted]
        wanted.update(more)
        rest = more
    # A renewal of a token that is not here would prove nothing; one that is here has its token here.
    return (one for one in kept if one.token_sha256 in wanted and (not one.over_sha256 or one.over_sha256 in wanted))


def _certificates(reply: bytes) -> bytes:
    try:
        return stamp.pem_of(stamp.read(reply))
    except (stamp.BadStamp, ValueError):
        return b""  # of a kind that is not read here; the reply itself holds them


def _continued(actor: Actor, old: int, new: int) -> tuple[bytes, ...]:
    return tuple(ledger.consistency_proof(actor, old, new)) if 0 < old < new else ()
