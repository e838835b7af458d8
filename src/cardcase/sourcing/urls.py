"""Addresses of the pages of sourcing."""

from django.urls import path

from . import web

urlpatterns = [
    path("suppliers/", web.suppliers, name="suppliers"),
    path("suppliers/new/", web.supplier_new, name="supplier-new"),
    path("suppliers/<str:supplier>/", web.supplier, name="supplier"),
    path("suppliers/<str:supplier>/<str:name>/", web.supplier_act, name="supplier-act"),
    path("batches/<str:batch>/", web.batch, name="batch"),
    path("batches/<str:batch>/<str:name>/", web.batch_act, name="batch-act"),
    path("provenance/<str:card>/", web.card, name="card-provenance"),
    path("flags/", web.flags, name="flags"),
    path("flags/decide/", web.flags_decide, name="flags-decide"),
    path("flags/signal/", web.flag_signal, name="flag-signal"),
    path("flags/<str:flag>/decide/", web.flag_decide, name="flag-decide"),
    path("claims/", web.claims, name="claims"),
    path("claims/<str:claim>/<str:name>/", web.claim_act, name="claim-act"),
    path("papers/<str:paper>/", web.paper, name="paper"),
    path("papers/<str:paper>/supersede/", web.paper_supersede, name="paper-supersede"),
]
