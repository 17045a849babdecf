"""Seconds that `jettison ignore show`, `explain` and `write --diff` take for a build context of 200,000 files.

    python benchmarks/ignore.py [FILES]

Whole processes, the median of three; the first of each is thrown away. A third of the files are installed modules, a
third sources that have to be read, a third others. Beside them, what `find -size +0` and the walk itself need. Target:
a few seconds.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jettison.context.ignore import Ignore
from jettison.context.walk import walk

IGNORE = "**/*.log\n.git\nlib/**/*.json\n!lib/keep\n"
DOCKERFILE = "FROM node:22\nCOPY package.json .\nCOPY . .\nRUN npm ci && npm run build\n"


def plant(root: Path, count: int) -> None:
    names = ("index.js", "index.test.js", "readme.md", "data.json", "debug.log")
    source = "const a = require('./b');\nmodule.exports = (x) => `${__dirname}/data.json` + x;\n" * 8
    for number in range(count // 20):
        folder = root / ("node_modules", "src", "lib")[number % 3] / f"package{number:05d}" / "dist"
        folder.mkdir(parents=True)
        for each in range(20):
            name = f"{each}{names[each % 5]}"
            (folder / name).write_text(source if name.endswith(".js") else "x" * 50)
    (root / "Dockerfile").write_text(DOCKERFILE)
    (root / "package.json").write_text('{"scripts": {"build": "tsc"}}')
    (root / ".dockerignore").write_text(IGNORE)


def median(call: Callable[[], object]) -> float:
    times = []
    for _ in range(4):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, count)

        def process(*command: str) -> float:
            return median(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))

        print(f"find            {process('find', folder, '-size', '+0'):6.2f} s")
        print(f"walk            {median(lambda: walk(root, Ignore.parse(IGNORE))):6.2f} s")
        commands = (("show",), ("explain", "src/package00001/dist/0index.js"), ("write", "--diff"))
        for name, *more in commands:
            seconds = process(sys.executable, "-m", "jettison", "ignore", name, *more, "--context", folder)
            print(f"ignore {name:<8} {seconds:6.2f} s")
        print(f"largest process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:6.0f} MiB")


if __name__ == "__main__":
    main()
