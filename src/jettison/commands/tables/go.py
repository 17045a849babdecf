"""go.

Sources: `go help environment` (GOCACHE, GOMODCACHE, GOPATH), go.dev/ref/mod ("Module cache"), `go help clean`. Docker's
Go images set GOPATH to /go.
"""

from __future__ import annotations

from jettison.commands.tool import FILLS, Action, Store, Tool, cut, verbs, words

MODULES = Store(
    "Go's module cache",
    ("/go/pkg/mod", "~/go/pkg/mod"),
    FILLS,
    variables=(("GOMODCACHE", ""), ("GOPATH", "pkg/mod")),
    off=("-mod=vendor",),
    off_by=(("GOFLAGS", r".*-mod=vendor.*"),),
    cleaned=(("clean", "-modcache"),),
)
BUILDS = Store(
    "Go's build cache",
    ("~/.cache/go-build",),
    frozenset({Action.BUILD, Action.INSTALL}),
    variables=(("GOCACHE", ""), ("XDG_CACHE_HOME", "go-build")),
    cleaned=(("clean", "-cache"),),
)

GO = Tool(
    "go",
    ("go",),
    verbs(
        install="install|get",
        download="mod download|mod tidy|mod vendor",
        build="build|test|run|vet|generate",
        clean="clean",
    ),
    (MODULES, BUILDS),
    valued=words(
        "-o -ldflags -tags -gcflags -asmflags -p -C -run -count -timeout -pkgdir -toolexec -coverprofile -exec"
    ),
    clusters=False,
    split=cut("@"),
    no_package=r"^\.|^/|\.go$",
    target=("-o",),
)
