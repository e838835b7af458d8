"""One attempt at a cosignature: hand the newest head to a witness with the proof that it continues what it has seen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from cardcase.anchors import outside, queries
from cardcase.anchors.models import Cosignature, WitnessState
from cardcase.anchors.outside import CameToNothing
from cardcase.anchors.rules import cosign, plan
from cardcase.anchors.rules.policy import Listed
from cardcase.custody import queries as ledger
from cardcase.custody.rules import note
from cardcase.custody.rules.note import BadNote, Checkpoint
from cardcase.staff.rules import Actor, Permission

from .promising import promise
from .rows import Writing, anchors, by_hand, system, try_again, write_own

_REFUSALS: Final[Mapping[int, str]] = {
    HTTPStatus.UNPROCESSABLE_ENTITY: "witness_refused",
    HTTPStatus.FORBIDDEN: "witness_unknown_key",
    HTTPStatus.NOT_FOUND: "witness_unknown_log",
}
"""What an answer of add-checkpoint means (C2SP tlog-witness)."""

_MOST_ROUNDS: Final = 2
"""A 409 tells the size that the witness knows; it is asked once more from there."""


def try_witness(actor: Actor | None, key_id: str, *, at: datetime, writing: Writing = by_hand) -> str:
    """Make one attempt with the witness of this key id; return its code, empty when the head is cosigned.

    Reaches outside, so not inside a transaction. Never raises for what a witness does; owes the next attempt then.
    """
    assert actor is None or actor.may(Permission.READ)
    told = anchors()
    listed = next((one for one in queries.witnesses(told) if one.witness.ident.hex() == key_id), None)
    signed = ledger.latest_checkpoint(system())
    if listed is None or told.witness is None or not signed:
        return "no_config"
    head = Checkpoint.parse(note.split(signed)[0])
    if Cosignature.objects.filter(size=head.size, key_id=key_id).exists():
        return ""
    defaults = {"name": listed.witness.name[:200]}
    state, _ = WitnessState.objects.get_or_create(key_id=key_id, defaults=defaults)
    try:
        line = _ask(listed, state, head, signed, allow_private=told.witness.private)
    except CameToNothing as nothing:
        with writing():
            state.tries += 1
            state.last_code, state.last_at = nothing.code, at
            state.next_at = try_again("anchors.cosign", {"witness": key_id}, state.tries, at=at)
            state.save()
        return nothing.code
    with writing():
        _keep(listed, state, head.size, line, at=at)
    return ""


def _ask(
    listed: Listed, state: WitnessState, head: Checkpoint, signed: str, *, allow_private: bool
) -> cosign.Cosignature:
    """Ask until there is a line that holds. Raises CameToNothing; notes the size that the witness tells."""
    for _round in range(_MOST_ROUNDS):
        old = min(state.known_size, head.size)
        proof: Sequence[bytes] = ()
        if 0 < old < head.size:
            proof = ledger.consistency_proof(system(), old, head.size)
        body = cosign.write_request(old, proof, signed)
        reply = outside.add_checkpoint(listed.url, body, allow_private=allow_private)
        if reply.status == HTTPStatus.OK:
            return _line(listed, signed, reply.body)
        if reply.status != HTTPStatus.CONFLICT:
            raise CameToNothing(_REFUSALS.get(reply.status, "http_status"), reply)
        size = cosign.read_size(reply.body)
        if size is None:
            raise CameToNothing("http_status", reply)
        state.known_size = size
        if size > head.size:
            raise CameToNothing("witness_ahead", reply)
    raise CameToNothing("http_status")


def _line(listed: Listed, signed: str, body: bytes) -> cosign.Cosignature:
    """Read the answer as C2SP advises: put it under the note, and take what holds by the key that is known."""
    try:
        found = cosign.holding(signed + body.decode(), [listed.witness])
    except (BadNote, UnicodeDecodeError) as error:
        raise CameToNothing("witness_broken") from error
    if not found:
        raise CameToNothing("witness_broken")
    return found[0]


def _keep(listed: Listed, state: WitnessState, size: int, held: cosign.Cosignature, *, at: datetime) -> None:
    state.known_size, state.tries, state.next_at = size, 0, None
    state.last_code, state.last_at = "", at
    state.save()
    row, is_new = Cosignature.objects.get_or_create(
        size=size,
        key_id=state.key_id,
        defaults={
            "name": listed.witness.name[:200],
            "vkey": listed.witness.vkey,
            "is_own": listed.is_own,
            "line": held.line,
            "seen_at": held.at,
        },
    )
    if not is_new:
        return
    refs = {
        "witness": state.key_id,
        "size": str(size),
        "time": str(held.seconds),
        "own": "yes" if listed.is_own else "no",
    }
    row.entry_seq = write_own(plan.COSIGNED, at, {"witness": listed.witness.name, "size": size}, refs)
    row.save(update_fields=["entry_seq"])


def cosign_now(actor: Actor, *, at: datetime) -> tuple[queries.WitnessView, ...]:
    """Hand the present head to every witness and wait; return how each stands. For the command line."""
    actor.require(Permission.MANAGE_SHOP)
    promise(actor, at=at, is_forced=True)
    for listed in queries.witnesses(anchors()):
        try_witness(None, listed.witness.ident.hex(), at=at)
    return queries.standing(actor, at=at).witnesses
