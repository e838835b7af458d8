"""The only way to add to the record and to sign it."""

from cardcase.custody.queries.head import HeadCheck, HeadStatus
from cardcase.custody.rules.entry import BadEntry, Content, Record
from cardcase.custody.rules.plain import JSON

from .appending import EntryRef, OutsideTransaction, append, append_many
from .signing import NotContinuous, check_head, checkpoint, continue_as_new_log, sign_text

__all__ = [
    "JSON",
    "BadEntry",
    "Content",
    "EntryRef",
    "HeadCheck",
    "HeadStatus",
    "NotContinuous",
    "OutsideTransaction",
    "Record",
    "append",
    "append_many",
    "check_head",
    "checkpoint",
    "continue_as_new_log",
    "sign_text",
]
