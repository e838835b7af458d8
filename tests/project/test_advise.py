"""``cardcase advise`` as a stranger calls it: JSON lines in, JSON lines out, no data folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

from project.command import CARDCASE, environment

GIVEN = [
    {"id": "a", "amount_fen": 13_700, "paid_fen": 13_700, "reason": "authenticity", "sub_reason": "A2",
     "redemption": "before_reveal", "delivered": True},
    {"id": 7, "reason": "authenticity", "amount_fen": 5_000, "buyer": None, "siblings": {"sold": 9, "failed": 0}},
]  # fmt: skip


def advise(text, *words, tmp_path):
    kept = {**environment(), "CARDCASE_DATA": str(tmp_path / "none")}
    kept["PYTHONPATH"] = os.pathsep.join(sys.path)
    return subprocess.run(
        [str(CARDCASE), "advise", *words], input=text, env=kept, capture_output=True, check=False, timeout=120
    )


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_the_contract(tmp_path):
    done = advise(lines(GIVEN), tmp_path=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    first, second = map(json.loads, done.stdout.splitlines())
    assert {"id", "floor", "options", "recommended", "abstain", "ask_first", "p_seller_fault", "basis"} <= first.keys()
    assert (first["id"], first["floor"], second["id"]) == ("a", "full_or_replace", 7)
    for answer in (first, second):
        assert answer["recommended"] in {one["kind"] for one in answer["options"] if one["allowed"]}
        assert {"low", "mid", "high"} == answer["p_seller_fault"].keys()
        for option in answer["options"]:
            assert option.keys() == {"kind", "amount_fen", "allowed", "blocked_by", "cost_fen", "harm_fen"}
            assert option["allowed"] == (not option["blocked_by"])
        for question in answer["ask_first"]:
            assert question.keys() == {"fact", "how", "worth_fen"}
    assert not (tmp_path / "none").exists()


def test_a_bad_line_is_said_in_both_languages_and_the_good_ones_are_answered(tmp_path):
    text = lines(GIVEN[:1]) + b"not json\n\n[1]\n\xff\xfe\n" + lines([{"amount_fen": "12"}, *GIVEN[1:]])
    done = advise(text, tmp_path=tmp_path)
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["a", 7]
    said = done.stderr.decode().splitlines()
    assert [line.rsplit("[", 1)[1] for line in said] == [
        "advice_line_broken]", "advice_line_broken]", "advice_line_broken]", "advice_field_wrong]",
    ]  # fmt: skip
    assert said[0].startswith("第 2 行：")
    assert "line 2:" in said[0]


def test_a_file_and_numbers_of_ones_own(tmp_path):
    file = tmp_path / "claims.jsonl"
    file.write_bytes(lines(GIVEN))
    own = tmp_path / "advice.toml"
    own.write_text('[catalogue]\nid = "advice"\nversion = "own"\nsource = "x"\ncertainty = "J"\n', "utf-8")
    done = advise(b"", str(file), "--numbers", str(own), tmp_path=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2


def test_no_framework_is_loaded_for_it():
    code = (
        "import sys, cardcase.project.cli.advise, cardcase.remedies.rules.advice; "
        "sys.exit('django' in sys.modules or 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment(), "PYTHONPATH": os.pathsep.join(sys.path)}, check=False
    )
    assert done.returncode == 0
    assert Path(CARDCASE).exists()


def test_learned_numbers_beside_ones_own(tmp_path):
    """What ``cardcase learn`` writes is taken in the same place, also together with a shop's own priors."""
    from cardcase.remedies.rules.advice import read_claim, read_numbers
    from cardcase.remedies.rules.learning import Example, as_toml, learn

    own = tmp_path / "advice.toml"
    own.write_text(
        '[catalogue]\nid = "advice"\nversion = "own"\nsource = "shop"\ncertainty = "J"\n\n'
        '[[number]]\nid = "labour_fen"\nlow = 1\nmid = 1\nhigh = 1\n',
        "utf-8",
    )
    claim = read_claim({"sub_reason": "A2", "redemption": "after_reveal", "amount_fen": 13_700}, number=1)
    path = tmp_path / "learned.toml"
    path.write_text(as_toml(learn([Example(claim, True, False)] * 9, read_numbers(own))), "utf-8")
    asked = lines([{"sub_reason": "A2", "redemption": "after_reveal", "amount_fen": 13_700}])
    for order in ((own, path), (path, own)):
        done = advise(asked, "--numbers", str(order[0]), "--numbers", str(order[1]), tmp_path=tmp_path)
        [answer] = map(json.loads, done.stdout.splitlines())
        assert [one["from"] for one in answer["numbers"]] == ["learned", "prior"]
        assert answer["numbers"][0]["n"] == 9
    done = advise(asked, "--numbers", str(path), tmp_path=tmp_path)
    assert done.returncode != 0
    assert "cardcase learn" in done.stderr.decode()
