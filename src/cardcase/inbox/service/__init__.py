"""Verbs of the inbox: take in what was said, link it to its order, read it, answer it."""

from .consent import agree, record_asking, take_back
from .ingest import ingest_messages
from .linking import link_order, link_waiting
from .replies import mark_read, mark_sent, save_reply

__all__ = [
    "agree",
    "ingest_messages",
    "link_order",
    "link_waiting",
    "mark_read",
    "mark_sent",
    "record_asking",
    "save_reply",
    "take_back",
]
