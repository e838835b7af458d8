"""Reading the words out of the PDF of a pack as a stranger's program would."""

import re
import subprocess
from pathlib import Path

_FRAME = re.compile(
    r"^(售后证据包 AS-.*|订单 \d+|本文件是便于阅读的视图.*|第 \d+ 页 / 共 \d+ 页|.*第 \d+ 页 / 共 \d+ 页)$"
)
"""Lines of the head and foot of a page: they stand between the lines of a text that goes over a page."""


def plain_words(pdf: bytes, folder: Path) -> str:
    """Return the words of a PDF in the order of its pages, without head, foot and white space."""
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True)
    lines = [line for line in re.split(r"[\n\f]", done.stdout.decode()) if not _FRAME.match(line.strip())]
    return re.sub(r"\s+", "", "".join(lines))
