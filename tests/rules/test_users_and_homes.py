"""user-that-nobody-creates, files-in-the-home-of-root: containers that would not start as the user they name."""

from __future__ import annotations

from pathlib import Path

import pytest
from looked_at import look_at

from jettison.review.model import Settings

NOBODY = "user-that-nobody-creates"
HOME = "files-in-the-home-of-root"
LOCAL = "COPY --from=x /root/.local /root/.local"


@pytest.mark.parametrize(
    ("rule", "base", "body", "expected"),
    [
        (NOBODY, "python:3.12", "USER nonroot", 2),
        (NOBODY, "python:3.12", "RUN useradd nonroot\nUSER nonroot", 0),
        (NOBODY, "python:3.12", "RUN useradd other\nUSER nonroot", 0),  # useradd is not among what is followed
        (NOBODY, "python:3.12", "RUN pip install flask\nUSER nonroot", 3),
        (NOBODY, "python:3.12", "RUN ./setup.sh\nUSER nonroot", 0),
        (NOBODY, "python:3.12", "RUN apt-get install -y x\nUSER nonroot", 3),
        (NOBODY, "python:3.12", "RUN apt-get install -y x\nUSER postgres", 0),
        (NOBODY, "python:3.12", "USER 1000", 0),
        (NOBODY, "python:3.12", "USER $WHO", 0),
        (NOBODY, "python:3.12", "USER nobody:nogroup", 0),
        (NOBODY, "python:3.12", "USER 'nonroot:nonroot'", 2),
        (NOBODY, "python:3.12", "COPY rootfs /\nUSER nonroot", 0),
        (NOBODY, "python:3.12", "COPY app /app\nUSER nonroot", 3),
        (NOBODY, "python:3.12", "COPY passwd /etc/passwd\nUSER nonroot", 0),
        (NOBODY, "node:22", "USER node", 0),
        (NOBODY, "python:3.12", "USER node", 2),
        (NOBODY, "gcr.io/distroless/static-debian12", "USER nonroot", 0),
        (NOBODY, "ghcr.io/us/python:3", "USER nonroot", 0),
        (NOBODY, "python:3.12 AS one\nRUN useradd app\nFROM one", "USER app", 0),
        (NOBODY, "python:3.12 AS one\nFROM one", "USER app", 3),
        (HOME, "python:3.12-slim", f"{LOCAL}\nUSER nobody", 2),
        (HOME, "python:3.12-slim", f"{LOCAL}", 0),
        (HOME, "python:3.12-slim", f"{LOCAL}\nUSER root", 0),
        (HOME, "python:3.12-slim", f"{LOCAL}\nUSER $WHO", 0),
        (HOME, "python:3.12-slim", f"{LOCAL}\nRUN chmod 755 /root\nUSER nobody", 0),
        (HOME, "python:3.12-slim", "COPY --from=x /root/.local /opt/local\nUSER nobody", 0),
        (HOME, "python:3.12-slim", "ENV PATH=/root/.local/bin:$PATH\nUSER nobody", 2),
        (HOME, "python:3.12-slim", "ENV PATH=/opt/root/bin:$PATH\nUSER nobody", 0),
        (HOME, "python:3.12-slim", "ENV PATH /usr/bin:/root/bin\nUSER 1000", 2),
        (HOME, "ghcr.io/us/x:1", f"{LOCAL}\nUSER nobody", 0),
        (HOME, "python:3.12-slim", "COPY a /rooted/\nUSER nobody", 0),
    ],
)
def test_a_container_that_would_not_start_is_told_at_its_line(
    tmp_path: Path, rule: str, base: str, body: str, expected: int
) -> None:
    found = look_at(tmp_path, f"FROM {base}\n{body}\n", Settings(select=frozenset({rule}))).remarks
    assert [expected] * bool(expected) == [each.where.line for each in found]
    assert {"error" if rule == NOBODY else "warning"} >= {each.severity.value for each in found}
