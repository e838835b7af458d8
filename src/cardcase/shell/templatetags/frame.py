"""The frame for Django templates (allauth's pages): the tag draws the very pieces that our own pages use."""

from django import template
from django.template.base import FilterExpression, Node, Parser, Token
from django.template.context import Context
from django.template.exceptions import TemplateSyntaxError
from django.template.loader import render_to_string

from cardcase.shell import page

register = template.Library()
_PIECE_ONLY = 2
_WITH_TITLE = 3


class FramePiece(Node):
    """One piece of the frame. A node, because Jinja2 has escaped its text already and it must not be escaped twice."""

    def __init__(self, piece: FilterExpression, title: FilterExpression | None) -> None:
        """Remember which piece, and a title for the bar at the top."""
        self._piece = piece
        self._title = title

    def render(self, context: Context) -> str:
        """Draw the piece with our own engine."""
        request = context["request"]
        title = self._title.resolve(context) if self._title else ""
        values = {"piece": self._piece.resolve(context), "title": title, "frame": page.frame_of(request)}
        return render_to_string("shell/frame_piece.html", values, request=request)


@register.tag
def frame(parser: Parser, token: Token) -> FramePiece:
    """Draw one piece of the frame: ``open``, ``body``, ``topbar``, ``said`` or ``close``; ``topbar`` takes a title."""
    parts = token.split_contents()
    if len(parts) not in (_PIECE_ONLY, _WITH_TITLE):
        raise TemplateSyntaxError("frame takes the piece and perhaps a title")
    title = parser.compile_filter(parts[2]) if len(parts) == _WITH_TITLE else None
    return FramePiece(parser.compile_filter(parts[1]), title)
