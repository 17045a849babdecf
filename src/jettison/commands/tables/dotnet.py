"""dotnet, with NuGet.

Source: NuGet documentation, "Managing the global packages, cache, and temp folders" (NUGET_PACKAGES,
NUGET_HTTP_CACHE_PATH, `dotnet nuget locals all --clear`).
"""

from __future__ import annotations

from jettison.commands.tool import FILLS, Store, Tool, verbs, words

_ALL = (("nuget", "locals", "all", "--clear"), ("nuget", "locals", "all", "-c"))
PACKAGES = Store(
    "NuGet's global packages",
    ("~/.nuget/packages",),
    FILLS,
    variables=(("NUGET_PACKAGES", ""),),
    options=("--packages",),
    cleaned=(*_ALL, ("nuget", "locals", "global-packages", "--clear"), ("nuget", "locals", "global-packages", "-c")),
)
HTTP = Store(
    "NuGet's HTTP cache",
    ("~/.local/share/NuGet/http-cache", "~/.local/share/NuGet/v3-cache"),
    FILLS,
    variables=(("NUGET_HTTP_CACHE_PATH", ""),),
    off=("--no-http-cache", "--no-cache"),
    cleaned=(*_ALL, ("nuget", "locals", "http-cache", "--clear"), ("nuget", "locals", "http-cache", "-c")),
)

DOTNET = Tool(
    "dotnet",
    ("dotnet",),
    verbs(
        install="add package|tool install|tool restore|workload install|package add",
        remove="remove package|tool uninstall",
        upgrade="tool update|workload update",
        download="restore",
        build="build|publish|pack|test|run|msbuild",
        clean="clean|nuget locals",
    ),
    (PACKAGES, HTTP),
    valued=words(
        "-c --configuration -o --output -r --runtime -f --framework -v --verbosity --packages --source -s --version "
        "--tool-path --configfile -a --arch --os -p --property"
    ),
    clusters=False,
    target=("-o", "--output", "--tool-path"),
)
