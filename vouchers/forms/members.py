"""Members."""

from django import forms

from portal.forms.fields import PlainForm


class ReasonForm(PlainForm):
    """Why."""

    reason = forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3}))
