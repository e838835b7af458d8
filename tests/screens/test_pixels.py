"""What is measured in pixels: thin lines around bubbles, coloured signs, dots and rings."""

import pytest

pytest.importorskip("rapidocr", reason="the extra 'screens' is not installed")

import cv2
import numpy as np

from cardcase.screens import emoji, outlines, signs
from cardcase.screens.rules.seen import Box

BANDS = [(0, 1000)]


def line_around(high=120, wide=400, *, open_above=False, gap=False):
    area = np.zeros((high, wide), np.uint8)
    cv2.rectangle(area, (0, -9 if open_above else 0), (wide - 1, high - 1), 1, 2)
    if gap:
        area[30:60, :4] = 0
    return area > 0


@pytest.mark.parametrize("more", [{}, {"open_above": True}, {"gap": True}])
def test_a_thin_line_goes_around_a_bubble_though_an_edge_or_a_tail_breaks_it(more):
    area = line_around(**more)
    inside = outlines.filled(area, Box(100, 300, 500, 420), BANDS, least=60)
    assert inside is not None
    assert inside.mean() > 0.95


def test_letters_even_bubbles_and_lines_with_much_missing_are_none():
    half = line_around()
    half[:, 200:] = False
    box = Box(100, 300, 500, 420)
    assert outlines.filled(half, box, BANDS, least=60) is None
    assert outlines.filled(np.ones((120, 400), bool), box, BANDS, least=60) is None
    assert outlines.filled(line_around(40, 40), Box(100, 300, 140, 340), BANDS, least=60) is None


def test_coloured_signs_are_found_and_letters_on_coloured_bubbles_are_none():
    paper = np.full((60, 300, 3), (255, 226, 61), np.uint8)
    cv2.putText(paper, "OK 123", (10, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (20, 20, 22), 4)
    assert not emoji.signs(paper, (255, 226, 61), 1080).any()
    cv2.circle(paper, (260, 30), 22, (230, 40, 60), -1)
    found = emoji.signs(paper, (255, 226, 61), 1080)
    assert found[30, 260]
    assert not found[:, :200].any()


@pytest.mark.parametrize(
    ("many", "radius", "hollow", "told"),
    [(6, 2, False, "……"), (3, 2, False, "…"), (3, 5, True, "。。。"), (1, 5, True, "。"), (2, 14, False, "")],
)
def test_dots_and_rings_are_told_by_their_size(many, radius, hollow, told):
    ink = np.zeros((80, 300), np.uint8)
    for number in range(many):
        cv2.circle(ink, (30 + 40 * number, 40), radius, 1, 1 if hollow else -1)
    assert signs.dots(ink > 0, 100) == told


def test_a_lone_sign_is_read_as_three_of_its_kind_or_not_at_all():
    sign = np.full((40, 20, 3), 255, np.uint8)
    assert signs.thrice(sign, lambda _strip: ("！！！", 0.95)) == ("！", 0.95)
    assert signs.thrice(sign, lambda _strip: ("！1！", 0.95)) == ("", 0.0)
    assert signs.thrice(sign, lambda _strip: ("！！！", 0.3)) == ("", 0.0)
