"""Python's collector of cycles, and when it should rest."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """Keep the collector from walking, again and again, through thousands of rows that hold no cycles.

    Of such works side by side the first one to begin wakes it; what is left over is collected then.
    """
    was_awake = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_awake:
            gc.enable()
