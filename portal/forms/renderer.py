"""Forms as the portal draws them: label, mark, help, error, control, all tied together."""

from django.forms import BoundField
from django.forms.renderers import TemplatesSetting

_CHECK_WIDGETS = {"checkbox"}


class PortalBoundField(BoundField):
    """A field that knows what its template asks."""

    @property
    def needed(self) -> bool:
        """Whether it must be filled before submission, though a draft may leave it open."""
        return bool(self.field.required or getattr(self.field, "needed", False))

    @property
    def unit(self) -> str:
        """The unit shown behind the control, from the widget's `data-unit`."""
        return str(self.field.widget.attrs.get("data-unit", ""))

    @property
    def is_check(self) -> bool:
        """Whether it is a single box with its label behind it."""
        return self.widget_type in _CHECK_WIDGETS


class PortalFormRenderer(TemplatesSetting):
    """Draw forms and fields with our templates and leave widgets to Django."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = PortalBoundField
