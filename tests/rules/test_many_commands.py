"""Rules that look at what stands before and behind a command: thousands of commands take them a moment."""

from __future__ import annotations

import time

import pytest
from seen_in_one_text import RULES, text_of

MANY = {
    "archive-copied-to-be-unpacked": "".join(
        f"COPY a{at}.zip /tmp/\nRUN unzip /tmp/a{at}.zip && rm -f /tmp/b{at}\n" for at in range(1500)
    ),
    "sources-left-behind": "RUN true"
    + "".join(f" && \\\n tar xf /a -C /src/{at} && cd /src/{at} && make install" for at in range(1500)),
    "http-errors-ignored": "RUN true" + "".join(f" | \\\n curl https://x/{at}" for at in range(3000)),
    "downloaded-unencrypted": "RUN true"
    + "".join(f" && \\\n curl -fO http://example.com/{at}" for at in range(3000))
    + " && sha256sum -c a",
}

FOUND = {
    "archive-copied-to-be-unpacked": 1500,
    "sources-left-behind": 20,
    "http-errors-ignored": 2999,  # the last one prints
    "downloaded-unencrypted": 0,
}
SECONDS = 3.0  # of a processor, on a busy machine; squares of these numbers took 7 to 41


@pytest.mark.parametrize("name", MANY)
def test_thousands_of_commands_are_looked_at_in_a_moment(name: str) -> None:
    text = text_of(MANY[name])
    assert () == text.managed  # read before the clock runs
    check = RULES[name].text
    assert check is not None
    began = time.process_time()
    found = list(check(text))
    assert time.process_time() - began < SECONDS
    assert FOUND[name] == len(found)
