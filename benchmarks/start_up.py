"""Seconds of `--version` and `--help` over bare Python, interleaved, medians. Target: + 0.080 s."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "jettison --version": [sys.executable, "-m", "jettison", "--version"],
    "jettison --help": [sys.executable, "-m", "jettison", "--help"],
}


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(30):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            times[name].append(time.perf_counter() - start)
    bare = statistics.median(times["python -c pass"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<22} {median * 1000:7.1f} ms   + {(median - bare) * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
