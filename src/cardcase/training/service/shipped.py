"""Train the learned reader and write it where triage looks for it; judge it on texts that it has not seen."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from cardcase.training.rules import corpus, fitting, judging, reference
from cardcase.training.rules.corpus import Example
from cardcase.training.rules.judging import Figures
from cardcase.triage.rules import TriageResult, Utterance, model, read_conversation, read_text

PARTS: Final = ("messages", "conversations")
HELD_OUT: Final = "held-out"


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of training."""

    sha256: str
    texts: int
    conversations: int
    grams: int
    size: int


def train(folder: Path, out: Path, *, day: date, progress: Callable[[str], None] = lambda _: None) -> Trained:
    """Fit to ``folder/messages`` and ``folder/conversations``; write model, its pin and the reference into ``out``.

    The same corpus, day and libraries give the same bytes. Raises BadCorpus, NoTrainer.
    """
    paths = [path for part in PARTS for path in corpus.files(folder / part)]
    examples = corpus.read(paths)
    made = fitting.fit(fitting.prepare(examples), version=day.isoformat(), progress=progress)
    data = model.encode(made)
    talks = sum(one.is_conversation for one in examples)
    done = Trained(hashlib.sha256(data).hexdigest(), len(examples) - talks, talks, len(made.grams), len(data))
    _write(out / model.FILE, data)
    write_reference(folder, out)
    _write(out / "model.toml", _pin(done, corpus.fingerprint(paths), day).encode())
    model.shipped.cache_clear()
    return done


def write_reference(folder: Path, out: Path) -> None:
    """Write the texts against which a shop's correction is held, ``reference.bin``, into ``out``. Raises BadCorpus."""
    learned = corpus.read([path for part in PARTS if (folder / part).is_dir() for path in corpus.files(folder / part)])
    kept = folder / HELD_OUT
    apart = corpus.read(corpus.files(kept)) if kept.is_dir() else []
    _write(out / reference.FILE, reference.encode(reference.sample(learned), apart))


def judge(folder: Path) -> Mapping[str, Figures]:
    """Judge the reader that is in use on each part of ``folder``: files named ``PART-….tsv``. Raises BadCorpus."""
    parts: dict[str, list[Path]] = {}
    for path in corpus.files(folder):
        parts.setdefault(path.name.partition("-")[0], []).append(path)
    found = {}
    for name, paths in sorted(parts.items()):
        examples = corpus.read(paths)
        found[name] = judging.judge(examples, [answer(one) for one in examples])
    return found


def answer(example: Example) -> TriageResult:
    """Read an example as the product would."""
    if not example.is_conversation:
        return read_text(example.buyer)
    return read_conversation([Utterance(str(n), text, who) for n, (who, text) in enumerate(example.turns)])


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _pin(done: Trained, corpus_sha256: str, day: date) -> str:
    return f"""# The learned reader of this release. Written by `make model`; never by hand.

[catalogue]
id = "triage-model"
version = "{day.isoformat()}"
source = "corpus/ of this repository, read by cardcase train"
certainty = "J"

[[model]]
id = "reader"
sha256 = "{done.sha256}"
corpus_sha256 = "{corpus_sha256}"
texts = {done.texts}
conversations = {done.conversations}
trained_on = "{day.isoformat()}"
"""
