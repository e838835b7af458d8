"""What the records hold of one kind of evidence by themselves."""

from dataclasses import dataclass

from cardcase.kit.text import Text


@dataclass(frozen=True, slots=True)
class Known:
    """What the records say about one kind. ``is_idle``: nothing happened that it could show; said only if decisive.

    ``can_be_asked``: false while it is not known whom to ask.
    """

    is_held: bool
    why: Text
    is_against_seller: bool = False
    is_idle: bool = False
    can_be_asked: bool = True
