"""A card code does not leave by accident: every usual way out refuses, or shows the mask."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback

import pytest
import structlog
from pydantic import BaseModel, ConfigDict

from cardcase.kit.secret import CardCode

PLAIN = "ABCD-EFGH-1234-5678"
PARTS = ("ABCD-EFGH-1234", "ABCDEFGH1234", "EFGH")


@dataclasses.dataclass(frozen=True)
class Holder:
    code: CardCode
    face_fen: int = 100


@pytest.fixture
def code() -> CardCode:
    return CardCode(PLAIN)


def is_hidden(text: str) -> bool:
    return not any(part in text for part in PARTS)


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        ascii,
        "{}".format,
        "{!r}".format,
        lambda code: f"{code}",
        lambda code: f"{code:>30}",
        lambda code: "%s" % code,  # noqa: UP031 - one of the ways
        lambda code: "%r" % code,  # noqa: UP031 - as above
        lambda code: repr(Holder(code)),
        lambda code: str([code]),
        lambda code: str({"code": code}),
    ],
)
def test_every_way_of_writing_it_shows_the_mask(code, show):
    assert is_hidden(show(code))
    assert "‥5678" in show(code).encode().decode("unicode_escape" if show is ascii else "utf-8")


@pytest.mark.parametrize(
    "serialise",
    [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, lambda code: json.dumps({"code": code}), lambda code: code.__getstate__(),
     lambda code: dataclasses.asdict(Holder(code)), lambda code: copy.deepcopy([code]), lambda code: pickle.dumps(Holder(code)), vars],
)  # fmt: skip
def test_every_way_of_copying_or_serialising_it_refuses(code, serialise):
    with pytest.raises(TypeError) as refusal:
        serialise(code)
    assert is_hidden(str(refusal.value))


@pytest.mark.parametrize(
    "compare",
    [
        lambda code: code == CardCode(PLAIN),
        lambda code: code != CardCode("other-code"),
        lambda code: code == PLAIN,
        lambda code: code == code,  # noqa: PLR0124 - that is the point
        lambda code: PLAIN == code,  # noqa: SIM300 - from the other side
        lambda code: code is None or code == None,  # noqa: E711 - as somebody might write
        lambda code: code in [CardCode(PLAIN)],  # noqa: FURB171 - a list of one will do
        lambda code: {code},
        lambda code: {code: 1},
        hash,
        lambda code: Holder(code) == Holder(CardCode(PLAIN)),
        lambda code: code < CardCode(PLAIN),
        lambda code: sorted([code, CardCode(PLAIN)]),
    ],
)
def test_comparing_it_by_accident_refuses(code, compare):
    with pytest.raises(TypeError):
        compare(code)


@pytest.mark.parametrize(
    "use",
    [
        len,
        iter,
        list,
        lambda code: code[0],
        lambda code: code + "",
        lambda code: "".join(one for one in [code]),
        bytes,
        int,
    ],
)
def test_it_is_no_text_to_take_apart(code, use):
    with pytest.raises(TypeError):
        use(code)


def test_its_truth_tells_nothing(code):
    assert bool(code) is True
    assert bool(CardCode("0")) is True


def test_the_one_comparison_goes_by_the_normal_form():
    assert CardCode("abcd efgh－1234").same_as(CardCode("ＡＢＣＤ-EFGH1234"))
    assert not CardCode("abcd-efgh-1234").same_as(CardCode("abcd-efgh-1235"))
    assert CardCode("\ud800x").same_as(CardCode("\ud800X")), "also what no encoding takes"


def test_logs_show_the_mask(code):
    plain, structured = io.StringIO(), io.StringIO()
    logger = logging.getLogger("tests.secret")
    logger.addHandler(logging.StreamHandler(plain))
    logger.warning("seen %s and %r and %s", code, code, Holder(code))
    render = structlog.wrap_logger(
        structlog.PrintLogger(structured), processors=[structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    render.warning("seen", code=code, holder=Holder(code))
    for text in (plain.getvalue(), structured.getvalue()):
        assert "seen" in text
        assert is_hidden(text)


def test_a_traceback_with_its_locals_shows_the_mask(code):
    def fails() -> None:
        held, holder = code, Holder(code)
        raise ValueError(f"with {held} and {holder}")

    with pytest.raises(ValueError, match="with") as caught:
        fails()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert is_hidden("".join(told.format()))
    structured = structlog.tracebacks.ExceptionDictTransformer(show_locals=True)
    assert is_hidden(json.dumps(structured((type(caught.value), caught.value, caught.value.__traceback__))))


def test_pydantic_neither_shows_nor_writes_it(code):
    class Model(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        code: CardCode

    model = Model(code=code)
    assert is_hidden(repr(model))
    with pytest.raises(Exception, match=r"(?i)serial") as refusal:
        model.model_dump_json()
    assert is_hidden(str(refusal.value))
    with pytest.raises(Exception, match="instance of CardCode") as refused:
        Model(code=PLAIN)
    assert is_hidden(str(Model.model_construct(code=code)))
    assert refused.value


def test_the_length_of_what_is_hidden_does_not_show():
    assert len(repr(CardCode("A" * 40 + "1234"))) == len(repr(CardCode("A" * 12 + "1234")))
