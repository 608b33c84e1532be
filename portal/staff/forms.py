"""Form fields and forms that staff screens share."""

from django import forms


def text(
    label: str,
    *,
    max_length: int = 500,
    rows: int = 3,
    required: bool = True,
    help_text: str = "",
) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=max_length,
        help_text=help_text,
        widget=forms.Textarea({"rows": rows}),
    )


def note_form(
    name: str = "note",
    *,
    label: str = "사유",
    max_length: int,
    rows: int = 3,
    required: bool = True,
    help_text: str = "",
) -> type[forms.Form]:
    """Return a form class with one text field called `name`, such as the reason of an act."""
    field = text(label, max_length=max_length, rows=rows, required=required, help_text=help_text)
    return type("NoteForm", (forms.Form,), {name: field})
