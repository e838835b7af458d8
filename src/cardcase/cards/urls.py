"""Addresses of the card pages."""

from django.urls import path

from . import web

urlpatterns = [
    path("cards/", web.stock, name="cards"),
    path("cards/batches/", web.batches, name="cards-batches"),
    path("cards/batches/<str:public_id>/quarantine/", web.quarantine, name="batch-quarantine"),
    path("cards/find/", web.find, name="card-find"),
    path("cards/<str:public_id>/", web.card, name="card"),
    path("cards/<str:public_id>/reveal/", web.reveal, name="card-reveal"),
    path("cards/<str:subject>/proofs/<str:proof>/", web.proof, name="card-proof"),
    path("cards/<str:public_id>/<str:name>/", web.act, name="card-act"),
]
