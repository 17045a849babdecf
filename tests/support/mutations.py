"""Things broken on purpose, and harmless changes, as Dockerfile lines on top of an example's image."""

from __future__ import annotations

from collections.abc import Mapping

from jettison.image.model import Image, Kind

PYTHON = "/usr/lib/python3/dist-packages"
LOCAL = "/usr/local/lib/python3.11/dist-packages"
SITE = "/usr/local/lib/python3.11/site-packages"
MODULES = "/app/node_modules"

# example -> what is broken -> the lines that break it; None where the application has no such thing
BREAKS: dict[str, dict[str, str | None]] = {
    "apt-service": {
        "run-time dependency": f"RUN rm -rf {LOCAL}/numpy",
        "shared library": "RUN rm /usr/lib/x86_64-linux-gnu/libsqlite3.so.0*",
        "entry file": "RUN rm /srv/app/app.py",
        "port": "RUN sed -i s/0.0.0.0:8000/0.0.0.0:8001/ /srv/app/app.py",
        "write permission": "RUN mkdir -p /srv/app/data && chown -R root:root /srv/app/data && chmod 755 /srv/app/data",
        "CA bundle": "RUN rm /etc/ssl/certs/ca-certificates.crt && find /etc/ssl/certs -type l -delete",
        "static asset": "RUN rm /srv/app/static/logo.svg",
        "execute bit": "RUN chmod 644 /srv/app/entrypoint.sh",
        "environment variable": "ENV GREETING=",
        "health-check tool": "RUN rm /usr/bin/curl",
    },
    "node-hello": {
        "run-time dependency": f"RUN rm -rf {MODULES}/express",
        "shared library": "RUN rm /usr/lib/x86_64-linux-gnu/libstdc++.so.6*",
        "entry file": "RUN rm /app/index.js",
        "port": "RUN sed -i 's/= 3000/= 3001/' /app/index.js",
        "write permission": None,  # it writes nothing
        "CA bundle": None,  # it calls nobody
        "static asset": None,  # it has none
        "execute bit": "RUN chmod 644 /usr/local/bin/node",
        "environment variable": "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "health-check tool": None,  # it has no health check
    },
    "node-api": {
        "run-time dependency": f"RUN rm -rf {MODULES}/zod",
        "shared library": "RUN rm /usr/lib/x86_64-linux-gnu/libstdc++.so.6*",
        "entry file": "RUN rm /app/dist/server.js",
        "port": "ENV PORT=3001",
        "write permission": "RUN touch /app/uploads",  # it runs as root: only a file in the way stops it
        "CA bundle": "RUN rm /app/certs/ca.crt",
        "static asset": "RUN rm /app/public/style.css",
        "execute bit": "RUN chmod 644 /usr/local/bin/node",
        "environment variable": "ENV PORT=",
        "health-check tool": "RUN rm /app/dist/health.js",
    },
    "go-server": {
        "run-time dependency": "RUN rm -rf /usr/share/zoneinfo /usr/local/go/lib/time",
        "shared library": "RUN rm /usr/lib/x86_64-linux-gnu/libc.so.6",
        "entry file": "RUN rm /app/server",
        "port": "ENV PORT=8081",
        "write permission": "RUN touch /app/uploads",  # it runs as root: only a file in the way stops it
        "CA bundle": "RUN rm /app/certs/ca.crt",
        "static asset": "RUN rm /app/static/style.css",
        "execute bit": "RUN chmod 644 /app/server",
        "environment variable": None,  # it has one, and does without
        "health-check tool": None,  # it is its own
    },
    "python-api": {
        "run-time dependency": f"RUN rm -rf {SITE}/jinja2",
        "shared library": "RUN rm /usr/lib/x86_64-linux-gnu/libssl.so.3",
        "entry file": "RUN rm /app/app.py",
        "port": "ENV PORT=8001",
        "write permission": "RUN touch /app/uploads",
        "CA bundle": "RUN rm /app/certs/ca.crt",
        "static asset": "RUN rm /app/static/style.css",
        "execute bit": "RUN chmod 644 /usr/local/bin/python3.11",
        "environment variable": "ENV PORT=",
        "health-check tool": "RUN rm /app/healthcheck.py",
    },
}

