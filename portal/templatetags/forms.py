"""Findings, form errors and groups of fields."""

from collections.abc import Iterable, Sequence

from django.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.forms.errors import with_codes
from portal.templatetags.library import library
from portal.templatetags.rendering import read, render

STALE_PAGE = "화면의 내용이 올바르지 않습니다. 새로 고친 다음 다시 시도하세요."


@library.simple_tag
def findings(items: Sequence[object], *, empty: str = "빠진 항목이 없습니다.") -> SafeString:
    """Render findings (message, blocking, perhaps url), or `empty` when there are none."""
    rows = [{name: read(item, name) for name in ("message", "blocking", "url")} for item in items]
    return render("findings", rows=rows, empty=empty)


def _forms(forms: Iterable[BaseForm | BaseFormSet]) -> Iterable[BaseForm]:
    for form in forms:
        if isinstance(form, BaseFormSet):
            yield from form.forms
        else:
            yield form


def _errors(form: BaseForm) -> Iterable[dict[str, str]]:
    for name, messages in form.errors.items():
        rows = [{"message": text, "code": code} for text, code in with_codes(messages)]
        if name not in form.fields:
            yield from ({**row, "label": "", "target": ""} for row in rows)
        elif form[name].is_hidden:
            yield {"message": STALE_PAGE, "label": "", "target": ""}
        else:
            field = form[name]
            # A group of radios or checkboxes has no single label target: go to its first box.
            target = field.id_for_label or f"{field.auto_id}_0"
            label = str(field.label).rstrip(".?")
            yield from ({**row, "label": label, "target": target} for row in rows)


@library.simple_tag
def error_summary(*forms: BaseForm | BaseFormSet) -> SafeString:
    """Render every error of the bound forms with links to the fields; nothing without errors."""
    errors = [error for form in _forms(forms) for error in _errors(form)]
    for formset in forms:
        if isinstance(formset, BaseFormSet):
            for message, code in with_codes(formset.non_form_errors()):
                errors.append({"message": message, "code": code, "label": "", "target": ""})
    return render("error_summary", errors=errors) if errors else SafeString("")


@library.simple_block_tag
def fieldset(content: str, legend: str, *, hint: str = "") -> SafeString:
    return render("fieldset", content=content, legend=legend, hint=hint)


@library.simple_block_tag
def actions(content: str) -> SafeString:
    return format_html('<div class="actions">{}</div>', content)
