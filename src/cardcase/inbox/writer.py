"""The port to a language model, and the one adapter: an OpenAI-compatible endpoint, off until somebody sets it up.

Everything goes through ``connectors.egress``. Two calls at a time at most: a slow model never takes the desk's threads.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from django.conf import settings

from cardcase.connectors import egress

from .rules.asking import LARGEST_ANSWER, BadAnswer, Prompt

AT_ONCE: Final = 2
LARGEST_KEY: Final = 4 * 1024

_free = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where words go: the host, with its port where it is not the usual one, and the name of the model there."""

    host: str
    model: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is about to leave, without a word of it: where to, how many characters, the SHA-256 of the bytes.

    ``characters`` counts all that is sent, ``buyers`` those of the buyer among them.
    """

    to: Destination
    characters: int
    buyers: int
    sha256: str


class Writer(Protocol):
    """Whoever can be asked for the words of a reply."""

    def write(self, prompt: Prompt, leaving: Callable[[Leaving], None]) -> bytes:
        """Return the raw answer of the chat completions interface. Raises BadAnswer with the code why there is none.

        ``leaving`` is called right before the first byte goes out, and only then.
        """
        ...


class Endpoint:
    """The endpoint of the settings."""

    def write(self, prompt: Prompt, leaving: Callable[[Leaving], None]) -> bytes:
        """Ask once, within the time that is set. Raises BadAnswer."""
        config, to = settings.CARDCASE, destination()
        if to is None:
            raise BadAnswer("off")
        if not config.model_allow_private and not config.model_url.startswith("https://"):
            raise BadAnswer("not_reached")
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Cardcase"}
        if config.model_key_file is not None:
            headers["Authorization"] = f"Bearer {_key(config.data / config.model_key_file.expanduser())}"
        body = prompt.body(config.model_name)
        told = Leaving(to, len(body.decode()), sum(len(one) for one in prompt.said), sha256(body).hexdigest())
        if not _free.acquire(blocking=False):
            raise BadAnswer("busy")
        try:
            reply = egress.ask(
                "POST",
                config.model_url.rstrip("/") + "/chat/completions",
                body,
                headers,
                allow_private=config.model_allow_private,
                limit=LARGEST_ANSWER + 1,
                seconds=float(config.model_seconds),
                leaving=lambda: leaving(told),
            )
        except egress.NotReached:
            raise BadAnswer("not_reached") from None
        finally:
            _free.release()
        if reply.status != HTTPStatus.OK:
            raise BadAnswer("status")
        if len(reply.body) > LARGEST_ANSWER:
            raise BadAnswer("too_large")
        return reply.body


def destination() -> Destination | None:
    """Return where words would go; None while no model is set up, or its address is none."""
    config = settings.CARDCASE
    try:
        parts = urlsplit(config.model_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    return Destination(f"{host}:{port}" if port else host, config.model_name) if host else None


def _key(path: Path) -> str:
    try:
        data = path.read_bytes()
        key = data.decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise BadAnswer("no_key") from None
    if not key or len(data) > LARGEST_KEY or not key.isprintable():
        raise BadAnswer("no_key")
    return key