_EVERYWHERE = {
    "manual pages": "RUN rm -rf /usr/share/man",
    "documentation": "RUN rm -rf /usr/share/doc",
    "translations": "RUN rm -rf /usr/share/locale",
    "an unused locale": "RUN rm -rf /usr/share/i18n && echo none > /usr/share/i18n",
    "apt's caches": "RUN rm -rf /var/cache/apt",
    "debconf's cache": "RUN rm -f /var/cache/debconf/*-old /var/cache/debconf/templates.dat",
    "dpkg's backup": "RUN rm -f /var/lib/dpkg/status-old /var/lib/dpkg/available",
    "logs": "RUN rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log",
    "bug scripts": "RUN rm -rf /usr/share/bug /usr/share/lintian",
    "info pages and menus": "RUN rm -rf /usr/share/info /usr/share/menu /usr/share/doc-base",
    "shell completions": "RUN rm -rf /usr/share/bash-completion",
    "perl's documentation": "RUN find / -xdev -name '*.pod' -delete",
    "a build tool": "RUN rm -f /usr/bin/make /usr/bin/gcc /usr/bin/g++",
    "static libraries": "RUN find /usr/lib -xdev -name '*.a' -delete",
    "C headers": "RUN rm -rf /usr/include",
    "an unused package": "RUN dpkg --purge --force-remove-essential --force-depends e2fsprogs",
    "a new file": "RUN echo hello > /etc/motd.new",
    "a new label": 'LABEL note="nothing else"',
}
_NODE = {
    "npm's cache": "RUN rm -rf /root/.npm",
    "source maps": "RUN find / -xdev -name '*.map' -delete",
    "texts in node_modules": f"RUN find {MODULES} -name '*.md' -delete",
}
HARMLESS: dict[str, dict[str, str]] = {
    "apt-service": {
        **_EVERYWHERE,
        "apt's lists": "RUN rm -rf /var/lib/apt/lists/*",
        "Python's bytecode": "RUN find / -xdev -name __pycache__ -prune -exec rm -rf {} +",
        "numpy's tests": f"RUN find {LOCAL}/numpy -type d -name tests -prune -exec rm -rf {{}} +",
        "pip": f"RUN rm -rf {PYTHON}/pip {PYTHON}/pip-*",
    },
    "node-hello": {**_EVERYWHERE, **_NODE},
    "node-api": {**_EVERYWHERE, **_NODE, "development dependencies": "RUN cd /app && npm prune --omit=dev"},
    "go-server": {
        **_EVERYWHERE,
        "Go's build cache": "RUN rm -rf /root/.cache",
        "the sources of Go's tools": "RUN rm -rf /usr/local/go/src/cmd",
        "the sources": "RUN rm -f /app/*.go",
        "documentation of the project": "RUN rm -rf /app/docs",
    },
    "python-api": {
        **_EVERYWHERE,
        "pip's cache": "RUN rm -rf /root/.cache",
        "Python's bytecode": "RUN find / -xdev -name __pycache__ -prune -exec rm -rf {} +",
        "a type checker": f"RUN rm -rf {SITE}/mypy {SITE}/mypyc {SITE}/mypy-*",
        "tests of the project": "RUN rm -rf /app/tests",
    },
}

# What differs in an example's result: other places, or nothing there to break
RESULT: dict[str, dict[str, str | None]] = {
    "apt-service": {},
    "node-hello": {"execute bit": "RUN chmod 644 /nodejs/bin/node", "environment variable": None},
    "node-api": {
        "shared library": "RUN rm /lib/x86_64-linux-gnu/libstdc++.so.6",
        "development dependencies": None,
    },
    "go-server": {"shared library": None},
    "python-api": {
        "run-time dependency": "RUN rm -rf /opt/venv/lib/python3.11/site-packages/jinja2",
        "shared library": "RUN rm /lib/x86_64-linux-gnu/libssl.so.3",
    },
}


def idle(before: Image, after: Image) -> list[bool]:
    """Of each layer that `after` has upon `before`: whether it changes nothing but folders' own facts."""
    own = after.layers[len(before.layers) :]
    return [set(layer.columns.kinds) <= {Kind.DIRECTORY} for layer in own]


def of_result(table: Mapping[str, Mapping[str, str | None]], example: str) -> dict[str, str]:
    """The lines of a table that are for the example's result, in words that busybox knows."""
    changed = {**table[example], **{what: RESULT[example][what] for what in table[example] if what in RESULT[example]}}
    return {what: lines.replace("-delete", "-exec rm -rf {} +") for what, lines in changed.items() if lines}
