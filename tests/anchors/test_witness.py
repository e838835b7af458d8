"""The witness, small and real, on 127.0.0.1: what it cosigns, what it refuses, and what the client makes of it."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

import hashlib
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchors.authority import served
from cardcase.anchors import queries, service
from cardcase.anchors.models import Cosignature, WitnessState
from cardcase.anchors.rules import cosign
from cardcase.anchors.witness_server import LARGEST_REQUEST, Witness, server
from cardcase.custody import queries as ledger
from cardcase.custody.models import Entry
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import merkle, note
from cardcase.custody.rules.note import Checkpoint, Signer
from cardcase.jobs.models import Job
from cardcase.staff.rules import Actor
from conftest import NOON

SIGNER = Signer.of("cardcase.local/log_test", bytes(range(32)))
LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(40)]


def head(size, *, leaves=LEAVES, signer=SIGNER):
    return note.sign_checkpoint(Checkpoint(signer.name, size, merkle.root(leaves[:size])), signer)


def proof(old, new, leaves=LEAVES):
    def read(level, index):
        return merkle.root(leaves[index << level : (index + 1) << level])

    return merkle.prove_consistency(old, new, read) if 0 < old < new else []


def request(old, new, *, leaves=LEAVES, signer=SIGNER):
    return cosign.write_request(old, proof(old, new, leaves), head(new, leaves=leaves, signer=signer))


@pytest.fixture
def witness(tmp_path):
    return Witness(tmp_path / "w", "witness.example/w1", [SIGNER.verifier])


def test_it_cosigns_what_grows_and_remembers_it(witness, noon):
    for old, new in ((0, 3), (3, 3), (3, 20), (20, 40)):
        status, _, line = witness.add_checkpoint(request(old, new))
        assert status == HTTPStatus.OK
        (found,) = cosign.holding(head(new) + line.decode(), [witness.listed])
        assert found.seconds == int(noon.timestamp())
    kept = witness.latest(hashlib.sha256(SIGNER.name.encode()).hexdigest()).decode()
    assert note.open_checkpoint(kept, SIGNER.verifier).size == 40
    assert cosign.holding(kept, [witness.listed])


def test_the_size_that_it_knows_is_told_with_a_409(witness):
    assert witness.add_checkpoint(request(5, 9))[:1] == (HTTPStatus.CONFLICT,)
    witness.add_checkpoint(request(0, 9))
    assert witness.add_checkpoint(request(0, 12)) == (HTTPStatus.CONFLICT, "text/x.tlog.size", b"9\n")


def test_going_back_or_another_past_is_never_cosigned(witness):
    witness.add_checkpoint(request(0, 9))
    forged = [*LEAVES[:4], merkle.leaf_hash(b"forged"), *LEAVES[5:]]
    assert witness.add_checkpoint(cosign.write_request(9, [], head(5)))[0] == HTTPStatus.BAD_REQUEST
    for body in (
        request(9, 12, leaves=forged),
        request(9, 9, leaves=forged),
        cosign.write_request(9, proof(9, 12)[:-1], head(12)),
        cosign.write_request(9, [], head(12)),
    ):
        assert witness.add_checkpoint(body)[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    assert witness.add_checkpoint(request(0, 12))[0] == HTTPStatus.CONFLICT


def test_a_proof_where_none_belongs_and_a_false_empty_root_are_refused(tmp_path):
    fresh = Witness(tmp_path / "f", "w", [SIGNER.verifier])
    assert fresh.add_checkpoint(cosign.write_request(0, [bytes(32)], head(3)))[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    bad = note.sign_checkpoint(Checkpoint(SIGNER.name, 0, bytes(32)), SIGNER)
    assert fresh.add_checkpoint(cosign.write_request(0, [], bad))[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    assert fresh.add_checkpoint(request(0, 0))[0] == HTTPStatus.OK


def test_strangers_are_told_apart(witness):
    thief = Signer.of(SIGNER.name, bytes(32))
    assert witness.add_checkpoint(request(0, 3, signer=thief))[0] == HTTPStatus.FORBIDDEN
    nobody = Signer.of("cardcase.local/log_other", bytes(32))
    assert witness.add_checkpoint(request(0, 3, signer=nobody))[0] == HTTPStatus.NOT_FOUND
    assert witness.add_checkpoint(b"garbage")[0] == HTTPStatus.BAD_REQUEST
    spoilt = head(3)
    name, _, body = spoilt.rstrip("\n").rpartition(" ")
    raw = bytearray(note.decode64(body))
    raw[10] ^= 1
    line = f"{name} {note.encode64(bytes(raw))}\n"
    assert witness.add_checkpoint(cosign.write_request(0, [], line))[0] == HTTPStatus.FORBIDDEN


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12))
def test_whatever_is_asked_the_size_never_goes_back(tmp_path_factory, asked):
    one = Witness(tmp_path_factory.mktemp("p"), "w", [SIGNER.verifier])
    size = 0
    for old, new in asked:
        status = one.add_checkpoint(request(min(old, new), new))[0]
        if status == HTTPStatus.OK:
            assert new >= size
            assert min(old, new) == size
            size = new
        else:
            assert min(old, new) != size


def test_many_at_once_get_one_line_of_history(witness):
    witness.add_checkpoint(request(0, 1))
    answers = []

    def ask(size):
        answers.append((size, witness.add_checkpoint(request(1, size))[0]))

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(2, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(status == HTTPStatus.OK for _, status in answers) == 1


@contextmanager
def running(witness):
    served_here = server(witness, "127.0.0.1", 0)
    threading.Thread(target=served_here.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{served_here.server_address[1]}"
    finally:
        served_here.shutdown()
        served_here.server_close()


def test_over_http_it_answers_as_the_text_says(witness):
    with running(witness) as url:
        port = int(url.rpartition(":")[2])
        line = http.client.HTTPConnection("127.0.0.1", port)
        for path, body, status in (
            ("/add-checkpoint", request(0, 3), 200),
            ("/add-checkpoint", request(0, 3), 409),
            ("/other", b"x", 404),
        ):
            line.request("POST", path, body)
            answer = line.getresponse()
            told = answer.read()
            assert (answer.status, bool(told)) == (status, True)
        line.close()
        asked = http.client.HTTPConnection("127.0.0.1", port)
        asked.request("GET", f"/{hashlib.sha256(SIGNER.name.encode()).hexdigest()}/checkpoint")
        assert asked.getresponse().read().decode().startswith(head(3))
        asked.request("GET", "/../w/witness.key/checkpoint")
        assert asked.getresponse().status == 404
        huge = http.client.HTTPConnection("127.0.0.1", port)
        huge.putrequest("POST", "/add-checkpoint")
        huge.putheader("Content-Length", str(LARGEST_REQUEST + 1))
        huge.endheaders()
        assert huge.getresponse().status == 404


@pytest.mark.crash
def test_killed_at_any_moment_it_never_forgets_what_it_cosigned(tmp_path):
    """A real process, killed with -9 while requests come in; what was answered with 200 must be remembered."""
    command = [sys.executable, "-c", "from cardcase.project.cli import main; main()", "witness", "serve", "--folder",
               str(tmp_path / "w"), "--name", "w.example", "--log", SIGNER.verifier.vkey, "--port", "0"]  # fmt: skip
    size = 0
    for round_number in range(4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        port = int(re.search(r":(\d+)\s*$", process.stderr.readline()).group(1))
        try:
            for step in range(1, 9):
                if step == 8 - round_number:
                    threading.Timer(0.001 * round_number, lambda p=process: os.kill(p.pid, signal.SIGKILL)).start()
                line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                line.request("POST", "/add-checkpoint", request(size, min(size + 1, 40)))
                answer = line.getresponse()
                body = answer.read()
                if answer.status == 200:
                    size = min(size + 1, 40)
                elif answer.status == 409:  # killed after it wrote and before it answered
                    assert int(body) == size + 1
                    size = int(body)
                else:
                    pytest.fail(str(answer.status))
        except (OSError, http.client.HTTPException):
            pass
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
    again = Witness(tmp_path / "w", "w.example", [SIGNER.verifier])
    status, _, told = again.add_checkpoint(request(0, 40))
    assert status == HTTPStatus.CONFLICT
    assert int(told) in (size, size + 1)
    assert size >= 8


# ---- the client ------------------------------------------------------------------------------------------------------


@pytest.fixture
def log_of(folder, write_entries, transactional_db):
    write_entries(5, at=NOON)
    return note.Verifier.parse(ledger.vkey(Actor.system(0)))


@pytest.fixture
def ours(tmp_path, log_of):
    return Witness(tmp_path / "ours", "witness.example/w1", [log_of])


@pytest.fixture
def trust(configure, folder):
    def write(witness, url, more=""):
        text = f"witness W {witness.listed.vkey} {url}\n{more}quorum W\n"
        (folder / "witness-policy.txt").write_text(text)
        configure("[witness]\nprivate = true\n")
        return witness.listed.ident.hex()

    return write


def test_the_head_is_cosigned_and_the_record_says_so(ours, trust, owner, write_entries):
    with running(ours) as url:
        key_id = trust(ours, url)
        size = service.promise(None, at=NOON)
        assert Job.objects.filter(kind="anchors.cosign").count() == 1
        assert service.try_witness(None, key_id, at=NOON) == ""
        row = Cosignature.objects.get()
        assert (row.size, row.is_own) == (size, False)
        told = form.decode(bytes(Entry.objects.order_by("-seq").first().data))
        assert told.kind == "witness.cosigned"
        assert told.refs["witness"] == key_id
        given = queries.copy(owner)
        assert cosign.holding(given.note, [ours.listed])[0].line == row.line
        assert note.split(given.note)[0] == note.split(ledger.latest_checkpoint(owner))[0]
        assert queries.standing(owner, at=NOON).is_quorum_met
        write_entries(7, at=NOON)
        service.promise(None, at=NOON + timedelta(hours=1))
        assert service.try_witness(None, key_id, at=NOON) == ""
        assert Cosignature.objects.count() == 2
        assert ledger.verify_all().is_intact


def test_a_witness_that_knows_another_size_is_asked_from_there(ours, trust, write_entries):
    with running(ours) as url:
        key_id = trust(ours, url)
        service.promise(None, at=NOON)
        service.try_witness(None, key_id, at=NOON)
        WitnessState.objects.update(known_size=0)  # what a restored database has forgotten
        write_entries(3, at=NOON)
        service.promise(None, at=NOON + timedelta(hours=1))
        assert service.try_witness(None, key_id, at=NOON) == ""
        WitnessState.objects.update(known_size=2)
        write_entries(3, at=NOON)
        service.promise(None, at=NOON + timedelta(hours=3))
        assert service.try_witness(None, key_id, at=NOON) == ""


def test_a_witness_of_ones_own_cosigns_and_counts_as_zero(ours, trust, owner):
    with running(ours) as url:
        key_id = trust(ours, url, more="# own W\n")
        service.promise(None, at=NOON)
        assert service.try_witness(None, key_id, at=NOON) == ""
    standing = queries.standing(owner, at=NOON)
    assert standing.witnesses[0].is_own
    assert not standing.is_quorum_met


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (422, b"", "witness_refused"),
        (403, b"", "witness_unknown_key"),
        (404, b"", "witness_unknown_log"),
        (500, b"", "http_status"),
        (503, b"", "http_status"),
        (409, b"99999\n", "witness_ahead"),
        (409, b"<html>", "http_status"),
        (409, b"1\n", "http_status"),
        (200, b"", "witness_broken"),
        (200, "— another.example AAAA\n".encode(), "witness_broken"),
        (200, b"\xff\xfe", "witness_broken"),
        (302, b"", "http_status"),
        (299, b"", "http_status"),
    ],
)
def test_what_a_witness_may_answer_otherwise(ours, trust, owner, monkeypatch, status, body, code):
    from cardcase.connectors.egress import Reply

    key_id = trust(ours, "http://127.0.0.1:9/")
    monkeypatch.setattr("cardcase.anchors.outside.egress.ask", lambda *_words, **_more: Reply(status, body))
    service.promise(None, at=NOON)
    assert service.try_witness(None, key_id, at=NOON) == code
    assert not Cosignature.objects.exists()
    seen = queries.standing(owner, at=NOON).witnesses[0]
    assert (seen.code, seen.tries) == (code, 1)
    assert Job.objects.filter(kind="anchors.cosign", key=f"{key_id}:again1").count() == 1


def test_a_line_of_the_right_key_over_other_words_does_not_hold(ours, trust):
    line = cosign.sign("other\n1\n" + note.encode64(bytes(32)) + "\n", ours.listed.name, ours._key, 5)
    with served(lambda _asked: line.encode()) as told:
        key_id = trust(ours, f"http://127.0.0.1:{told.port}")
        service.promise(None, at=NOON)
        assert service.try_witness(None, key_id, at=NOON) == "witness_broken"
        assert told.asked[0][0] == "/add-checkpoint"


def test_a_witness_that_is_away_leaves_two_jobs_waiting_at_most(ours, trust, write_entries):
    key_id = trust(ours, "http://127.0.0.1:9/")
    for hour in range(6):
        at = NOON + timedelta(hours=hour)
        write_entries(at=at)
        service.promise(None, at=at)
        assert service.try_witness(None, key_id, at=at) == "not_reached"
    assert Job.objects.filter(kind="anchors.cosign", key__contains=":again").count() <= 2
    assert WitnessState.objects.get().tries == 6


def test_a_broken_policy_is_told_and_stops_no_business(folder, configure, owner, write_entries):
    (folder / "witness-policy.txt").write_text("nonsense\n")
    configure("[witness]\n")
    write_entries(at=NOON)
    assert service.promise(None, at=NOON) is None
    assert queries.standing(owner, at=NOON).problem.problem_code == "bad_policy"
