"""Form fields that staff screens share."""

from django import forms


def text(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    """A field for a reason."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=500,
        help_text=help_text,
        widget=forms.Textarea({"rows": 3}),
    )
