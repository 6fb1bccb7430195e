"""Sends logs, spans and metrics with OpenTelemetry's SDK for Python: <url> <count>."""

import sys

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

url, count = sys.argv[1], int(sys.argv[2])
resource = Resource({"service.name": "otel-python"})
gzip = {"compression": Compression.Gzip}

tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces", **gzip)))
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(
    BatchLogRecordProcessor(OTLPLogExporter(f"{url}/v1/logs", **gzip))
)
metrics = OTLPMetricExporter(f"{url}/v1/metrics", **gzip)
meters = MeterProvider([PeriodicExportingMetricReader(metrics, 3_600_000)], resource)

logger, tracer, meter = (
    loggers.get_logger("load"),
    tracers.get_tracer("load"),
    meters.get_meter("load"),
)
counter = meter.create_counter("requests")
for n in range(count):
    with tracer.start_as_current_span("work", attributes={"n": n}) as span:
        span.add_event("e", {"exact": 2**63 - 1 - n})
        counter.add(2**53 + 1, {"n": n % 10})
        logger.emit(
            LogRecord(
                timestamp=1_700_000_000_123_456_789 + n,
                severity_number=SeverityNumber.ERROR,
                body={"exact": 2**63 - 1 - n, "bytes": b"\x00\xff", "one": 1.0},
                attributes={"n": n},
            )
        )
for provider in (tracers, loggers, meters):
    provider.shutdown()
