"""The verbs about notices: targets, planning what an alarm owes to whom, sending, the calendar's link."""

from .links import make_link, revoke_link, touch_link
from .planning import plan, plan_stock
from .sending import forget_old, send, try_now
from .targets import TargetWish, add_target, change_target, remove_target, set_enabled, try_target

__all__ = [
    "TargetWish",
    "add_target",
    "change_target",
    "forget_old",
    "make_link",
    "plan",
    "plan_stock",
    "remove_target",
    "revoke_link",
    "send",
    "set_enabled",
    "touch_link",
    "try_now",
    "try_target",
]
