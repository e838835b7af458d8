"""Bringing in what the outside says, and opening the cases that it asks for."""

from .background import is_large, promise_import, work_on_import
from .casework import refresh
from .channels import add_channel, set_enabled
from .files import import_files
from .pending import hold_uploads, take_uploads
from .pushes import Envelope, accept_push, take_push, too_large
from .screens import ScreensTaken, confirm_screens

__all__ = [
    "Envelope",
    "ScreensTaken",
    "accept_push",
    "add_channel",
    "confirm_screens",
    "hold_uploads",
    "import_files",
    "is_large",
    "promise_import",
    "refresh",
    "set_enabled",
    "take_push",
    "take_uploads",
    "too_large",
    "work_on_import",
]
