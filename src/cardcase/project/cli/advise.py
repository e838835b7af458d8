"""Advice on claims given as JSON lines: pure, no data folder, no database. The contract is docs/handbook/advice.md."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from cardcase.kit.errors import Problem
from cardcase.kit.text import Text


@click.command(
    help="逐行给出处理建议：JSON 行进出，不用数据目录 / advice on claims: JSON lines in and out, no data folder"
)
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--numbers",
    "own",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="自己的 advice.toml 或 cardcase learn 写的文件；可以写两次 / an advice.toml of your own laid over ours by id, "
    "or what cardcase learn wrote; may be given twice",
)
def advise(file: BinaryIO, own: Sequence[Path]) -> int:
    """Answer each line; say on stderr which lines could not be read, and leave with 1 when there were any."""
    from cardcase.remedies.rules import read_catalogue
    from cardcase.remedies.rules.advice import advise as judge
    from cardcase.remedies.rules.advice import document, read_claim, read_learned, read_numbers

    learned = next((path for path in reversed(own) if read_learned(path)), None)
    override = next((path for path in reversed(own) if path != learned), None)
    numbers, catalogue = read_numbers(override, learned=learned), read_catalogue()
    write, code = sys.stdout.write, 0
    for number, line in enumerate(file, 1):
        if not line.strip(b" \t\r\n\xef\xbb\xbf"):
            continue
        try:
            answer = document(judge(read_claim(_object(line, number), number=number), numbers, catalogue))
        except Problem as problem:
            click.echo(_refusal(number, problem), err=True)
            code = 1
            continue
        # A lone surrogate cannot be written as UTF-8; an id that holds one comes back with a question mark.
        write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
    return code


def _object(line: bytes, number: int) -> dict[str, Any]:
    from cardcase.remedies.rules.advice import AdviceInput

    try:
        row = json.loads(line.decode("utf-8").removeprefix("\ufeff" if number == 1 else ""))
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise AdviceInput(
            "不是一个完整的 JSON 对象",
            "not one whole JSON object",
            next=Text("每行写一个对象，UTF-8 编码。", "Write one object a line, in UTF-8."),
            code="advice_line_broken",
        )
    return row


def _refusal(number: int, problem: Problem) -> str:
    return f"第 {number} 行：{problem.message.zh} / line {number}: {problem.message.en} [{problem.problem_code}]"
