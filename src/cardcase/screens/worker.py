"""The reader's own process: a picture in, what was seen out. Knows no database, opens no connection, writes no file.

Started by ``reader`` as ``python -m cardcase.screens.worker``. Frames both ways: eight digits of length, then as many
bytes. A picture comes as its bytes; the answer is JSON, ``{"seen": …}`` or ``{"refused": code}``.
"""

import io
import json
import os
import socket
import sys
import warnings
from typing import Any, BinaryIO, Final

from cardcase.kit import media
from cardcase.screens import limits

HEADER: Final = 8


def main() -> int:
    """Read pictures until the other side closes. Returns 0, or 3 when the engine is not installed."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not stand between the frames
    _bound()
    _without_network()
    try:
        from cardcase.screens import engine, measuring

        reads = engine.load()
        _send(outgoing, {"ready": engine.fingerprint()})
    except (ImportError, engine_missing()):
        _send(outgoing, {"missing": True})
        return 3
    while (data := _receive(incoming)) is not None:
        try:
            from cardcase.screens.rules.seen import to_document

            image = _pixels(data)
            _send(outgoing, {"seen": to_document(measuring.measure(image, reads))})
        except _Refused as refused:
            _send(outgoing, {"refused": refused.args[0]})
        except MemoryError:
            _send(outgoing, {"refused": "picture_memory"})
            return 4
    return 0


def engine_missing() -> type[Exception]:
    """Return the engine's own refusal; its module imports nothing heavy."""
    from cardcase.screens.engine import EngineMissing

    return EngineMissing


class _Refused(Exception):  # noqa: N818 - carries a code of ``limits``
    """The picture is not read."""


def _bound() -> None:
    """Bound this process where the system can: no core, no files, limited time and addresses."""
    try:
        import resource
    except ImportError:  # not POSIX: the parent's clock and the caps on pixels remain
        return
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, limits.CPU_SECONDS * 4),
        (resource.RLIMIT_AS, limits.ADDRESSES),
    ):
        try:
            _, hard = resource.getrlimit(what)
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (least, hard))
        except (ValueError, OSError):  # macOS knows RLIMIT_AS and refuses to set it
            continue


def _without_network() -> None:
    """Make sure that no library asks anybody for anything: a socket cannot be made."""

    def refuse(*_args: Any, **_more: Any) -> Any:
        raise OSError("the reader opens no connection")

    class Closed(socket.socket):  # a class, because libraries derive theirs from it
        __init__ = refuse

    socket.socket = Closed  # type: ignore[misc]
    socket.create_connection = refuse
    socket.getaddrinfo = refuse


def _pixels(data: bytes) -> Any:
    """Decode a picture with the one decoder of its kind. Raises _Refused with a code of ``limits``."""
    import numpy as np
    from PIL import Image, ImageOps

    kind = limits.FORMATS.get(media.media_of(data[: media.HEAD]))
    if kind is None:
        raise _Refused("picture_kind")
    Image.MAX_IMAGE_PIXELS = limits.MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as opened:
            _check_size(*opened.size)
            if getattr(opened, "n_frames", 1) > 1:
                raise _Refused("picture_moves")
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            if "A" in upright.getbands() or "transparency" in upright.info:
                seen = upright.convert("RGBA")
                paper = Image.new("RGBA", seen.size, (255, 255, 255, 255))
                upright = Image.alpha_composite(paper, seen)
            return np.asarray(upright.convert("RGB"))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _Refused("picture_pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, KeyError, TypeError, IndexError) as error:
        raise _Refused("picture_damaged") from error  # what Pillow raises for broken files


def _check_size(width: int, height: int) -> None:
    if width * height > limits.MOST_PIXELS or height > limits.LONGEST:
        raise _Refused("picture_pixels")
    if width < limits.SHORTEST or height < limits.SHORTEST:
        raise _Refused("picture_small")


def _receive(stream: BinaryIO) -> bytes | None:
    head = stream.read(HEADER)
    if len(head) < HEADER:
        return None
    return stream.read(int(head))


def _send(stream: BinaryIO, told: dict[str, Any]) -> None:
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    stream.write(b"%08d" % len(body) + body)
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
