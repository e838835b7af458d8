import pytest

from cardcase.cases.rules import SUB_REASONS
from cardcase.evidence.rules import Weight, read_matrix
from cardcase.kit.catalogue import BrokenCatalogue

TABLE = """
| E1 | ● | ○ | ● | ○ | | | ○ | ○ | | | |
| E2 | ● | ● | | ○ | | | ● | ○ | | | |
| E3 | ● | ● | ○ | ● | ○ | ● | ● | ○ | ○ | ● | ● |
| E4 | | ● | | ○ | ○ | ○ | ○ | | ○ | | ● |
| E5 | ○ | ● | | | | ● | ● | | ● | ● | ● |
| E6 | | ○ | | | | ● | ○ | | ● | | ○ |
| E7 | ○ | ● | | | | ● | ○ | | ● | | ○ |
| E8 | | | ○ | | ● | ● | ○ | ● | | | |
| E9 | | | | | ● | ● | | ○ | | | |
| E10 | b● | b● | | b● | b● | | b● | b○ | | | |
| E11 | b● | b● | | b○ | b○ | | b● | | | | |
| E12 | b○ | b● | ○ | b● | | | b○ | ○ | | | b● |
| E13 | | ● | | | | ○ | ● | | | | ● |
| E14 | | | ● | | | | ○ | ○ | ○ | | |
| E15 | | | b● | | | | b○ | b○ | b○ | | |
| E16 | | | ○ | | | | | | ● | | ○ |
| E17 | | | ● | | | ● | ○ | | | | |
| E18 | ○ | ● | ○ | ○ | | | ○ | | | | |
| E19 | | ○ | | | | ○ | ○ | | ○ | | ● |
| E20 | | ○ | | | | | | | ○ | ○ | ● |
| E21 | ○ | ○ | ○ | | | | ○ | | ○ | ○ | ○ |
| E22 | ○ | ○ | | | | ○ | ○ | | ○ | ● | ○ |
| E23 | | | | | | | | | | ● | |
| E24 | ● | ● | ○ | ○ | | | ○ | | | | |
"""
"""design/domain.md §7.6, cell by cell."""

COLUMNS = [
    ["A1"],
    ["A2"],
    ["A3"],
    ["A4"],
    ["A5"],
    ["P1", "P2", "P3"],
    ["V1", "V2"],
    ["V3", "V4"],
    ["O1"],
    ["O2"],
    ["O3"],
]
MARKS = {"●": "decisive", "○": "supports", "b●": "ask_decisive", "b○": "ask_supports"}
DESIGNED = {code for column in COLUMNS for code in column}


@pytest.fixture(scope="module")
def matrix():
    return read_matrix()


def test_the_shipped_matrix_is_the_table_of_the_design(matrix):
    for line in TABLE.strip().splitlines():
        kind, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        expected = {
            code: Weight(MARKS[mark]) for codes, mark in zip(COLUMNS, cells, strict=True) if mark for code in codes
        }
        assert matrix.kinds[kind].proves == expected, kind


def test_judgement_only_fills_columns_that_the_design_leaves_open(matrix):
    for kind in matrix.kinds.values():
        assert not set(kind.judged) & DESIGNED, kind.id


def test_every_sub_reason_has_evidence_and_an_answer_to_may_this_be_refused(matrix):
    for code in SUB_REASONS:
        assert matrix.relevant(code), code
        needs = matrix.decline_needs(code)
        assert needs.groups or needs.never, code


def test_every_sub_reason_but_the_unclear_one_has_something_decisive(matrix):
    without = [code for code in SUB_REASONS if not any(weight.is_decisive for _, weight in matrix.relevant(code))]
    assert without == ["O5"]


def test_an_unclear_reason_is_never_refused(matrix):
    assert matrix.decline_needs("O5").never is not None
    assert matrix.decline_needs("unstated") == matrix.decline_needs("O5")


def test_every_kind_says_in_both_languages_how_to_get_it(matrix):
    for kind in matrix.kinds.values():
        assert kind.title.zh
        assert kind.title.en
        assert kind.shows.zh
        assert kind.shows.en
        assert kind.how.zh.endswith("。")
        assert kind.how.en.endswith(".")


def test_a_request_for_a_recording_has_no_wording_until_its_word_is_made(matrix):
    assert matrix.kinds["E11"].wording() is None
    assert "7K4M" in matrix.kinds["E11"].wording("7K4M").zh


HEAD = '[catalogue]\nid = "x"\nversion = "1"\nsource = "the shop"\ncertainty = "J"\n'


def test_a_shop_can_ask_for_more_before_refusing(tmp_path):
    own = tmp_path / "matrix.toml"
    own.write_text(HEAD + '[[decline]]\nid = "V5"\ngroups = [["E8"], ["E5"], ["E9"]]\n', "utf-8")
    assert read_matrix(own).decline_needs("V5").groups == (("E8",), ("E5",), ("E9",))
    assert read_matrix().decline_needs("V5").groups == (("E8",), ("E5",))


@pytest.mark.parametrize(
    "broken",
    [
        '[[decline]]\nid = "V5"\ngroups = [["E14"]]\n',  # a packing video proves nothing about a price
        '[[decline]]\nid = "A1"\ngroups = []\n',
        '[[kind]]\nid = "E1"\ntitle_zh = "x"\ntitle_en = "x"\nparty = "seller"\nhow_zh = "x"\nhow_en = "x"\nproves = { X9 = "decisive" }\n',
        '[[kind]]\nid = "E1"\ntitle_zh = "x"\n',
    ],
)
def test_a_broken_override_is_refused_and_named(tmp_path, broken):
    own = tmp_path / "matrix.toml"
    own.write_text(HEAD + broken, "utf-8")
    with pytest.raises(BrokenCatalogue):
        read_matrix(own)
