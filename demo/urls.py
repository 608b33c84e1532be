"""The portal's addresses and the demo's mailbox."""

from django.urls import path

from demo import views
from portal.urls import handler400, handler403, handler404, handler500
from portal.urls import urlpatterns as portal_urls

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("demo/mailbox/", views.mailbox, name="demo_mailbox"), *portal_urls]
