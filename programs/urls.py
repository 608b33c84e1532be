"""Addresses of the programmes."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
