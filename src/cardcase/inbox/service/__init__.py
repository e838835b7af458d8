"""Verbs of the inbox: take in what was said, link it to its order, read it, answer it."""

from .ingest import ingest_messages
from .linking import link_order, link_waiting
from .replies import mark_read, mark_sent, save_reply

__all__ = ["ingest_messages", "link_order", "link_waiting", "mark_read", "mark_sent", "save_reply"]
