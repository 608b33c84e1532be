"""The portal with one check left out: a ticket's hash is not compared. For negative controls."""

from portal.wsgi import application as application  # isort: split

# Only now is Django ready for its models.
from applications.models import Application, PreparedFiling
from applications.queries.intake import drafting
from applications.services.intake import filing, preparing


def _unchecked(draft: Application, *, seen: str, now) -> PreparedFiling:
    dossier = drafting.load(draft)
    preparing.keep_form(dossier.form)
    return preparing.of(dossier, now=now)


preparing.stored = lambda draft, sha256: None
filing._prepared_anew = _unchecked
