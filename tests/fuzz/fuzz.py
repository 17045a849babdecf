"""python tests/fuzz/fuzz.py TARGET [libFuzzer's flags]: a target under atheris, guided by coverage of jettison.image.

    python tests/fuzz/fuzz.py walker -max_total_time=600 tests/fuzz/corpus/walker

Inputs that open new paths are added to the folder; `-merge=1 SMALL BIG` keeps the few that matter.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]


def main() -> None:
    import atheris

    # empty: layers in memory are not kept
    os.environ["JETTISON_CACHE"] = str(Path(tempfile.gettempdir(), "jettison-fuzz-cache"))
    with atheris.instrument_imports(include=["jettison.image"]):
        from targets import TARGETS
    name = sys.argv.pop(1)
    dictionary = HERE / f"{name}.dict"
    told = ["-keep_seed=1", *([f"-dict={dictionary}"] if dictionary.exists() else [])]
    atheris.Setup([*sys.argv, *told], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
