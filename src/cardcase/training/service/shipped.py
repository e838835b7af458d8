"""Train the learned reader and write it where triage looks for it; judge it on texts that it has not seen."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from cardcase.training.rules import corpus, fitting, judging, reference, replies
from cardcase.training.rules.corpus import Example
from cardcase.training.rules.judging import Figures
from cardcase.triage.rules import TriageResult, Utterance, model, read_conversation, read_text

PARTS: Final = ("messages", "conversations")
HELD_OUT: Final = "held-out"
REPLIES: Final = "replies"
REPLIES_HELD_OUT: Final = "held-out-tone"


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
    if (formed := next((one for one in examples if one.has_form), None)) is not None:
        raise corpus.bad(formed.where, "有申请表的会话只用来评判", "talks with a form are for judging only")
    made = fitting.fit(fitting.prepare(examples), version=day.isoformat(), progress=progress)
    talks = sum(one.is_conversation for one in examples)
    counts = (len(examples) - talks, talks)
    write_reference(folder, out)
    return _keep(made, out, "triage-model", counts, corpus_sha256=corpus.fingerprint(paths), day=day)


def train_replies(folder: Path, out: Path, *, day: date, progress: Callable[[str], None] = lambda _: None) -> Trained:
    """Fit the learned part of the check of replies to ``folder/replies``, and write it as ``train`` does."""
    paths = corpus.files(folder / REPLIES)
    told = replies.read(paths)
    made = replies.fit(told, version=day.isoformat(), progress=progress)
    return _keep(made, out, "reply-model", (len(told), 0), corpus_sha256=corpus.fingerprint(paths), day=day)


def _keep(
    made: model.Model, out: Path, name: str, counts: tuple[int, int], *, corpus_sha256: str, day: date
) -> Trained:
    data = model.encode(made)
    done = Trained(hashlib.sha256(data).hexdigest(), *counts, len(made.grams), len(data))
    _write(out / model.FILE, data)
    _write(out / "model.toml", _pin(done, name, corpus_sha256, day).encode())
    model.shipped.cache_clear()
    return done


def write_reference(folder: Path, out: Path) -> None:
    """Write the texts against which a shop's correction is held, ``reference.bin``, into ``out``. Raises BadCorpus.

    Talks with a form are left out: what they mean rests on more than words.
    """
    learned = corpus.read([path for part in PARTS if (folder / part).is_dir() for path in corpus.files(folder / part)])
    kept = folder / HELD_OUT
    apart = [one for one in corpus.read(corpus.files(kept)) if not one.has_form] if kept.is_dir() else []
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


def judge_replies(folder: Path) -> Mapping[str, replies.Figures]:
    """Judge the check of replies on each part that ``folder/split.txt`` names. Raises BadCorpus."""
    parts: dict[str, list[Path]] = {}
    for line in (folder / "split.txt").read_text("utf-8").splitlines():
        name, part = line.split()
        parts.setdefault(part, []).append(folder / f"{name}.tsv")
    return {part: replies.judge(replies.read(paths)) for part, paths in sorted(parts.items())}


def answer(example: Example) -> TriageResult:
    """Read an example as the product would."""
    if not example.is_conversation:
        return read_text(example.buyer)
    return read_conversation(
        [Utterance(str(n), text, who) for n, (who, text) in enumerate(example.turns)],
        form_reason=example.form_reason,
        form_description=example.form_description,
    )


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _pin(done: Trained, name: str, corpus_sha256: str, day: date) -> str:
    return f"""# A learned reader of this release. Written by `make model`; never by hand.

[catalogue]
id = "{name}"
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
