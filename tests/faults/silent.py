"""The portal with one thing left out: no process delivers what it counted. For negative controls."""

from portal.wsgi import application as application  # isort: split

# Only now is Django ready for its models.
from portal.records.incidents import Counter

Counter.deliver = lambda self: 0
