"""WSGI entry point."""

import gc
import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()
# By name: it needs the models. Before the application, whose middleware it may add to.
import_string("portal.monitoring.processes.web")()
application = WSGIHandler()

# What has been loaded lives as long as the process: the collector need not look at it again. A
# request makes thousands of objects that nothing refers to afterwards, few of them in cycles.
gc.freeze()
gc.set_threshold(20_000, 20, 50)
