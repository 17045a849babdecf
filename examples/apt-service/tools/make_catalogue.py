"""Writes a catalogue as CSV: the same each time."""

import random
import sys

WORDS = "amber birch copper delta ember flint garnet hazel indigo jasper kelp linen maple nickel ochre pearl".split()

random.seed(7)
with open(sys.argv[1], "w") as stream:
    for number in range(200_000):
        name = " ".join(random.choice(WORDS) for _ in range(4))
        stream.write(f"{number},{name} {number},{random.randint(100, 99_999) / 100:.2f}\n")
