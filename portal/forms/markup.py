"""The HTML of fields, their errors and their widgets.

Django asks the form renderer for a template of each part by name. The names in DRAWN are answered by a
function: a template for every input and option took most of the time of a page with many fields
(ADR 0067). Widgets print what Django's own templates of these names print.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.forms import BaseForm, BoundField
from django.forms.formsets import BaseFormSet
from django.template.loader import get_template
from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe

from portal.core.html import NOTHING, attributes, each, html
from portal.core.icons import ICONS
from portal.forms.errors import ERRORS, with_codes

FORM, FIELD = "portal/form", "portal/field"
"""The names of our own parts, beside `ERRORS`, in place of those of templates."""
STALE_PAGE = "화면의 내용이 올바르지 않습니다. 새로 고친 다음 다시 시도하세요."

SUMMARY = """\
<div class="error-summary" role="alert" tabindex="-1" autofocus>
  <h2>입력한 내용을 확인해 주세요 ({}건)</h2>
  <ul>{}</ul>
</div>
"""
CONTROL = """\
<div class="{classes}">
  <label class="field__label" for="{target}">{label}{needed}</label>
  {notes}<div class="field__control">{control}{unit}</div>
</div>
"""
CHECK = """\
<div class="{classes}">
  <label class="field__label" for="{target}">{control}<span>{label}{needed}</span></label>
  {notes}</div>
"""
GROUP = """\
<fieldset class="{classes}"{about}>
  <legend class="field__label">{label}{needed}</legend>
  {notes}<div class="field__options">{control}</div>
