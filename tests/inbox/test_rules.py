from hypothesis import given
from hypothesis import strategies as st

from cardcase.inbox.rules.links import Link, is_stronger, later_order_no
from cardcase.inbox.rules.segments import cut


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6))
def test_pieces_joined_are_the_text(text, spans):
    pieces = cut(text, spans)
    assert "".join(piece for piece, _ in pieces) == text
    marked = {place for start, end in spans for place in range(max(start, 0), min(end, len(text)))}
    place = 0
    for piece, is_marked in pieces:
        for _ in piece:
            assert (place in marked) is is_marked
            place += 1


def test_stronger_ways_of_knowing_replace_weaker_ones():
    order = [Link.NONE, Link.MADE_UP, Link.NICK, Link.ITEM, Link.ORDER_NO, Link.HAND]
    for place, link in enumerate(order):
        assert [is_stronger(link, other.value) for other in order] == [place > at for at in range(len(order))]
    assert is_stronger(Link.NICK, "a word of an older version")


@given(st.text("0123456789", max_size=20), st.text("0123456789", max_size=20))
def test_the_later_order_number_does_not_depend_on_which_came_first(one, other):
    assert later_order_no(one, other) == later_order_no(other, one)
