"""Form of a member's own act that needs a reason."""

from django import forms

from portal.forms.fields import PlainForm


class ReasonForm(PlainForm):
    reason = forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3}))