</fieldset>
"""
HELP = '<div class="field__help"{place}>{text}</div>\n  '
CHOOSE_AGAIN = SafeString(
    '<div class="field__help"><strong>고른 파일은 저장되지 않았습니다. 다시 골라 주세요.</strong></div>'
)
ERROR = (
    '<div class="field__error">{icon}<span class="visually-hidden">오류:</span>{errors}</div>\n  '
)
NEEDED = SafeString('<span class="field__needed">필수</span>')
UNIT = '<span class="field__unit">{}</span>'

Context = Mapping[str, Any]


def draw(name: str, context: Context) -> SafeString:
    """Return the HTML of a part of a form, by its function if it has one, else by its template."""
    function = DRAWN.get(name)
    return function(context) if function else _by_template(name, context)


def _by_template(name: str, context: Context) -> SafeString:
    return mark_safe(get_template(name).render(dict(context)).strip())  # noqa: S308


def _form(context: Context) -> SafeString:
    hidden = each("{}", ((field,) for field in context["hidden_fields"]))
    groups = each("{}", ((field.as_field_group(),) for field, _ in context["fields"]))
    return hidden + error_summary(context["form"]) + groups


def error_summary(*forms: BaseForm | BaseFormSet) -> SafeString:
    """Return every error of the bound forms with links to the fields; nothing without errors."""
    rows: list[tuple[SafeString, object]] = []
    for form in forms:
        parts = form.forms if isinstance(form, BaseFormSet) else [form]
        for part in parts:
            rows += _errors_of(part)
    for form in forms:
        if isinstance(form, BaseFormSet):
            rows += ((_code(code), text) for text, code in with_codes(form.non_form_errors()))
    return html(SUMMARY, len(rows), each("<li{}>{}</li>", rows)) if rows else NOTHING


def _errors_of(form: BaseForm) -> Iterator[tuple[SafeString, object]]:
    for name, errors in form.errors.items():
        field = form[name] if name in form.fields else None
        if field is not None and field.is_hidden:
            yield NOTHING, STALE_PAGE
            continue
        for text, code in with_codes(errors):
            yield _code(code), text if field is None else _link(field, text)


def _link(field: BoundField, text: str) -> SafeString:
    # A group of radios or checkboxes has no single label target: go to its first box.
    target = field.id_for_label or f"{field.auto_id}_0"
    return html('<a href="#{}">{}: {}</a>', target, str(field.label).rstrip(".?"), text)


def _code(code: str) -> SafeString:
    return attributes({"data-code": code or False})


def _field(context: Context) -> SafeString:
    field, errors = context["field"], context["field"].errors
    classes = "field has-error" if errors else "field"
    if added := field.css_classes():
        classes += f" {added}"
    parts = {
        "label": field.label,
        "needed": NEEDED if field.needed else NOTHING,
        "notes": _notes(field, errors),
        "control": field,
    }
    if field.use_fieldset:
        about = attributes({"aria-describedby": field.aria_describedby or False})
        return html(GROUP, classes=classes, about=about, **parts)
    target = field.id_for_label
    if field.is_check:
        return html(CHECK, classes=f"{classes} field--check", target=target, **parts)
    unit = html(UNIT, field.unit) if field.unit else NOTHING
    return html(CONTROL, classes=classes, target=target, unit=unit, **parts)


def _notes(field: Any, errors: Any) -> SafeString:
    """Return the help of a field and what is wrong with it."""
    notes = NOTHING
    if text := str(field.help_text):  # that of a library may be worked out each time
        place = attributes({"id": (field.auto_id and f"{field.auto_id}_helptext") or False})
        notes += html(HELP, place=place, text=text)
    if field.chosen_again:
        notes += CHOOSE_AGAIN
    if errors:
        notes += html(ERROR, icon=ICONS["alert"], errors=errors)
    return notes


def _errors(context: Context) -> SafeString:
    errors = context["errors"]
    if not errors:
        return NOTHING
    place = errors.field_id and f"{errors.field_id}_error"
    rows = ((_code(code), text) for text, code in errors.coded)
    return html(
        "<ul{}>{}</ul>",
        attributes({"class": context["error_class"], "id": place or False}),
        each("<li{}>{}</li>", rows),
    )


def _input(context: Context) -> SafeString:
    widget = context["widget"]
    value = False if widget["value"] is None else str(widget["value"])
    named = {"type": widget["type"], "name": widget["name"], "value": value}
    return html("<input{}{}>", attributes(named), attributes(widget["attrs"]))


def _file(context: Context) -> SafeString:
    if context["widget"]["is_initial"]:
        return _by_template("django/forms/widgets/clearable_file_input.html", context)
    return _input(context)


def _textarea(context: Context) -> SafeString:
    widget = context["widget"]
    # Browsers leave out a line break that follows the tag.
    return html(
        '<textarea name="{}"{}>\n{}</textarea>',
        widget["name"],
        attributes(widget["attrs"]),
        widget["value"] or "",
    )


def _select(context: Context) -> SafeString:
    widget = context["widget"]
    return html(
        '<select name="{}"{}>{}\n</select>',
        widget["name"],
        attributes(widget["attrs"]),
        _options(widget, "\n  {}", group='\n  <optgroup label="{}">{}\n  </optgroup>'),
    )


def _option(context: Context) -> SafeString:
    widget = context["widget"]
    return html(
        '<option value="{}"{}>{}</option>',
        widget["value"],
        attributes(widget["attrs"]),
        localize(widget["label"]),
    )


def _choices(context: Context) -> SafeString:
    widget = context["widget"]
    attrs = widget["attrs"]
    return html(
        "<div{}>{}\n</div>",
        attributes({name: attrs.get(name) or False for name in ("id", "class")}),
        _options(widget, "<div>\n    {}</div>", group="\n  <div><label>{}</label>{}\n  </div>"),
    )


def _choice(context: Context) -> SafeString:
    widget, box = context["widget"], _input(context)
    if not widget["wrap_label"]:
        return box
    target = attributes({"for": widget["attrs"].get("id") or False})
    return html("<label{}>{} {}</label>", target, box, localize(widget["label"]))


def _options(widget: Context, one: str, *, group: str) -> SafeString:
    """Return all options of a widget, each in the pattern `one`, and named groups in `group`."""
    drawn = NOTHING
    for name, options, _ in widget["optgroups"]:
        rows = each(one, ((draw(row["template_name"], {"widget": row}),) for row in options))
        drawn += html(group, name, rows) if name else rows
    return drawn


_INPUTS = (
    *("text", "number", "email", "url", "color", "search", "tel", "password", "hidden"),
    *("date", "datetime", "time", "checkbox"),
)
DRAWN: Mapping[str, Callable[[Context], SafeString]] = {
    FORM: _form,
    FIELD: _field,
    ERRORS: _errors,
    **{f"django/forms/widgets/{name}.html": _input for name in _INPUTS},
    "django/forms/widgets/file.html": _input,
    "django/forms/widgets/clearable_file_input.html": _file,
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
    "django/forms/widgets/select_option.html": _option,
    "django/forms/widgets/radio.html": _choices,
    "django/forms/widgets/radio_option.html": _choice,
    "django/forms/widgets/checkbox_select.html": _choices,
    "django/forms/widgets/checkbox_option.html": _choice,
}
