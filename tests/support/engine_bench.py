"""An engine with a base image in it, for the promises that every engine is asked to keep."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from jettison.engine.model import PREFIX, BuildRequest, Engine, Phase, RunOptions

RUN = f"conformance{os.getpid()}"  # two suites on one machine must not sweep each other's
TAG = f"{PREFIX}/{RUN}"
DOCKERFILE = """\
COPY site /www
RUN mkdir /data && chown 1234:1234 /data && head -c 300000 /dev/zero > /data/zeros
RUN rm /data/zeros
ENV GREETING=hello
WORKDIR /www
USER app
EXPOSE 8000
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""


@dataclass(frozen=True)
class Bench:
    """An engine with the base image in it, and a context of its own."""

    engine: Engine
    base: str
    context: Path

    def build(self, text=DOCKERFILE, version="v0", **options):
        path = self.context / "Dockerfile"
        path.write_text(f"FROM {self.base}\n{text}")
        return self.engine.build(BuildRequest(self.context, path, f"{TAG}:{version}", **options))

    def start(self, built, **options):
        return self.engine.start(built.image_id, RunOptions(label=RUN, **options))


def wait_for_port(sandbox, port=8000):
    for _ in range(200):
        if any(one.port == port for one in sandbox.listeners()):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens: {sandbox.logs()}, {sandbox.state()}")


def get(sandbox, path):
    with sandbox.connect(8000, 5.0) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return connection.makefile("rb").read()


def ended(sandbox, seconds=20.0):
    deadline = time.monotonic() + seconds
    while sandbox.state().phase is Phase.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    return sandbox.state()
