"""The text engine: rapidocr with the models of its own wheel. Nothing is ever fetched; runs in the worker only."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from cardcase.screens.rules.seen import Box

MODELS: Final = MappingProxyType({"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"})
THREADS: Final = 2
LEAST_SCORE: Final = 0.3
"""Lines that the engine trusts less are noise of pictures. The rest is shown with its trust: a person decides."""


class EngineMissing(Exception):  # noqa: N818 - the name says what happened
    """The packages of the extra ``screens`` are not installed, or come without their models."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What it can do with pixels: find and read the lines of a piece; read a strip that is one line."""

    lines: Callable[[Any], Sequence[tuple[Box, str, float]]]
    strip: Callable[[Any], tuple[str, float]]


def load() -> Engine:
    """Start the engine. Raises EngineMissing."""
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise EngineMissing from error
    models = resources.files("rapidocr") / "models"
    paths = {part: str(models / name) for part, name in MODELS.items()}
    if not all((models / name).is_file() for name in MODELS.values()):
        raise EngineMissing  # rapidocr would go and fetch them; we do not
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    engine: Any = RapidOCR(  # its answer is one of four shapes, by what is asked
        params={
            "Global.use_cls": False,
            "Global.log_level": "critical",
            "Global.text_score": LEAST_SCORE,
            "Global.max_side_len": 4000,  # pieces are bounded by us; a second shrinking would only blur them
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
            **{f"{part}.model_path": path for part, path in paths.items()},
        }
    )

    def lines(piece: Any) -> Sequence[tuple[Box, str, float]]:
        told = engine(piece[:, :, ::-1], use_det=True, use_cls=False, use_rec=True)
        if told.boxes is None or told.txts is None or told.scores is None:
            return []
        return [
            (_upright(corners), str(text), float(score))
            for corners, text, score in zip(told.boxes, told.txts, told.scores, strict=True)
        ]

    def strip(piece: Any) -> tuple[str, float]:
        told = engine(piece[:, :, ::-1], use_det=False, use_cls=False, use_rec=True)
        return (str(told.txts[0]), float(told.scores[0])) if told.txts and told.scores else ("", 0.0)

    return Engine(lines, strip)


def fingerprint() -> str:
    """Name the engine and its models for the record: version and the first digits of the models' SHA-256."""
    from importlib.metadata import version

    models = resources.files("rapidocr") / "models"
    parts = [hashlib.sha256((models / name).read_bytes()).hexdigest()[:8] for name in MODELS.values()]
    return f"rapidocr {version('rapidocr')} PP-OCRv6 {'-'.join(parts)}"


def _upright(corners: Any) -> Box:
    across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return Box(int(min(across)), int(min(down)), round(max(across)), round(max(down)))
