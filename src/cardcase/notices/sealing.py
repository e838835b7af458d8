"""Putting an address under seal and opening it again. It opens in its own row only."""

import json
from dataclasses import asdict

from cardcase.cards import vault

from .models import NoticeTarget
from .rules import Address, TargetKind


def seal(shop_id: int, public_id: str, address: Address) -> bytes:
    """Seal an address for one row."""
    return vault.seal(json.dumps(asdict(address)).encode(), context=_context(shop_id, public_id))


def open_address(target: NoticeTarget) -> Address:
    """Open the address of a target, for sending. Raises VaultKeyMissing or SealBroken."""
    plain = json.loads(
        vault.open_sealed(bytes(target.address_sealed), context=_context(target.shop_id, target.public_id))
    )
    return Address(**{**plain, "kind": TargetKind(plain["kind"]), "to": tuple(plain["to"])})


def _context(shop_id: int, public_id: str) -> str:
    return f"{shop_id}|{public_id}|address|1"
