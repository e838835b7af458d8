"""Which outside opinions the record was held against in this run: said at the end of the tests, absent ones by name."""

from collections import Counter
from collections.abc import Iterable

ORACLES = {
    "rfc": "known answers of RFC 6962 / RFC 9162",
    "c2sp": "examples of the C2SP texts (5ba5ee83) and of x/mod's documentation",
    "go": "golang.org/x/mod/sumdb, compiled here from Debian's packages",
    "vectors": "vectors of transparency-dev/merkle (417fb0c3), valid and invalid",
}
PROPERTY = "oracle"


def summary(reports: Iterable[object]) -> list[str]:
    """Say what each oracle judged, from the properties that passed tests left behind. Empty when none was meant to run."""
    cases: Counter[str] = Counter()
    is_meant = False
    for report in reports:
        is_meant = is_meant or getattr(report, "nodeid", "").startswith("tests/custody/")
        for name, value in getattr(report, "user_properties", ()):
            if name == PROPERTY and getattr(report, "when", "") == "call":
                oracle, count = value
                cases[oracle] += count
    if not is_meant:
        return []
    return [
        f"{what}: {cases[name]:,} cases agree" if cases[name] else f"{what}: NOT RUN" for name, what in ORACLES.items()
    ]
