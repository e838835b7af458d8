"""What kind of card is wanted, and whether one card may be given for it. Pure."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from cardcase.kit.money import yuan

FORMS: Final = ("code", "physical")


@dataclass(frozen=True, slots=True)
class CardKind:
    """One kind of card: brand, face value in 分, region and whatever else tells kinds apart, such as 「季卡」.

    ``form`` is code, or physical for a thing that is sent in a parcel.
    """

    brand: str
    face_fen: int
    region: str = ""
    spec: str = ""
    form: str = "code"

    def title(self) -> str:
        """Name the kind: 「苹果充值卡 ¥200.00 中国大陆」."""
        return " ".join(part for part in (self.brand, yuan(self.face_fen), self.region, self.spec) if part)

    def key(self) -> str:
        """Return all that tells this kind from others, as a form sends it back."""
        return json.dumps([self.brand, self.face_fen, self.region, self.spec, self.form], ensure_ascii=False)


def first_day_long_enough(on: date, least_days: int) -> date:
    """Return the first day of expiry that is long enough, for a card that is given out on a day.

    ``least_days`` is the shop's own rule (Shop.least_validity_days); a card that expires earlier is not given out.
    Unnamed prepaid cards are valid for three years by law (单用途商业预付卡管理办法 §19), so most pass.
    """
    return on + timedelta(days=max(least_days, 0))
