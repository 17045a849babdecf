"""The error tree. Each error says what to do next, and which exit code the command line ends with.

JettisonError
├── UsageError            2  wrong flags, configuration or contract file, named Dockerfile absent
├── CouldNot              3  the world did not let us
│   ├── EngineError          no engine, no permission, it died
│   ├── BuildFailed          the engine ran and an instruction failed
│   ├── ImageError           an archive, layout or storage that cannot be read
│   │   └── RegistryError    a registry that did not give an image
│   ├── DockerfileError      a Dockerfile that does not parse
│   └── DiskError            no space, read-only, or another process holds the lock
├── ContractError         4  refused as empty, unsteady, or not held by the original
└── Interrupted         130  SIGINT (143: SIGTERM)
"""

from __future__ import annotations


class JettisonError(Exception):
    """What went wrong, as one sentence, and what the user can do about it."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(JettisonError):
    """The call, the configuration or a file named by the user is wrong."""

    exit_code = 2


class CouldNot(JettisonError):
    """The call is right, the world did not let us."""


class EngineError(CouldNot):
    """No engine, no permission to use it, or it died."""


class BuildFailed(CouldNot):
    """The engine ran and the build failed; `log` holds the last lines it printed, redacted."""

    def __init__(self, message: str, *, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log

    @property
    def told(self) -> str:
        """The message, and the last line of the log where there is one."""
        lines = self.log.strip().splitlines()
        return f"{self.message}: {lines[-1].strip()}" if lines else self.message


class ImageError(CouldNot):
    """An archive, layout, store or daemon whose image cannot be read."""


class RegistryError(ImageError):
    """A registry that could not be reached, refused, does not have the image, or gave something else."""


class DockerfileError(CouldNot):
    """A Dockerfile that does not parse; `line` is 1-based, 0 where no line is to blame."""

    def __init__(self, message: str, *, hint: str = "", line: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.line = line


class DiskError(CouldNot):
    """No space left, a read-only place, or a lock held by somebody else."""


class ContractError(JettisonError):
    """The application's behaviour could not be pinned down, or was not held."""

    exit_code = 4


class Interrupted(JettisonError):
    """A signal asked us to stop."""

    def __init__(self, signal_number: int) -> None:
        super().__init__("interrupted")
        self.exit_code = 128 + signal_number
