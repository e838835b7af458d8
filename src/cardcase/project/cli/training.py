"""Training what is learned, for messages and for replies, and judging it: for developers and the curious."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from cardcase.kit import clock

from .common import json_option, print_json

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(
    help="用语料训练判断原因和检查语气的模型，并在没见过的文本上评分 / "
    "train what reads messages and replies, and judge it on unseen texts"
)
@click.option("--corpus", type=_FOLDER, default="corpus", help="语料目录 / the folder of the corpus")
@click.option(
    "--out",
    type=_FOLDER,
    default=None,
    help="写到哪里；不给就只评分 / where to write; judges only when not given",
)
@click.option(
    "--replies-out",
    type=_FOLDER,
    default=None,
    help="检查语气的模型写到哪里 / where to write the model of the check of replies",
)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="写进模型的日期 / the day in the model")
@json_option
def train(*, corpus: Path, out: Path | None, replies_out: Path | None, day: datetime | None, as_json: bool) -> None:
    """Train when told where to write; then judge what is in use on the part of the corpus that is kept apart."""
    from cardcase.training import service

    today = (day or clock.now()).date()
    for fit, where in ((service.train, out), (service.train_replies, replies_out)):
        if where is not None:
            done = fit(corpus, where, day=today, progress=lambda step: click.echo(step, err=True))
            click.echo(f"{done.texts} + {done.conversations}, {done.grams} n-grams, {done.size} B", err=True)
            click.echo(done.sha256, err=True)
    figures = service.judge(corpus / service.HELD_OUT)
    replies = service.judge_replies(corpus / service.REPLIES_HELD_OUT)
    if as_json:
        print_json(
            {
                "messages": {part: asdict(one) for part, one in figures.items()},
                "replies": {part: asdict(one) for part, one in replies.items()},
            }
        )
        return
    click.echo("part\tn\tmacro-F1\taccuracy\tsub-reason\tECE\tthreat recall\tthreat precision")
    for part, one in figures.items():
        numbers = (one.macro_f1, one.accuracy, one.sub_accuracy, one.calibration_error, one.threat_recall,
                one.threat_precision)  # fmt: skip
        click.echo("\t".join([part, str(one.count), *(f"{value:.3f}" for value in numbers)]))
    click.echo("replies\tfine\tfalse\tfaulty\tfound\tright check")
    for part, counts in replies.items():
        click.echo(f"{part}\t{counts.fine}\t{counts.false}\t{counts.faulty}\t{counts.found}\t{counts.named}")
