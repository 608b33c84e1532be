"""Addresses of KAMP: showcases, workbench, API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
