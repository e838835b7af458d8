"""``python -m cardcase.connectors.demo FOLDER`` writes the example's files out, to be looked at or imported by hand."""

import sys
from pathlib import Path

from cardcase.kit import clock

from . import build, shop_toml


def main(arguments: list[str]) -> int:
    """Write the files of this moment into a folder; return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("用法 / usage: python -m cardcase.connectors.demo FOLDER\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    now = clock.now()
    for name, data in {**build(now), "shop.toml": shop_toml(now)}.items():
        (folder / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
