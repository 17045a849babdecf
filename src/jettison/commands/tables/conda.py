"""conda, mamba and micromamba.

Source: conda documentation, "conda clean" and "Configuration" (pkgs_dirs, CONDA_PKGS_DIRS); packages are hard links
from the package folder where it is on the same file system.
"""

from __future__ import annotations

from jettison.commands.tool import Action, Store, Tool, cut, verbs, words

CACHE = Store(
    "conda's package folder",
    (
        "/opt/conda/pkgs", "/opt/miniconda3/pkgs", "/opt/miniconda/pkgs", "/opt/mamba/pkgs", "~/.conda/pkgs",
        "~/miniconda3/pkgs", "~/micromamba/pkgs", "~/.mamba/pkgs", "/opt/miniforge3/pkgs",
    ),
    frozenset({Action.INSTALL, Action.UPGRADE}),
    variables=(("CONDA_PKGS_DIRS", ""), ("MAMBA_ROOT_PREFIX", "pkgs")),
    cleaned=(("clean", "-a"), ("clean", "--all"), ("clean", "-p"), ("clean", "--packages")),
    linked=True,
)  # fmt: skip

CONDA = Tool(
    "conda",
    ("conda", "mamba", "micromamba"),
    verbs(
        install="install|create|env create|env update",
        remove="remove|uninstall|env remove",
        upgrade="update|upgrade|self-update",
        clean="clean",
    ),
    (CACHE,),
    valued=words(
        "-n --name -p --prefix -c --channel -f --file --solver --repodata-fn --subdir --platform --experimental "
        "--revision --root-prefix -r --extra-safety-checks"
    ) - {"-f", "-p"} | {"--prefix"},
    split=cut("==", "=", ">", "<", "!"),
    no_package=r"^[./]|/.*\.(?:conda|tar\.bz2)$|://|\.ya?ml$",
    target=("-p", "--prefix"),
)  # fmt: skip
