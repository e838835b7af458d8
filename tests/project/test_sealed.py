"""No sealed column is forgotten: the list for rotations is laid beside every column of bytes there is."""

from django.apps import apps
from django.db.models import BinaryField

from cardcase.cards.queries import WRAPPINGS
from cardcase.project.sealed import PLACES

NOT_SEALED = {
    "anchors.Reply.request",
    "anchors.Reply.body",
    "anchors.Revocations.body",
    "anchors.Deposit.certificate",
    "anchors.Deposit.raw",
    "custody.Entry.data",
    "custody.Entry.leaf",
    "custody.Node.hash",
    "custody.Content.salt",
    "custody.Content.commit",
    "custody.Content.body",
    "custody.Head.peaks",
    "custody.Head.pseudonym_key",
    "project.IdempotentReply.body",
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
