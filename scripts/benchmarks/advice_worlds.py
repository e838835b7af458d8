"""Simulated trades for ``make bench-advice``: what really happened, what is seen of it, and what each remedy loses.

Three families of worlds. They have rates of their own and read nothing of ``advice.toml``, but one author wrote both, and
a few numbers there were chosen after looking at seeds 0–19 and 100–107 of these families:

``plain``   evidence is independent given the cause, as the advice supposes, with rates of its own.
``tangled`` a hidden quality of the lot and a hidden honesty of the buyer move several pieces of evidence at once;
            friendly fraud is heavier; dishonest buyers keep the redemption state back and redeem through other accounts;
            redemption is misread more often; the platform sees some of the truth.
``dim``     like ``plain``, but the redeeming account is hardly ever known, histories say little, and half of the states
            are unknown.

A world perturbs its family: each cause's share (log-normal, σ .35), odds of winning ±30 %, labour and the cost of a lost
dispute ±50 %, replacement and salvage ±10 %, each rate of observation ±30 %. Amounts are log-normal with mean ¥137.

Loss of a remedy = expected cost to the shop + expected money wrongly withheld from a buyer who is owed (seller-fault
causes and issuer locks). Owed is the claim; for a balance short before delivery by less than half, the part that was
missing. A refused buyer goes to the platform with probability q, which is higher for buyers in the right. A part is taken
with a probability that grows with it, and less by buyers in the right. The oracle knows cause, state and who redeemed, and
takes the remedy of least loss (full, replacement, the same code again, the owed part, half, refusal).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

Case = dict[str, Any]

# cause: weight, owed?, state (unredeemed, after, before), who redeemed after (share of "buyer"), claims
CAUSES: dict[str, tuple[float, bool, tuple[float, float, float], float, dict[str, float]]] = {
    "dead_code": (0.12, True, (0.9, 0.03, 0.07), 0.5, {"A1": 0.75, "A2": 0.1, "A4": 0.05, "V1": 0.05, "A3": 0.05}),
    "sold_before": (0.14, True, (0.0, 0.0, 1.0), 0.0, {"A2": 0.55, "A1": 0.3, "V1": 0.15}),
    "sold_after": (0.065, True, (0.0, 1.0, 0.0), 0.0, {"A2": 0.55, "A1": 0.3, "V1": 0.15}),
    "short": (0.07, True, (0.5, 0.2, 0.3), 0.9, {"V1": 0.6, "V2": 0.3, "V3": 0.1}),
    "wrong": (0.05, True, (0.85, 0.15, 0.0), 0.9, {"A5": 0.5, "V3": 0.3, "V6": 0.2}),
    "short_life": (0.02, True, (0.95, 0.05, 0.0), 0.9, {"V4": 0.9, "A1": 0.1}),
    "undelivered": (0.03, True, (1.0, 0.0, 0.0), 0.0, {"O1": 0.95, "O8": 0.05}),
    "locked": (0.02, True, (0.7, 0.3, 0.0), 0.9, {"A4": 0.8, "A1": 0.2}),
    "fraud": (0.22, False, (0.0, 1.0, 0.0), 0.9, {"A2": 0.35, "A1": 0.45, "V1": 0.15, "O1": 0.05}),
    "spent": (0.06, False, (0.0, 1.0, 0.0), 0.95, {"V1": 0.65, "V2": 0.35}),
    "regret": (0.1, False, (0.7, 0.3, 0.0), 0.97, {"P1": 0.7, "P3": 0.15, "P2": 0.1, "A1": 0.05}),
    "mistake": (0.1, False, (0.85, 0.15, 0.0), 0.97, {"P2": 0.4, "A5": 0.2, "A1": 0.3, "P5": 0.1}),
    "dear": (0.04, False, (0.5, 0.5, 0.0), 0.97, {"V5": 0.7, "P3": 0.3}),
}
LOT = ("dead_code", "sold_before", "sold_after", "short", "locked")
"""Causes that come from the lot."""
STATES = ("unredeemed", "after_reveal", "before_reveal")
SUB_REASONS = (
    "A1",
    "A2",
    "A3",
    "A4",
    "A5",
    "P1",
    "P2",
    "P3",
    "P4",
    "P5",
    "V1",
    "V2",
    "V3",
    "V4",
    "V5",
    "V6",
    "O1",
    "O8",
)


@dataclass(frozen=True)
class Family:
    """What sets a family of worlds apart."""

    name: str
    unknown: float
    account_known: float
    misread: float
    odd_claim: float
    fraud_weight: float = 1.0
    history: float = 1.0
    is_tangled: bool = False


FAMILIES = {
    "plain": Family("plain", 0.35, 0.45, 0.02, 0.04),
    "tangled": Family("tangled", 0.38, 0.4, 0.06, 0.08, fraud_weight=1.4, is_tangled=True),
    "dim": Family("dim", 0.5, 0.1, 0.03, 0.06, history=0.4),
}


@dataclass
class World:
    """One perturbed world. ``known``: share of the unknown redemption states that somebody looked up."""

    family: Family
    seed: int
    known: float = 0.0
    dice: Random = field(init=False)

    def __post_init__(self) -> None:
        dice = self.dice = Random(f"{self.family.name}-{self.seed}")
        self.weights = {
            name: cause[0]
            * dice.lognormvariate(0, 0.35)
            * (self.family.fraud_weight if name in ("fraud", "spent") else 1)
            for name, cause in CAUSES.items()
        }
        self.rates = {
            name: dice.uniform(0.7, 1.3) for name in ("unknown", "account", "admit", "check", "paper", "loyal")
        }
        self.win = {name: dice.uniform(0.7, 1.3) for name in ("base", "after", "account", "paper", "truth")}
        self.labour = 800 * dice.uniform(0.5, 1.5)
        self.loss = 2500 * dice.uniform(0.5, 1.5)
        self.replacement = dice.uniform(0.86, 1.0)
        self.salvage = dice.uniform(0.75, 0.95)
        self.escalates = dice.uniform(0.5, 0.8)
        self.takes = dice.uniform(0.7, 1.3)
        self.second = dice.uniform(0.02, 0.08)

    def cases(self, count: int) -> Iterator[Case]:
        """Deal cases: what is seen under "seen", the truth beside it."""
        names, weights = list(self.weights), list(self.weights.values())
        for number in range(count):
            yield self._case(number, self.dice.choices(names, weights)[0])

    def _case(self, number: int, cause: str) -> Case:
        dice, family = self.dice, self.family
        _, owed, states, own, claims = CAUSES[cause]
        price = max(300, round(dice.lognormvariate(9.205, 0.8)))
        state = dice.choices(STATES, states)[0]
        honest = min(1.0, max(0.0, dice.gauss(0.75 if owed or cause == "mistake" else 0.45, 0.2)))
        sound = min(1.0, max(0.0, dice.gauss(0.35 if cause in LOT else 0.65, 0.22)))
        if not family.is_tangled:
            honest, sound = (0.7 if owed or cause == "mistake" else 0.5), (0.4 if cause in LOT else 0.62)
        by_buyer = state == "after_reveal" and dice.random() < own * (0.55 + 0.5 * honest if family.is_tangled else 1)
        promised = max(price, round(price * dice.uniform(1.0, 1.15) / 100) * 100)
        left = self._left(cause, state, promised)
        code = dice.choices(list(claims), list(claims.values()))[0]
        if dice.random() < family.odd_claim:
            code = dice.choice(SUB_REASONS)
        voidable = state != "before_reveal" and dice.random() < 0.6
        is_ours = cause == "undelivered"  # a code that never left can be sold to somebody else
        can_void = is_ours or (
            voidable and state == "unredeemed" and cause not in ("dead_code", "short_life", "locked")
        )
        seen = self._seen(number, cause, state, by_buyer=by_buyer, honest=honest, sound=sound)
        salvage = round(price * self.salvage)
        seen |= {
            "amount_fen": price, "paid_fen": price, "reason": {"A": "authenticity", "P": "personal", "V": "value", "O": "other"}[code[0]],
            "sub_reason": code if dice.random() > 0.05 else None, "promised_fen": promised,
            "verified_balance_fen": left if code[0] == "V" and dice.random() < 0.4 else None,
            "voidable": voidable, "salvage_fen": salvage, "replacement_cost_fen": round(promised * self.replacement * 0.95),
            "labour_fen": round(self.labour), "platform_loss_cost_fen": round(self.loss),
            "time_left_s": round(dice.uniform(600, 172_800)),
        }  # fmt: skip
        part = price
        if cause == "short" and left * 2 > promised:
            part = max(1, round(price * (promised - left) / promised))
        case = {
            "seen": seen, "cause": cause, "owed": part if owed else 0, "price": price, "by_buyer": by_buyer,
            "salvage": salvage if can_void else 0, "replacement": seen["replacement_cost_fen"], "state": state,
            "win": self._win(seen, owed=owed), "q": min(0.95, self.escalates * (1.2 if owed else 0.95)),
            "can_replace": state != "unredeemed" or can_void or owed,
        }  # fmt: skip
        case["best"] = min(self.lose(case, *one)[0] for one in self._choices(case))
        return case

    def _left(self, cause: str, state: str, promised: int) -> int:
        dice = self.dice
        if cause in ("short", "spent"):
            return round(promised * dice.choice([0.1, 0.3, 0.5, 0.6, 0.75, 0.9]))
        if state != "unredeemed" or cause == "dead_code":
            return 0 if dice.random() < 0.93 else round(promised * dice.uniform(0.1, 0.9))
        return promised

    def _seen(self, number: int, cause: str, state: str, *, by_buyer: bool, honest: float, sound: float) -> Case:
        dice, family, rates = self.dice, self.family, self.rates
        unknown = family.unknown * rates["unknown"] * (1.5 - 0.7 * honest if family.is_tangled else 1)
        shown = state if dice.random() > family.misread else dice.choice(STATES)
        if dice.random() < unknown and dice.random() >= self.known:
            shown = "unknown"
        account = None
        if shown in ("after_reveal", "unknown") and state == "after_reveal" and dice.random() < family.account_known * rates["account"] * (
            0.5 if shown == "unknown" else 1
        ):  # fmt: skip
            account = by_buyer if dice.random() > family.misread else not by_buyer
        loyal = dice.random() < (0.2 + 0.4 * honest * family.history) * min(1.0, rates["loyal"])
        undisputed = dice.randint(1, 8) if loyal else 0
        disputes = (
            sum(dice.random() < (0.55 - 0.5 * honest) * family.history + 0.05 for _ in range(3))
            if dice.random() < 0.6
            else 0
        )
        sold = dice.choice([0, 0, 3, 8, 20, 50])
        fails = (0.16 if cause in LOT else 0.02) if not family.is_tangled else max(0.01, 0.25 * (0.7 - sound))
        used = by_buyer and dice.random() < 0.22 * rates["admit"] * (1.4 * honest if family.is_tangled else 1)
        is_paper = dice.random() < sound * rates["paper"]
        return {
            "id": number,
            "redemption": shown,
            "redeemed_by_buyer_account": account,
            "provenance": dice.choices(["full", "partial"], [0.6, 0.4])[0]
            if is_paper
            else dice.choice(["none", "partial", "none"]),
            "pre_sale_check": dice.random() < (0.15 + 0.6 * sound) * min(1.1, rates["check"]),
            "terms_acknowledged": dice.random() < 0.55,
            "admission": used or dice.random() < 0.01,
            "buyer": {"orders": undisputed + disputes + 1, "disputes": disputes, "prior_undisputed": undisputed},
            "siblings": {"sold": sold, "failed": sum(dice.random() < fails for _ in range(sold))},
            "delivered": cause != "undelivered" or dice.random() < 0.1,
        }

    def _win(self, seen: Case, *, owed: bool) -> float:
        weights = self.win
        logit = -1.1 * weights["base"]
        if seen["redemption"] == "after_reveal" or seen["redeemed_by_buyer_account"]:
            logit += 2.2 * weights["after"]
        if seen["redemption"] == "before_reveal" or not seen["delivered"]:
            logit -= 1.5
        if seen["redeemed_by_buyer_account"] or seen["admission"]:
            logit += 0.8 * weights["account"]
        elif seen["redeemed_by_buyer_account"] is False:
            logit -= 1.2 * weights["account"]
        papers = (seen["provenance"] == "full") + seen["pre_sale_check"] + seen["terms_acknowledged"]
        logit += 0.25 * weights["paper"] * papers
        logit += (-0.7 if owed else 0.4) * weights["truth"] * (1.5 if self.family.is_tangled else 0.6)
        return 1 / (1 + 2.718281828**-logit)

    def _choices(self, case: Case) -> Iterator[tuple[str, int | None]]:
        yield "full_refund", None
        yield "decline", None
        yield "partial_refund", case["price"] // 2
        if case["can_replace"]:
            yield "replace_card", None
        if 0 < case["owed"] < case["price"]:
            yield "partial_refund", case["owed"]
        if case["cause"] == "undelivered":
            yield "resend_same_code", None

    def lose(self, case: Case, kind: str, amount: int | None) -> tuple[float, float]:
        """Say what a remedy loses in all, and the shop's part of it."""
        price, owed, salvage = case["price"], case["owed"], case["salvage"]
        if kind == "full_refund":
            return price - salvage, price - salvage
        if kind == "replace_card":
            cost = case["replacement"] - salvage + price * (self.second if owed else 4 * self.second)
            return cost, cost
        if kind == "resend_same_code":
            cost = self.labour
            withheld = 0 if case["cause"] == "undelivered" else owed * (1 - case["q"] * (1 - case["win"]))
            return cost + withheld, cost
        contested = self.labour + (1 - case["win"]) * (price + self.loss)
        refused = case["q"] * contested + (0.07 * price * (1 - case["q"] * (1 - case["win"])) if owed else 0)
        withheld = owed * (1 - case["q"] * (1 - case["win"]))
        if kind == "decline":
            return refused + withheld, refused
        part = min(amount or 0, price)
        is_enough = part >= owed > 0
        takes = 0.95 if is_enough else min(0.95, self.takes * (0.25 + 0.7 * part / price) * (0.8 if owed else 1.1))
        cost = takes * part + (1 - takes) * refused
        return cost + takes * max(owed - part, 0) + (1 - takes) * withheld, cost
