"""No sealed column is forgotten: the list for rotations is laid beside every column of bytes there is."""

from django.apps import apps
from django.db.models import BinaryField, CharField

from cardcase.cards.queries import WRAPPINGS, plain_files
from cardcase.project.sealed import PLACES

NOT_SEALED = {
    "anchors.Reply.request",
    "anchors.Reply.body",
    "anchors.Revocations.body",
    "anchors.Deposit.certificate",
    "anchors.Deposit.raw",
    "custody.Entry.data",
    "custody.Entry.leaf",
    "custody.Entry.nodes",
    "custody.Opening.sealed",  # under keys of subjects, half of which lie outside of the database (decision 0024)
    "custody.SubjectKey.half",
    "custody.Head.peaks",
    "custody.Head.pseudonym_key",
    "evidence.Exhibit.dkim_key",
    "privacy.Removal.bundle",  # under a key of its own, whose half is sealed
    "project.IdempotentReply.body",
    "triage.ReaderFit.data",  # numbers added to those of the shipped reader; no words (decision 0023)
}
"""Columns of bytes that hold no sealed value. Whoever adds a column says here, or in project/sealed.py, what it is."""


def test_every_column_of_bytes_is_listed_as_sealed_or_as_not():
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField) and model.__module__.startswith("cardcase.")
    }
    listed = {place.name for place in (*PLACES, WRAPPINGS)}
    assert found - listed - NOT_SEALED == set()
    assert listed <= found
    assert not listed & NOT_SEALED


def test_the_columns_that_repeat_the_key_version_exist():
    for place in PLACES:
        if place.version_field:
            assert place.table()._meta.get_field(place.version_field)
        assert place.table()._meta.get_field(place.field).column == place.field


NO_PLAIN_FILE = {
    "anchors.Deposit.sha256",
    "anchors.Stamp.token_sha256",
    "packs.Pack.manifest_sha256",
    "packs.Pack.file_sha256",
    "evidence.Exhibit.file_sha256",
    "evidence.Redaction.file_sha256",
    "evidence.Look.file_sha256",
    "cards.BalanceCheck.proof_sha256",
    "cards.CardBatch.proof_sha256",
    "cards.VoidAttempt.proof_sha256",
    "cards.ProofFile.sha256",
    "cards.ProofFile.sealed_sha256",
    "cards.KeptWrapping.sha256",
    "delivery.ParcelFile.sha256",
    "delivery.ParcelFile.sealed_sha256",
    "delivery.ParcelUpload.sealed_sha256",
    "delivery.ParcelStep.chain_sha256",
    "delivery.ClaimLink.token_sha256",
    "delivery.Terms.sha256",
    "intake.ImportedFile.kept_sha256",
    "notices.CalendarLink.key_sha256",
    "project.IdempotentReply.request_sha256",
    "screens.CapturedPicture.sha256",
    "sourcing.RiskFlag.facts_sha256",
    "staff.ApiToken.token_sha256",
}
"""Digests that name no readable kept file but those of proofs themselves. Whoever adds a column says which it is."""


def test_no_column_that_names_a_readable_file_is_forgotten_when_plain_proofs_are_removed():
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, CharField) and field.name.endswith("sha256") and field.name != "source_sha256"
        if model.__module__.startswith("cardcase.")
    }
    listed = {".".join(column) for column in plain_files()}
    assert found == listed | NO_PLAIN_FILE
    assert not listed & NO_PLAIN_FILE
