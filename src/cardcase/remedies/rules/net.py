"""What a case left in the till once it is over, in integer 分: kept money, what was given, what came back."""

from dataclasses import dataclass

from cardcase.kit.money import yuan
from cardcase.kit.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """The sum of a case. ``net_fen`` is None while a part of it is not known; nothing is guessed."""

    paid_fen: int | None
    back_fen: int  # money that went to the buyer
    cards_fen: int | None  # what the cards given in replacement cost us; None: a cost is not recorded
    recovered_fen: int  # what came back from the supplier

    @property
    def net_fen(self) -> int | None:
        """What was kept in the end; negative when more was given than was ever paid."""
        if self.paid_fen is None or self.cards_fen is None:
            return None
        return self.paid_fen - self.back_fen - self.cards_fen + self.recovered_fen

    @property
    def text(self) -> Text:
        """Say the sum in one line."""
        paid = yuan(self.paid_fen) if self.paid_fen is not None else "?"
        cards = yuan(self.cards_fen) if self.cards_fen is not None else "?"
        net = yuan(self.net_fen) if self.net_fen is not None else "?"
        return Text(
            f"净得 {net} = 实付 {paid} − 退出 {yuan(self.back_fen)} − 换卡成本 {cards} "
            f"+ 货源方赔回 {yuan(self.recovered_fen)}",
            f"Net {net} = paid {paid} − given back {yuan(self.back_fen)} − replacement cards {cards} "
            f"+ recovered {yuan(self.recovered_fen)}",
        )


def net_of(
    *,
    paid_fen: int | None,
    refunded_fen: int | None,
    on_platform_fen: int,
    beside_fen: int,
    card_costs: tuple[int | None, ...],
    recovered_fen: int,
) -> Net:
    """Add up a case. ``refunded_fen``: what the platform shows as paid back, None when it shows nothing.

    The platform's figure and our verified refunds there are the same money: its own figure counts when it has one.
    """
    back = (refunded_fen if refunded_fen is not None else on_platform_fen) + beside_fen
    known = [cost for cost in card_costs if cost is not None]
    cards = sum(known) if len(known) == len(card_costs) else None
    return Net(paid_fen=paid_fen, back_fen=back, cards_fen=cards, recovered_fen=recovered_fen)
