"""Reads pictures in a process of their own: one at a time on the machine, its memory given back when it ends.

The worker gets bytes and gives JSON. It has no settings, no keys and no way out; it is killed when a picture takes too
long or too much memory, and the picture is refused with a code.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import cardcase
from cardcase.kit import media
from cardcase.screens import limits
from cardcase.screens.rules.seen import Seen, from_document
from cardcase.screens.worker import HEADER

RECYCLED_AFTER: Final = 8
"""Pictures that one worker reads: starting costs a second, and what libraries keep is given back."""
STARTING: Final = 60
_KEPT: Final = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG", "LC_ALL")
_BEAT: Final = 0.1
_MOST_ANSWER: Final = 32 * limits.MEGABYTE

_ONE_AT_A_TIME: Final = threading.Lock()


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    engine: str
    read: int = 0


class Reader:
    """A worker that is started with the first picture. Use as a context: its process ends with it."""

    def __init__(self) -> None:
        self._worker: _Worker | None = None
        self.engine = ""

    def see(self, data: bytes, *, name: str = "") -> Seen:
        """Read one picture. Raises BadPicture with the reason, ReaderAway when this machine cannot read pictures."""
        check_head(data, name=name)
        worker = self._started()
        worker.read += 1
        answer = self._ask(worker, data, name)
        if worker.read >= RECYCLED_AFTER:
            self.close()
        if "refused" in answer:
            raise limits.refusal(str(answer["refused"]), name)
        try:
            return from_document(answer["seen"])
        except (KeyError, TypeError, ValueError) as error:
            raise limits.refusal("picture_crashed", name) from error

    def close(self) -> None:
        """End the worker, if there is one."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        process = worker.process
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _started(self) -> _Worker:
        if self._worker is None:
            process = subprocess.Popen(
                [sys.executable, "-m", "cardcase.screens.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                close_fds=True,
            )
            self._worker = _Worker(process, "")
            told = self._wait(process, STARTING, "")
            if "ready" not in told:
                self.close()
                raise limits.missing()
            self._worker.engine = self.engine = str(told["ready"])
        return self._worker

    def _ask(self, worker: _Worker, data: bytes, name: str) -> dict[str, Any]:
        assert worker.process.stdin is not None
        try:
            worker.process.stdin.write(b"%08d" % len(data) + data)
            worker.process.stdin.flush()
        except OSError as error:
            self.close()
            raise limits.refusal("picture_crashed", name) from error
        return self._wait(worker.process, limits.SECONDS, name)

    def _wait(self, process: subprocess.Popen[bytes], seconds: float, name: str) -> dict[str, Any]:
        """Wait for an answer while the worker's time and memory are watched. Raises BadPicture."""
        assert process.stdout is not None
        answers: list[bytes] = []
        listener = threading.Thread(target=_listen, args=(process.stdout, answers), daemon=True)
        listener.start()
        until = time.monotonic() + seconds
        why = ""
        while listener.is_alive() and not why:
            listener.join(_BEAT)
            if time.monotonic() > until:
                why = "picture_slow"
            elif resident(process.pid) > limits.MEMORY:
                why = "picture_memory"
        if why or not answers:
            process.kill()
            listener.join(2)
            self.close()
            if not name and not why and not self.engine:
                return {}  # it died before it was ready
            raise limits.refusal(why or "picture_crashed", name)
        told = json.loads(answers[0])
        return told if isinstance(told, dict) else {}


@contextlib.contextmanager
def reading() -> Iterator[Reader]:
    """Give the machine's one reader; others wait their turn."""
    with _ONE_AT_A_TIME:
        reader = Reader()
        try:
            yield reader
        finally:
            reader.close()


def is_installed() -> bool:
    """Tell whether the packages of the extra ``screens`` are here, without loading them."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime", "cv2", "PIL"))


def check_head(data: bytes, *, name: str = "") -> str:
    """Refuse by size and first bytes what need not reach the worker; return its media type. Raises BadPicture."""
    if len(data) > limits.MOST_BYTES:
        raise limits.refusal("picture_bytes", name)
    kind = media.media_of(data[: media.HEAD])
    if kind not in limits.FORMATS:
        raise limits.refusal("picture_kind", name)
    return kind


def resident(pid: int) -> int:
    """Return the bytes that a process holds in memory; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _listen(stream: IO[bytes], answers: list[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        head = stream.read(HEADER)
        if len(head) == HEADER and int(head) <= _MOST_ANSWER:
            body = stream.read(int(head))
            if len(body) == int(head):
                answers.append(body)


def _environment() -> dict[str, str]:
    """Return what the worker may know: where programs are, never a setting or a key of ours."""
    package = str(Path(cardcase.__file__).parent.parent)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": package,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "2",
        "ORT_LOGGING_LEVEL": "4",
    }
