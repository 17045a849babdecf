"""What the real tests break, and what they change without harm: enough of both on every example."""

from __future__ import annotations

from example import EXAMPLES
from mutations import BREAKS, HARMLESS

# node-hello writes nothing, serves no file, and has neither certificates nor health check; go-server does without its
# one variable, and is its own health check
BROKEN = {"apt-service": 10, "node-hello": 6, "node-api": 10, "go-server": 8, "python-api": 10}


def test_each_example_is_broken_often_enough():
    assert BROKEN == {name: sum(lines is not None for lines in BREAKS[name].values()) for name in EXAMPLES}


def test_each_example_is_changed_without_harm_often_enough():
    assert [] == [name for name in EXAMPLES if len(HARMLESS[name]) < 20]
