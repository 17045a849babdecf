"""Real builds in several processes (`--dist loadscope`): tests that share costly work stay together."""

from __future__ import annotations

import re

from example import EXAMPLES
from xdist.scheduler import LoadScopeScheduling

_WHOLE_FILES = ("test_both_engines", "test_recommended_packages")  # one daemon, one run
_EXAMPLE = re.compile(rf"({'|'.join(EXAMPLES)})(-|$)")


def shared_by(test: str) -> str:
    """What a test, by its id, has in common with others: an example's run, an original, a rule's builds, a daemon."""
    path, _, name = test.partition("::")
    file, parameter = path.rpartition("/")[2].removesuffix(".py"), name.partition("[")[2].removesuffix("]")
    if file in _WHOLE_FILES:
        return file
    if file == "test_rules_measured":
        return f"rule {parameter}"
    if example := _EXAMPLE.match(parameter):
        return f"{'original' if file == 'test_mutations' else 'example'} {example[1]}"
    return file if name.startswith("test_a_base") else test


class Together(LoadScopeScheduling):
    """Gives each process what is shared as a whole, the largest first.

    By the tests' ids: the marker `xdist_group` comes to nothing with pytest 9.2, which lets nobody change them.
    """

    def _split_scope(self, nodeid: str) -> str:
        return shared_by(nodeid)
