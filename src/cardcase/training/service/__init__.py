"""Verbs of training: make and judge the shipped reader. What a shop's corrections make of it: ``service.corrections``.

That module is not imported here: it needs the database, and ``cardcase train`` has none.
"""

from .shipped import (
    HELD_OUT,
    PARTS,
    REPLIES,
    REPLIES_HELD_OUT,
    Trained,
    answer,
    judge,
    judge_replies,
    train,
    train_replies,
    write_reference,
)

__all__ = [
    "HELD_OUT",
    "PARTS",
    "REPLIES",
    "REPLIES_HELD_OUT",
    "Trained",
    "answer",
    "judge",
    "judge_replies",
    "train",
    "train_replies",
    "write_reference",
]
