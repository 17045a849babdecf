"""Cargo.

Source: The Cargo Book, "Cargo Home" (registry and git below CARGO_HOME; Docker's Rust images set it to
/usr/local/cargo).
"""

from __future__ import annotations

from jettison.commands.tool import FILLS, Store, Tool, cut, verbs, words

REGISTRY = Store(
    "Cargo's registry",
    ("/usr/local/cargo/registry", "~/.cargo/registry"),
    FILLS,
    variables=(("CARGO_HOME", "registry"),),
)

CARGO = Tool(
    "cargo",
    ("cargo",),
    verbs(
        install="install|binstall|add",
        remove="uninstall|remove",
        upgrade="update",
        download="fetch|vendor",
        build="build|b|test|t|run|r|check|c|bench|doc|rustc|clippy|chef cook|leptos build",
        clean="clean",
    ),
    (REGISTRY,),
    valued=words(
        "-p --package --target --target-dir --manifest-path --features -F --bin --example --profile -j --jobs --root "
        "--version --vers --git --branch --tag --rev --path --registry --index --recipe-path --config -Z --color"
    ),
    split=cut("@"),
    target=("--root", "--target-dir"),
)
