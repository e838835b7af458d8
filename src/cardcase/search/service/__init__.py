"""Keeping the index in step with the facts, and making it anew from them."""

from .building import Step, catch_up, rebuild
from .keeping import add, add_rows, changing, changing_tables

__all__ = ["Step", "add", "add_rows", "catch_up", "changing", "changing_tables", "rebuild"]
