"""The nodes of the grammar's tree, by what the shell means by them."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

REDIRECTIONS = ("file_redirect", "heredoc_redirect", "herestring_redirect")
Operand = tuple[str, Node, list[Node]]  # the operator before a statement, the statement, its redirections


def named(node: Node) -> list[Node]:
    """What a node is made of, without operators and comments."""
    return [each for each in node.children if each.is_named and each.type != "comment"]


def with_ends(nodes: list[Node]) -> Iterator[tuple[Node, str]]:
    """Each named node, and the operator that follows it."""
    for at, node in enumerate(nodes):
        if node.is_named and node.type not in ("comment", "heredoc_body", "heredoc_end"):
            following = nodes[at + 1] if at + 1 < len(nodes) else None
            yield node, following.type if following is not None and not following.is_named else ""


def operands(node: Node) -> list[Operand]:
    """The statements that && and || join, in order; a list of thousands is as deep as it is long."""
    found: list[Operand] = []
    waiting: list[tuple[str, Node]] = [("", node)]
    while waiting:
        operator, each = waiting.pop()
        if each.type != "list":
            found.append((operator, each, []))
            continue
        parts: list[tuple[str, Node]] = []
        for child in each.children:
            if not child.is_named:
                operator_here = child.type
            elif child.type != "comment":
                parts.append((operator if not parts else operator_here, child))
        waiting += reversed(parts)
    return found


def behind_heredoc(redirection: Node) -> list[Operand]:
    """What follows `<<EOF` on its line: the grammar hangs it into the redirection."""
    found: list[Operand] = []
    operator = ""
    for child in redirection.children if redirection.type == "heredoc_redirect" else ():
        if child.type in ("&&", "||"):
            operator = child.type
        elif operator and child.type not in ("heredoc_body", "heredoc_end", "file_redirect", "heredoc_start"):
            first, *others = operands(child)
            found += [(operator, first[1], first[2]), *others]
            operator = ""
    return found


def clause(node: Node) -> tuple[list[Node], list[Node]]:
    """The condition of an `if` or `elif`, and the clauses that follow."""
    kinds = [each.type for each in node.children]
    end = kinds.index("then") if "then" in kinds else len(kinds)
    return list(node.children[1:end]), [each for each in node.children if each.type in ("elif_clause", "else_clause")]


def then(node: Node) -> list[Node]:
    """What stands behind `then`."""
    kinds = [each.type for each in node.children]
    begin = kinds.index("then") + 1 if "then" in kinds else len(kinds)
    return [each for each in node.children[begin:] if each.type not in ("elif_clause", "else_clause", "fi")]
