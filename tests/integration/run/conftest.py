"""A whole installation for each test."""

import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from schemas.place import PonPort
from tests.support.installation import SERIAL, Installation, installation
from tests.support.kafka import Topics
from vendors.simulator.rows import PluggedOnu


@pytest.fixture
async def here(tmp_path: Path, kafka_topics: Topics, database_url: str) -> AsyncIterator[Installation]:
    """Configuration, topics, OLTs of every platform and a migrated database; no worker yet."""
    async with installation(tmp_path, kafka_topics, database_url) as made:
        status, _, err = await made.acende("db", "upgrade")
        assert status == 0, err
        yield made


@pytest.fixture
def lit(here: Installation) -> Installation:
    """The same with the unit on the fibre of olt-centro-1, lit and unregistered."""
    here.served["olt-centro-1"].sim.olt.plug(PluggedOnu(SERIAL, PonPort.model_validate("0/1/3"), "EG8145V5"))
    return here


@dataclass
class Collector:
    """Takes spans over OTLP/HTTP."""

    url: str
    spans: list[Any] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)
    text: str = ""
    """All that was taken."""

    def take(self, body: bytes) -> None:
        """One request."""
        request = ExportTraceServiceRequest.FromString(body)
        self.text += str(request)
        for of_resource in request.resource_spans:
            self.resources.append(
                {one.key: one.value.string_value for one in of_resource.resource.attributes}
            )
            for of_scope in of_resource.scope_spans:
                self.spans.extend(of_scope.spans)

    def named(self, name: str, trace: str) -> list[Any]:
        """The spans of that name in a trace."""
        return [span for span in self.spans if span.name == name and span.trace_id.hex() == trace]

    def parent_of(self, span: Any) -> Any:
        """The span that it lies in."""
        [found] = [one for one in self.spans if one.span_id == span.parent_span_id]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
