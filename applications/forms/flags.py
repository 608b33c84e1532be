"""Forms of flags."""

from django import forms

from applications.models import Application
from applications.queries.officers.charge import eligible
from applications.states import FlagLabel
from portal.forms.people import PersonField
from portal.forms.ranges import within
from portal.staff.forms import note_form, text

ClearForm = note_form("outcome", label="결과", max_length=300)


def flag_form(application: Application, *, who: int | None) -> type[forms.Form]:
    """Return the form of a flag; `who` is offered first as the one who sees to it."""
    fields: dict[str, forms.Field] = {
        "label": forms.ChoiceField(label="표시", choices=FlagLabel.choices),
        "due_on": forms.DateField(
            label="기한", widget=forms.DateInput({"type": "date"}), validators=[within("flag_due")]
        ),
        "who": PersonField(
            label="할 사람", queryset=eligible(application.sub_program_id), initial=who
        ),
        "note": text("내용", max_length=300, rows=2, required=False),
    }
    return type("FlagForm", (forms.Form,), fields)
