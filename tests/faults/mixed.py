"""The portal with one thing left out: what is kept may be read from the replica. A negative control."""

from portal.wsgi import application as application  # isort: split

# Only now is Django ready for its models.
from contextlib import nullcontext

from programs.queries import kept

kept.on_primary = nullcontext
