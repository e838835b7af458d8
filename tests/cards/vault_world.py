"""What the tests of the vault share: a data folder of its own, cards in stock, and a look at the ring's file."""

import json
from pathlib import Path
from typing import Any

from cardcase.cards import service
from cardcase.cards.models import Card
from cardcase.connectors.ports import CardNotice
from cardcase.kit.secret import CardCode
from cardcase.staff.rules import Actor


def use_folder(settings: Any, folder: Path, **more: Any) -> Path:
    """Let this test have its own data folder; return where its ring will lie."""
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"data": folder, **more})
    return settings.CARDCASE.keys / "vault.json"


def use_transit(settings: Any, folder: Path, server: Any) -> Path:
    """Let this test have its keys with a transit server."""
    folder.mkdir(exist_ok=True)
    (folder / "token").write_text(server.token + "\n", encoding="utf-8")
    return use_folder(
        settings, folder, vault_provider="transit", vault_address=server.address, vault_token_file=folder / "token"
    )


def ring_document(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def code_of(number: int) -> str:
    return f"K7QM-92XF-L{number:05d}-8WZA"


def stock(actor: Actor, count: int, at: Any, *, first: int = 0) -> list[str]:
    """Take cards with codes and numbers into stock; return their codes in the order of the rows."""
    codes = [code_of(number) for number in range(first, first + count)]
    notices = [
        CardNotice(code=CardCode(code), number=f"23368800{first + place:08d}", brand="星巴克", face_fen=20000)
        for place, code in enumerate(codes)
    ]
    service.stock(actor, notices, batch=f"b{first}", at=at)
    return codes


def opened(actor: Actor) -> list[str]:
    """Open every code of a shop, in the order of the rows."""
    from cardcase.cards import sealing

    return [sealing.open_code(card).expose() for card in Card.objects.filter(shop_id=actor.shop_id).order_by("pk")]
