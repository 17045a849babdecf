"""Variables that official base images set about themselves: legal to lose with the base.

Source: the ENV instructions of docker-library's node, python, openjdk, ruby, php, golang and nginx, as of 2026-11-21.
"""

from __future__ import annotations

ABOUT_THEMSELVES = frozenset(
    {
        "NODE_VERSION", "YARN_VERSION", "PYTHON_VERSION", "PYTHON_PIP_VERSION", "PYTHON_SETUPTOOLS_VERSION",
        "PYTHON_SHA256", "GPG_KEY", "PYTHON_GET_PIP_URL", "PYTHON_GET_PIP_SHA256", "JAVA_VERSION", "JAVA_HOME",
        "JAVA_ALPINE_VERSION", "RUBY_VERSION", "RUBY_MAJOR", "RUBY_DOWNLOAD_URL", "RUBY_DOWNLOAD_SHA256",
        "PHP_VERSION", "PHP_URL", "PHP_SHA256", "PHP_ASC_URL", "GPG_KEYS", "PHPIZE_DEPS", "PHP_CFLAGS",
        "PHP_CPPFLAGS", "PHP_LDFLAGS", "PHP_INI_DIR", "GOLANG_VERSION", "GOTOOLCHAIN", "GOPATH", "NGINX_VERSION",
        "NJS_VERSION", "NJS_RELEASE", "PKG_RELEASE", "DYNPKG_RELEASE", "RUSTUP_HOME", "CARGO_HOME", "RUST_VERSION",
    }
)  # fmt: skip
