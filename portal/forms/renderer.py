"""How forms are rendered: label, help, error and control tied together."""

from django.forms import BoundField
from django.forms.renderers import TemplatesSetting

_CHECK_WIDGETS = {"checkbox"}


class PortalBoundField(BoundField):
    @property
    def needed(self) -> bool:
        """Tell whether the field is needed for submission, though a draft may leave it empty."""
        return bool(self.field.required or getattr(self.field, "needed", False))

    @property
    def unit(self) -> str:
        return str(self.field.widget.attrs.get("data-unit", ""))

    @property
    def is_check(self) -> bool:
        return self.widget_type in _CHECK_WIDGETS


class PortalFormRenderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = PortalBoundField
