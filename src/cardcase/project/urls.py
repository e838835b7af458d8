"""Every address of the product. Rooms bring their own lists; here they are hung up."""

from django.urls import URLPattern, URLResolver, include, path

from cardcase.project.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("cardcase.shell.urls")),
    path("", include("cardcase.staff.urls")),  # before allauth: it stands in the way of two of its addresses
    path("account/", include("allauth.urls")),
    path("", include("cardcase.packs.urls")),  # before the desk: its acts take any name under a case
    path("", include("cardcase.desk.urls")),
    path("", include("cardcase.anchors.urls")),
    path("", include("cardcase.cards.urls")),
    path("", include("cardcase.custody.urls")),
    path("", include("cardcase.deadlines.urls")),
    path("", include("cardcase.delivery.urls")),
    path("", include("cardcase.inbox.urls")),
    path("", include("cardcase.intake.urls")),
    path("", include("cardcase.notices.urls")),
    path("", include("cardcase.privacy.urls")),
    path("", include("cardcase.remedies.urls")),
    path("", include("cardcase.sourcing.urls")),
    path("", include("cardcase.training.urls")),
    path("api/v1/", api.urls),
]

handler400 = "cardcase.shell.web.bad_request"
handler403 = "cardcase.shell.web.forbidden"
handler404 = "cardcase.shell.web.not_found"
handler500 = "cardcase.shell.web.broken"
