"""How fast this machine is just now: tests of cost compare with it, never with a stopwatch."""

import time


def pace() -> float:
    """Return the CPU seconds of a fixed piece of plain Python work, about 0.09 s on the machine of the benchmarks.

    The slower of two goes, so that a machine that slows down in between is judged by its slower moment.
    """
    slowest = 0.0
    for _ in range(2):
        started = time.process_time()
        sum(len(f"{number}:{number * 7}".split(":")) for number in range(200_000))
        slowest = max(slowest, time.process_time() - started)
    return slowest
