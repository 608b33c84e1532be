"""Sign-up and its mails: a name is asked, mails go through the outbox."""

import hashlib

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.http import HttpRequest

from portal.clock import now
from portal.models import Notice, User


class SignupForm(forms.Form):
    """What an account is asked besides address and password."""

    name = forms.CharField(label="이름", max_length=50)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Keep the name (called by allauth once the account is there)."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class PortalAccountAdapter(DefaultAccountAdapter):
    """Write allauth's mails to the outbox, so that a mail server's absence loses none."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Render allauth's template and leave the mail as a notice."""
        message = self.render_mail(template_prefix, email, context)
        at = now()
        digest = hashlib.sha256(message.body.encode()).hexdigest()[:16]
        Notice.objects.create(
            key=f"account:{template_prefix}:{email}:{at.timestamp()}:{digest}"[:200],
            to_email=email,
            user=User.objects.filter(email=email.lower()).first(),
            subject=message.subject,
            body=message.body,
            created_at=at,
        )

    def clean_email(self, email: str) -> str:
        """One person, one spelling."""
        return email.lower()
