"""A rule's page for people and for other tools."""

from __future__ import annotations

import re


def for_people(page: str) -> str:
    """The page without the layer listings that its tests read, and with the fences' words for people."""
    page = re.sub(r"```layers \w+\n.*?```\n?", "", page, flags=re.DOTALL)
    return page.replace("```dockerfile bad", "```dockerfile before").replace(
        "```dockerfile good", "```dockerfile after"
    )
