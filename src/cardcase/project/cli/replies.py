"""Replies from the command line: what is wrong with these words, and how to say it better."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import click

from .common import data_option
from .work import messages


@click.command(help="检查回复的语气和用语，一行一条 / check the words of replies, one a line")
@click.argument("file", type=click.File("rb"), default="-")
@data_option
def tone(file: BinaryIO, data: Path | None) -> int:  # noqa: ARG001 - every command takes --data
    """Say for each reply which places fail a check, why, and a better wording. 1 when one of them fails."""
    from cardcase.inbox.rules.tone import better, findings

    code = 0
    for number, key, text in messages(file):
        if text is None:
            click.echo(f"第 {number} 行不是有效的 JSON 消息 / line {number} is no JSON message", err=True)
            code = 1
            continue
        found = findings(text)
        code = 1 if found else code
        document: dict[str, Any] = {
            "id": key,
            "ok": not found,
            "findings": [asdict(one) for one in found],
            "better": better(text),
        }
        sys.stdout.write(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
    return code
