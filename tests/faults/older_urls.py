"""The portal's addresses and two more: one writes a row, the other lists rows and may be older."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from portal.access.decorators import may_be_older, public
from portal.jobs import queue
from portal.models import Job
from portal.postgresql import replica
from portal.urls import urlpatterns as known


@public
@csrf_exempt
@require_POST
def write(request: HttpRequest) -> HttpResponse:
    queue.enqueue("faults.none", key=request.POST["key"])
    return HttpResponse(status=204)


@public
@may_be_older
@require_safe
def listed(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"keys": _keys(), "from": replica.alias()})


@public
@may_be_older
@require_safe
def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        for _ in range(3):
            yield f"{replica.alias()} {len(_keys())}\n"

    return StreamingHttpResponse(lines())


def _keys() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("key", flat=True))


urlpatterns = [
    path("test/write/", write),
    path("test/list/", listed),
    path("test/stream/", streamed),
    *known,
]
