"""How every form is read and rendered: typed text is cleaned before its field sees it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.safestring import SafeString

from portal.core.errors import BadInput
from portal.forms import markup
from portal.forms.typed import typed, unread

_CHECK_WIDGETS = {"checkbox"}


class PortalBoundField(BoundField):
    """A field of any form, ours or a library's, with the input of people cleaned (`forms.typed`)."""

    @property
    def data(self) -> Any:
        sent = super().data
        try:
            return typed(self.field, sent)
        except BadInput as refused:
            self._refuse(refused)
            return unread(self.field, sent)

    def _refuse(self, refused: BadInput) -> None:
        # The field fails by itself, or by a validator where Django would accept the text.
        self.field.error_messages = {**self.field.error_messages, "invalid": refused.message}
        if refused.code in {"email", "one_line"}:
            self.field.validators = [_refusing(refused)]

    @property
    def needed(self) -> bool:
        """Tell whether the field is needed for submission, though a draft may leave it empty."""
        return bool(self.field.required or getattr(self.field, "needed", False))

    @property
    def unit(self) -> str:
        return str(self.field.widget.attrs.get("data-unit", ""))

    @property
    def chosen_again(self) -> bool:
        """Tell whether good files came with a form that is refused: browsers forget them."""
        takes_files = self.form.is_bound and self.field.widget.needs_multipart_form
        return bool(takes_files and self.data and not self.errors)

    @property
    def is_check(self) -> bool:
        return self.widget_type in _CHECK_WIDGETS


def _refusing(refused: BadInput) -> Any:
    def refuse(value: object) -> None:
        raise ValidationError(refused.message, code=refused.code)

    return refuse


class PortalFormRenderer(TemplatesSetting):
    """Draws forms, fields and widgets by `forms.markup`, everything else by the templates of the site."""

    form_template_name = markup.FORM
    field_template_name = markup.FIELD
    bound_field_class = PortalBoundField

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> SafeString:
        return markup.draw(template_name, context)
