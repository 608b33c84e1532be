"""Traces to an OpenTelemetry collector, without addresses, queries and people. Off by default."""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, Status

from portal.core import following

NUMBER = "portal.request_id"
# Everything else that a library notes of a request is left out: addresses, clients, arguments.
KEPT = frozenset(
    {
        NUMBER,
        "http.method",
        "http.request.method",
        "http.route",
        "http.status_code",
        "http.response.status_code",
        "celery.action",
        "celery.state",
        "celery.task_name",
        "messaging.destination",
    }
)


class Scrubbed(SpanExporter):
    """Sends spans on with the attributes of KEPT only, and without events: they hold messages."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([scrubbed(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def scrubbed(span: ReadableSpan) -> ReadableSpan:
    """Return a span without what may name a person."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={k: v for k, v in (span.attributes or {}).items() if k in KEPT},
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


def start(service: str) -> None:
    """Send the spans of this process to OTLP_URL."""
    provider = TracerProvider(
        resource=Resource({"service.name": service, "service.version": settings.VERSION})
    )
    exporter = OTLPSpanExporter(endpoint=f"{settings.OTLP_URL}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(Scrubbed(exporter)))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(response_hook=_note_number)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]


def _note_number(span: Span, request: HttpRequest, response: HttpResponseBase) -> None:
    span.set_attribute(NUMBER, response.headers.get(following.HEADER, ""))
