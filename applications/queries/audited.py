"""What must follow from the sealed moves."""

from collections.abc import Iterator

from django.db.models import F, OuterRef, Subquery

from applications.models.audited import MOVED
from portal.audit import MISFIT, Fault


def states() -> Iterator[Fault]:
    """Name everything whose state is not where its last move led."""
    for model in MOVED:
        last = model.MOVE_LOG.objects.filter(thing=OuterRef("pk")).order_by("-pk")  # type: ignore[attr-defined]
        led = model._default_manager.annotate(led_to=Subquery(last.values("target")[:1]))
        for pk, state, target in led.exclude(led_to=F("state")).values_list(
            "pk", "state", "led_to"
        ):
            if target is not None:
                told = f"상태 {state}, 마지막 이력은 {target}"
                yield Fault(model._meta.db_table, str(pk), MISFIT, told)
