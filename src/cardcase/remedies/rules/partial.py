"""N7: how much of the price belongs back when a card held less than promised. Integers of 分 only."""

from dataclasses import dataclass

from cardcase.kit.money import yuan
from cardcase.kit.text import Text


@dataclass(frozen=True, slots=True)
class Part:
    """The amount of a partial refund and the one sentence that explains it."""

    amount_fen: int
    text: Text
    is_capped: bool = False


def part_of_price(
    price_fen: int, promised_fen: int, remaining_fen: int, *, least_fen: int = 1, most_fen: int | None = None
) -> Part:
    """Return price × (promised − remaining) / promised, rounded half up to 1 分, kept within the platform's bounds.

    ``remaining_fen`` is the verified balance left. Raises ValueError when nothing is missing or a value is absurd.
    """
    if price_fen <= 0 or promised_fen <= 0 or remaining_fen < 0:
        raise ValueError("price and promised value are positive, the balance left is not negative")
    short_fen = promised_fen - remaining_fen
    if short_fen <= 0:
        raise ValueError("nothing is missing from what was promised")
    exact = (2 * price_fen * short_fen + promised_fen) // (2 * promised_fen)
    most = price_fen if most_fen is None else min(most_fen, price_fen)
    amount = max(least_fen, min(exact, most))
    sum_zh = f"{yuan(price_fen)} × 少的 {yuan(short_fen)} ÷ 应有 {yuan(promised_fen)} = {yuan(exact)}"
    sum_en = f"{yuan(price_fen)} × missing {yuan(short_fen)} ÷ promised {yuan(promised_fen)} = {yuan(exact)}"
    if amount != exact:
        sum_zh += f"，按平台上下限取 {yuan(amount)}"
        sum_en += f", within the platform's bounds {yuan(amount)}"
    return Part(amount, Text(f"{sum_zh}。", f"{sum_en}."), amount != exact)
