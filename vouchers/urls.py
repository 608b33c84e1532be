"""Addresses of the panel: public pages, desks of members and suppliers, API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
