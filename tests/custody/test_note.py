"""Signed notes and checkpoints against the examples of C2SP and against every small change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.custody.rules import merkle, note

# The example of C2SP signed-note.md at 5ba5ee83.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n"
    "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
SIGNER = note.Signer.of("cardcase.local/log_test", bytes(range(32)))
HEAD = note.Checkpoint("cardcase.local/log_test", 3, merkle.root([merkle.leaf_hash(b"x")] * 3))


def test_the_example_of_the_standard_opens(agreed):
    agreed("c2sp", 1)
    assert note.open_note(NOTE, note.Verifier.parse(VKEY)) == "This is an example message.\n"


def test_a_verifier_key_is_written_as_it_was_read():
    assert note.Verifier.parse(VKEY).vkey == VKEY


def test_a_checkpoint_comes_back_as_it_was_signed():
    assert note.open_checkpoint(note.sign_checkpoint(HEAD, SIGNER), SIGNER.verifier) == HEAD


def test_signatures_of_others_are_left_aside():
    other = note.Signer.of("witness.example", bytes(32))
    both = note.sign_checkpoint(HEAD, SIGNER) + note.sign(HEAD.text(), other).split("\n\n")[1]
    assert note.open_checkpoint(both, SIGNER.verifier) == HEAD
    assert note.open_note(both, other.verifier) == HEAD.text()


def test_a_note_of_another_key_is_refused():
    stranger = note.Signer.of("cardcase.local/log_test", bytes(32))
    with pytest.raises(note.BadNote):
        note.open_checkpoint(note.sign_checkpoint(HEAD, stranger), SIGNER.verifier)


def test_the_head_of_another_log_is_refused():
    foreign = note.sign(note.Checkpoint("other.example", 3, HEAD.root).text(), SIGNER)
    with pytest.raises(note.BadNote, match="another log"):
        note.open_checkpoint(foreign, SIGNER.verifier)


def test_every_flipped_bit_of_a_checkpoint_is_refused():
    signed = note.sign_checkpoint(HEAD, SIGNER).encode()
    for at in range(len(signed) * 8):
        bent = bytearray(signed)
        bent[at // 8] ^= 1 << at % 8
        with pytest.raises((note.BadNote, UnicodeDecodeError)):
            note.open_checkpoint(bytes(bent).decode(), SIGNER.verifier)


@pytest.mark.parametrize("text", [
    "", "\n", "a\nb", "o\n01\nAAAA\n", "o\n1\nAAAA\n", "o\n-1\n" + "A" * 43 + "=\n", "\n1\n" + "A" * 43 + "=\n",
    "o\n1\n" + "A" * 42 + "B=\n", "o\n1\n" + "A" * 43 + "=\nextension\n",
])  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(note.BadNote):
        note.Checkpoint.parse(text)


@pytest.mark.parametrize("vkey", [
    "", "a+b", "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l",
    "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
])  # fmt: skip
def test_what_is_no_verifier_key_is_refused(vkey):
    with pytest.raises(note.BadNote):
        note.Verifier.parse(vkey)


@given(st.text(max_size=200))
def test_any_text_is_either_a_note_or_refused(text):
    with pytest.raises(note.BadNote):
        note.open_note(text, SIGNER.verifier)


def test_a_signer_does_not_show_its_key():
    assert bytes(range(32)).hex() not in repr(SIGNER)


def test_the_line_of_a_signer_is_counted_from_the_top():
    head = note.Checkpoint(SIGNER.name, 1, bytes(32))
    other = note.Signer.of(SIGNER.name, bytes(32))
    signed = note.sign_checkpoint(head, other, SIGNER)
    for signer, line in ((other, 5), (SIGNER, 6)):
        assert note.line_of(signed, signer.verifier) == line
        assert signed.split("\n")[line - 1] == note.sign_checkpoint(head, signer).split("\n")[4]
    with pytest.raises(note.BadNote):
        note.line_of(note.sign_checkpoint(head, other), SIGNER.verifier)
