"""Whose each panel is: by the votes of all panels of its colour; and what is a card because it is nobody's."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from .log import Kind, Who
from .parts import Avatars, Part, beside, distance
from .seen import Colour

_SAME: Final = 16
"""Colours this near are one theme's one colour. JPEG moves them by some 4."""
_STRONG: Final = 0.22
"""Saturation from which a bubble is coloured on purpose: that of the phone's owner."""
_MOST_TRUST: Final = 4
_ALONG: Final = 0.02
"""How exactly bubbles cling to their edge, to the width."""
_BY_EDGE: Final = 0.05
_GUESSED: Final = 0.6


@dataclass(frozen=True, slots=True)
class Speakers:
    """Says whose the parts of one picture are. ``wide``: its width."""

    parts: Sequence[Part]
    avatars: Avatars
    wide: int

    def decide(self) -> None:
        """Set ``who`` and ``sure`` of every part; what turns out to be a card becomes one."""
        self._by_colours()
        self._cards_at_the_other_side()
        self._pictures_by_their_edges()

    def _by_colours(self) -> None:
        """Say whose each panel is: by the votes of all panels of its colour, pictures by their own."""
        groups: list[list[Part]] = []
        for part in self.parts:
            if part.kind is Kind.CARD:
                continue
            if part.kind is Kind.PICTURE:
                part.who, part.sure = _decided([self._votes(part)])
                continue
            for group in groups:
                if distance(group[0].panel.colour, part.panel.colour) <= _SAME:
                    group.append(part)
                    break
            else:
                groups.append([part])
        for group in groups:
            votes = [self._votes(part) for part in group]
            sides = {side for vote in votes for side, weight in vote.items() if weight >= _MOST_TRUST}
            if len(sides) > 1:  # one colour for both, or a card in the other's place; else each stands for itself
                self._cards_among(group, votes, groups)
                for part, vote in zip(group, votes, strict=True):
                    is_card = part.kind is Kind.CARD
                    part.who, part.sure = (Who.PLATFORM, 1.0) if is_card else _decided([vote])
                continue
            if _saturation(group[0].panel.colour) >= _STRONG:
                votes.append({Who.OWN: 2})
            who, sure = _decided(votes)
            for part in group:
                part.who, part.sure = who, sure
        self._by_the_other(groups)

    def _cards_among(
        self, group: Sequence[Part], votes: Sequence[dict[Who, int]], groups: Sequence[Sequence[Part]]
    ) -> None:
        """Take for cards what has one person's colour beside the other's avatar, when he has a colour of his own."""
        strong = [max(vote, key=lambda who: vote[who]) if vote else Who.UNCLEAR for vote in votes]
        for who in (Who.OWN, Who.PEER):
            other = Who.OWN if who is Who.PEER else Who.PEER
            has_own_colour = any(
                part.lines and self._beside(part) == {who} for one in groups if one[0] is not group[0] for part in one
            )
            if not has_own_colour or strong.count(who) >= strong.count(other):
                continue
            for part, vote in zip(group, votes, strict=True):
                if vote.get(who, 0) >= _MOST_TRUST and not vote.get(other):
                    part.kind = Kind.CARD

    def _pictures_by_their_edges(self) -> None:
        """Say whose a picture is that stands where one's bubbles begin, when an edge has cut off its avatar."""
        texts = [part for part in self.parts if part.kind is Kind.TEXT and self._beside(part) == {part.who}]
        lefts = [part.panel.box.left for part in texts if part.who is Who.PEER]
        rights = [part.panel.box.right for part in texts if part.who is Who.OWN]
        near = _BY_EDGE * self.wide
        for part in self.parts:
            if part.kind is not Kind.PICTURE or part.who is not Who.UNCLEAR:
                continue
            box = part.panel.box
            is_peer = bool(lefts) and abs(box.left - median(lefts)) < near
            is_own = bool(rights) and abs(box.right - median(rights)) < near
            if is_peer is not is_own:
                part.who, part.sure = Who.PEER if is_peer else Who.OWN, _GUESSED

    def _cards_at_the_other_side(self) -> None:
        """Take for a card what has one person's colour and clings to where the other's bubbles do: bubbles never do."""
        texts = [part for part in self.parts if part.kind is Kind.TEXT]
        sides = {
            who: [part.panel.box for part in texts if part.who is who and who in self._beside(part)]
            for who in (Who.OWN, Who.PEER)
        }
        slack = _ALONG * self.wide
        for part in texts:
            others = sides[Who.OWN if part.who is Who.PEER else Who.PEER] if part.who in sides else []
            mine = sides.get(part.who, [])
            if len(mine) < 2 or not others or not part.lines:  # noqa: PLR2004 - one alone may be the odd one
                continue
            box = part.panel.box
            if part.who is Who.PEER:
                is_odd = abs(box.right - median(one.right for one in others)) < slack
                is_odd = is_odd and box.left > median(one.left for one in mine) + 2 * slack
            else:
                is_odd = abs(box.left - median(one.left for one in others)) < slack
                is_odd = is_odd and box.right < median(one.right for one in mine) - 2 * slack
            if is_odd:
                part.kind, part.who, part.sure = Kind.CARD, Who.PLATFORM, 1.0

    @staticmethod
    def _by_the_other(groups: Sequence[Sequence[Part]]) -> None:
        """Of two colours of which one is known, the other is the other's."""
        known = {group[0].who for group in groups} - {Who.UNCLEAR}
        unclear = [group for group in groups if group[0].who is Who.UNCLEAR]
        if len(unclear) == 1 and len(known) == 1:
            other = Who.PEER if known == {Who.OWN} else Who.OWN
            for part in unclear[0]:
                part.who, part.sure = other, _GUESSED

    def _votes(self, part: Part) -> dict[Who, int]:
        votes: dict[Who, int] = defaultdict(int)
        beside = self._beside(part)
        if len(beside) == 1:
            votes[beside.pop()] += 4
        box, wide = part.panel.box, self.wide
        left, right = box.left, wide - box.right
        if left < 0.7 * right:
            votes[Who.PEER] += 2
        elif right < 0.7 * left:
            votes[Who.OWN] += 2
        return votes

    def _beside(self, part: Part) -> set[Who]:
        return beside(part, self.avatars, self.wide)


def _decided(votes: Sequence[dict[Who, int]]) -> tuple[Who, float]:
    total: dict[Who, int] = defaultdict(int)
    for vote in votes:
        for who, weight in vote.items():
            total[who] += weight
    every = sum(total.values())
    if not every:
        return Who.UNCLEAR, 0.0
    who = max(total, key=lambda one: total[one])
    share = total[who] / every
    if share <= 0.6:  # noqa: PLR2004 - nearly even
        return Who.UNCLEAR, share
    return who, min(1.0, share * (0.7 + 0.1 * min(every, 3)))


def _saturation(colour: Colour) -> float:
    most, least = max(colour), min(colour)
    return (most - least) / most if most else 0.0
