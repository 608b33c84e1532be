"""Addresses of companies and applications."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
