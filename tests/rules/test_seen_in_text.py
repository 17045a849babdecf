"""What rules see without an image: pairs of files that differ by the smallest change that matters."""

from __future__ import annotations

from pathlib import Path

import pytest
from looked_at import found_in, look_at

from jettison.dockerfile.edit import apply
from jettison.review.model import Settings
from jettison.review.right import put_right
from jettison.rule import rule_names

UPDATE = "apt-get update && apt-get install -y --no-install-recommends curl"
CLEAN = "rm -rf /var/lib/apt/lists/*"
CASES = [
    ("apt-lists-left-behind", f"RUN {UPDATE}", True),
    ("apt-lists-left-behind", f"RUN {UPDATE} && {CLEAN}", False),
    ("apt-lists-left-behind", f"RUN {CLEAN} && {UPDATE}", True),
    ("apt-lists-left-behind", f"RUN {UPDATE} ; {CLEAN}", False),
    ("apt-lists-left-behind", f"RUN {UPDATE} && apt-get clean", True),
    ("apt-lists-left-behind", f"RUN {UPDATE} && apt-get distclean", False),
    ("apt-lists-left-behind", f"RUN {UPDATE} && rm -rf $LISTS", False),
    ("apt-lists-left-behind", f"RUN {UPDATE} && ./clean.sh", False),
    ("apt-lists-left-behind", f"RUN {UPDATE} && sh -c '{CLEAN}'", False),
    ("apt-lists-left-behind", f"RUN --mount=type=cache,target=/var/lib/apt/lists {UPDATE}", False),
    ("apt-lists-left-behind", f"RUN --mount=type=tmpfs,dst=/var/lib/apt {UPDATE}", False),
    ("apt-lists-left-behind", f"RUN --mount=type=cache,target=/var/cache/apt {UPDATE}", True),
    ("apt-lists-left-behind", "RUN if true; then apt-get update; fi", False),
    ("apt-lists-left-behind", "RUN command -v curl || apt-get update", False),
    ("apt-lists-left-behind", "RUN echo apt-get update", False),
    ("apt-lists-left-behind", 'RUN ["apt-get", "update"]', True),
    ("apt-lists-left-behind", f"RUN {UPDATE} && cd /var/lib/apt/lists && rm -rf *", False),
    ("apt-lists-left-behind", f"RUN {UPDATE} && rm -rf /var/lib/apt/lists/partial", True),
    ("apt-lists-left-behind", f'RUN {UPDATE}; if [ "$X" ]; then {CLEAN}; fi', False),
    ("apt-lists-left-behind", f"RUN {UPDATE} && rm /tmp/a-$(uname -m).tgz", True),
    ("apt-lists-left-behind", f"RUN {UPDATE} && bash x && {UPDATE}", True),
    ("apt-lists-left-behind", f"RUN f() {{ {CLEAN}; }}; {UPDATE}; f", False),
    ("apt-lists-left-behind", f"RUN {UPDATE}\nRUN {CLEAN}", False),
    ("apt-lists-left-behind", f"RUN <<EOF\nset -e\n{UPDATE}\nEOF", True),
    ("apt-lists-left-behind", f"RUN <<EOF\nset -e\n{UPDATE}\n{CLEAN}\nEOF", False),
    ("deleted-in-a-later-layer", f"RUN {UPDATE}\nRUN {CLEAN}", True),
    ("deleted-in-a-later-layer", f"RUN {UPDATE} && {CLEAN}\nRUN {CLEAN}", False),
    ("deleted-in-a-later-layer", "COPY a.tar.gz /tmp/a.tar.gz\nRUN tar xf /tmp/a.tar.gz && rm /tmp/a.tar.gz", True),
    ("deleted-in-a-later-layer", "COPY a.tar.gz /tmp/\nRUN tar xf /tmp/a.tar.gz && rm /tmp/a.tar.gz", True),
    ("deleted-in-a-later-layer", "WORKDIR /x\nCOPY a.tar.gz .\nRUN rm /x/a.tar.gz", True),
    ("deleted-in-a-later-layer", "COPY a.tar.gz /tmp/a.tar.gz\nRUN rm /tmp/b.tar.gz", False),
    ("deleted-in-a-later-layer", "COPY a.tar.gz /tmp/\nRUN cd /tmp && rm *.gz", True),
    ("deleted-in-a-later-layer", "COPY .a.tar.gz /tmp/\nRUN cd /tmp && rm *.gz", False),
    ("deleted-in-a-later-layer", "COPY a.tar.gz /tmp/x/\nRUN rm -rf /tmp/x", True),
    ("deleted-in-a-later-layer", "COPY a.tar.gz /tmp/x/\nRUN rm -f /tmp/x", False),
    ("deleted-in-a-later-layer", "RUN dnf install -y a\nRUN dnf clean all", True),
    ("deleted-in-a-later-layer", "RUN apt-get install -y a\nRUN apt-get clean", False),  # docker-clean did it
    ("deleted-in-a-later-layer", "RUN pip install a\nRUN if x; then pip cache purge; fi", False),
    ("package-cache-left-behind", "RUN dnf install -y a\nRUN dnf clean all", False),
    ("package-cache-left-behind", "RUN dnf install -y a", True),
    ("deleted-in-a-later-layer", "COPY a.tar.gz $D/\nRUN rm /tmp/a.tar.gz", False),
    ("deleted-in-a-later-layer", "COPY a.tar.gz /tmp/a.tar.gz\nRUN test -e /x || rm /tmp/a.tar.gz", False),
    ("apk-cache-left-behind", "RUN apk add curl", True),
    ("apk-cache-left-behind", "RUN apk add --no-cache curl", False),
    ("apk-cache-left-behind", "RUN apk add curl && rm -rf /var/cache/apk/*", False),
    ("apk-cache-left-behind", "RUN --mount=type=cache,target=/var/cache/apk apk add curl", False),
    ("apk-cache-left-behind", "RUN --mount=type=cache,target=/etc/apk/cache apk add curl", False),
    ("apk-cache-left-behind", "RUN apk del curl", False),
    ("pip-cache-left-behind", "RUN pip install flask", True),
    ("pip-cache-left-behind", "RUN python3 -m pip install flask", True),
    ("pip-cache-left-behind", "RUN pip install --no-cache-dir flask", False),
    ("pip-cache-left-behind", "ENV PIP_NO_CACHE_DIR=1\nRUN pip install flask", False),
    ("pip-cache-left-behind", "RUN --mount=type=cache,target=/root/.cache pip install flask", False),
    ("pip-cache-left-behind", "RUN pip install flask && rm -rf ~/.cache", False),
    ("pip-cache-left-behind", "RUN pip install flask && pip cache purge", False),
    ("pip-cache-left-behind", "RUN pip uninstall flask", False),
    ("pip-cache-left-behind", "RUN pip install $OPTIONS flask", False),
    ("pip-cache-left-behind", 'RUN pip install "$@"', False),
    ("pip-cache-left-behind", 'RUN pip install "flask==$V"', True),
    ("pip-cache-left-behind", "RUN pip install --no-cache flask", False),
    ("pip-cache-left-behind", "RUN pip install --cache-dir /c flask", True),
    ("pip-cache-left-behind", "COPY pip.conf /etc/\nRUN pip install flask", False),
    ("pip-cache-left-behind", "RUN python -m pip install flask && python -m pip cache purge", False),
    ("pip-cache-left-behind", "RUN pipenv install", False),
    ("npm-cache-left-behind", "RUN npm ci", True),
    ("npm-cache-left-behind", "RUN npm ci && npm cache clean --force", False),
    ("npm-cache-left-behind", "RUN npm ci && rm -rf /root/.npm", False),
    ("npm-cache-left-behind", "RUN --mount=type=cache,target=/root/.npm npm ci", False),
    ("npm-cache-left-behind", "ENV npm_config_cache=/tmp/c\nRUN npm ci", True),
    ("npm-cache-left-behind", "ENV npm_config_cache=/tmp/c\nRUN npm ci && rm -rf /tmp/*", False),
    ("npm-cache-left-behind", "RUN npm config set cache /c && npm ci", False),
    ("npm-cache-left-behind", "RUN npm run build", False),
    ("yarn-cache-left-behind", "RUN yarn install --frozen-lockfile", True),
    ("yarn-cache-left-behind", "RUN yarn install --frozen-lockfile && yarn cache clean", False),
    ("yarn-cache-left-behind", "RUN corepack enable && yarn install", False),
    ("yarn-cache-left-behind", "RUN yarn build", False),
    ("go-cache-left-behind", "RUN go build -o /server", True),
    ("go-cache-left-behind", "RUN --mount=type=cache,target=/root/.cache/go-build go build -o /server", False),
    ("go-cache-left-behind", "RUN go build -o /server && go clean -cache -modcache", False),
    ("go-cache-left-behind", "RUN go build -o /server && go clean -modcache", True),
    ("go-cache-left-behind", "RUN go build -o /server\nCMD [\"go\", \"run\", \".\"]", False),
    ("apt-cache-left-behind", f"RUN {UPDATE} && {CLEAN}", False),
    ("apt-cache-left-behind", f"RUN rm -f /etc/apt/apt.conf.d/docker-clean\nRUN {UPDATE} && {CLEAN}", True),
    ("apt-cache-left-behind", ("RUN rm -f /etc/apt/apt.conf.d/docker-clean\n"
     f"RUN --mount=type=cache,target=/var/cache/apt {UPDATE} && {CLEAN}"), False),
    ("recommends-installed", "RUN apt-get install -y curl", True),
    ("recommends-installed", "RUN apt-get install -y --no-install-recommends curl", False),
    ("recommends-installed", "RUN apt-get install -y $OPTIONS curl", False),
    ("recommends-installed", "RUN echo 'APT::Install-Recommends 0;' > /etc/apt/apt.conf\nRUN apt-get install a", False),
    ("chown-in-a-later-layer", "COPY app /app\nRUN chown -R 1:1 /app", True),
    ("chown-in-a-later-layer", "COPY --chown=1:1 app /app\nRUN chown -R 1:1 /app", False),
    ("chown-in-a-later-layer", "COPY app /app\nRUN chown -R 1:1 /data", False),
    ("chown-in-a-later-layer", "RUN chown -R 1:1 /app\nCOPY app /app", False),
    ("chown-in-a-later-layer", "COPY app /app\nRUN chown 1:1 /app", False),
    ("chmod-in-a-later-layer", "WORKDIR /app\nCOPY . .\nRUN chmod -R 755 .", True),
    ("chmod-in-a-later-layer", "WORKDIR /app\nCOPY --chmod=755 . .\nRUN chmod -R 755 .", False),
    ("single-stage-build", "RUN npm run build", True),
    ("single-stage-build", "RUN npm run build\nFROM x\nCOPY --from=0 /d /d", False),
    ("single-stage-build", "RUN cargo build --release", True),
    ("single-stage-build", "RUN cargo --version", False),
    ("runs-as-root", "CMD [\"x\"]", False),
    ("runs-as-root", "USER app\nCMD [\"x\"]", False),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "body", "expected"), CASES)
def test_a_smell_is_seen_and_its_nearest_neighbour_is_not(tmp_path: Path, rule: str, body: str, expected: bool) -> None:
    (tmp_path / "data").write_bytes(bytes(200_000))  # of few bytes nothing is said
    found = found_in(tmp_path, f"FROM base:1.2.3\n{body}\n", Settings(select=frozenset({rule})))
    assert expected == bool(found), found


@pytest.mark.parametrize(("rule", "body", "expected"), [case for case in CASES if case[2] and "FROM" not in case[1]])
def test_in_a_stage_that_does_not_ship_it_is_worth_nothing(
    tmp_path: Path, rule: str, body: str, expected: bool
) -> None:
    text = f"FROM base:1.2.3 AS one\n{body}\nFROM base:1.2.3\nCOPY --from=one /x /x\n"
    assert [] == found_in(tmp_path, text, Settings(select=frozenset({rule})))


@pytest.mark.parametrize(
    ("base", "body", "expected"),
    [
        ("node:22.1.0", "CMD node x.js", True),
        ("scratch", "COPY x /x\nCMD [\"/x\"]", True),
        ("node:22.1.0", "USER node\nCMD node x.js", False),
        ("node:22.1.0", "USER 0\nCMD node x.js", True),
        ("node:22.1.0", "USER $WHO\nCMD node x.js", False),
        ("node:22.1.0", "ENTRYPOINT [\"gosu\", \"node\", \"x\"]", False),
        ("node:22.1.0", "ENTRYPOINT [\"/docker-entrypoint.sh\"]", False),
        ("node:22.1.0", "COPY start.sh /\nENTRYPOINT [\"/start.sh\"]", True),
        ("node:22.1.0", "COPY drops.sh /\nENTRYPOINT [\"/drops.sh\"]", False),
        ("postgres:17", "CMD postgres", False),
        ("ghcr.io/us/base:1", "CMD x", False),
        ("node:22.1.0", "ENV A=1", False),
    ],
)  # fmt: skip
def test_root_is_told_only_where_it_is_known(tmp_path: Path, base: str, body: str, expected: bool) -> None:
    (tmp_path / "start.sh").write_text("#!/bin/sh\nexec node x.js\n")
    (tmp_path / "drops.sh").write_text("#!/bin/sh\nexec su-exec node node x.js\n")
    found = found_in(tmp_path, f"FROM {base}\n{body}\n", Settings(select=frozenset({"runs-as-root"})))
    assert expected == bool(found)


def test_the_cases_are_of_rules_that_are_there() -> None:
    assert set() == {rule for rule, _, _ in CASES} - set(rule_names())


def test_a_secret_that_nothing_names_is_an_error_and_one_that_the_program_names_a_note(tmp_path: Path) -> None:
    (tmp_path / "server.key").write_text("-----BEGIN PRIVATE KEY-----\nx\n")
    text = "FROM base:1.2.3\nCOPY . /app\n"
    assert ["error"] == [each.severity.value for each in look_at(tmp_path, text).remarks]
    (tmp_path / "app.py").write_text('open("server.key")\n')
    assert ["note"] == [each.severity.value for each in look_at(tmp_path, text).remarks]


def test_what_nothing_reads_is_told_from_a_megabyte_on(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "app.py").write_text("import os\n")
    only = Settings(select=frozenset({"context-files-never-read"}))
    text = "FROM base:1.2.3\nCOPY . /app\nCMD python /app/app.py\n"
    (tmp_path / "docs" / "a.md").write_bytes(b"x" * 900_000)
    assert [] == found_in(tmp_path, text, only)
    (tmp_path / "docs" / "a.md").write_bytes(b"x" * 1_100_000)
    (remark,) = look_at(tmp_path, text, only).remarks
    assert remark.message.startswith("line 2 copies what nothing reads: docs (1.1 MB)")
    assert remark.fix is not None
    assert not remark.sure
    assert [] == found_in(tmp_path, text.replace("CMD", "COPY absent /x\nCMD"), only)


@pytest.mark.parametrize(
    ("body", "fixed"),
    [
        (
            "RUN pip install a && \\\n    pip install b",
            "RUN pip install --no-cache-dir a && \\\n    pip install --no-cache-dir b",
        ),
        ("RUN apk add a # why", "RUN apk add --no-cache a # why"),
        (f"RUN {UPDATE}\nRUN {CLEAN}", f"RUN {UPDATE} && \\\n    {CLEAN}"),
        (
            f"RUN {UPDATE}\n# lists go\nRUN {CLEAN} && apt-get clean",
            f"RUN {UPDATE} && \\\n    # lists go\n    {CLEAN} && apt-get clean",
        ),
        (f"RUN cd /x && {UPDATE}\nRUN {CLEAN}", None),
        (f"RUN {UPDATE}\nENV A=1\nRUN {CLEAN}", None),
        ("RUN pip install --cache-dir /c a", None),
        (f"RUN {UPDATE}\nRUN {CLEAN} > x", None),
        (f"RUN {UPDATE}\nRUN if x; then {CLEAN}; fi", None),
        (f"RUN {UPDATE}\nRUN {CLEAN} && make", None),
        (f"RUN {UPDATE}\nRUN {CLEAN} $MORE", None),
        (f"RUN {UPDATE}", None),
        ("RUN npm ci", None),
        ("RUN apk update && apk add a", None),
    ],
)
def test_what_the_text_shows_to_be_right_is_put_right_and_nothing_else(
    tmp_path: Path, body: str, fixed: str | None
) -> None:
    for ending in ("\n", "\r\n"):
        text = f"FROM base:1.2.3\n{body}\n".replace("\n", ending)
        source = look_at(tmp_path, text).source
        righted = put_right(source, Settings())
        assert righted is not None
        assert (text if fixed is None else f"FROM base:1.2.3\n{fixed}\n".replace("\n", ending)) == righted.after
        again = put_right(look_at(tmp_path, righted.after).source, Settings())
        assert again is not None
        assert (righted.after, ()) == (again.after, again.made)


def test_what_is_removed_is_where_it_is_known_to_lie_and_nowhere_else(tmp_path: Path) -> None:
    def command(body: str) -> str | None:
        only = Settings(select=frozenset({"npm-cache-left-behind", "go-cache-left-behind"}))
        (remark,) = look_at(tmp_path, f"FROM base:1.2.3\n{body}\n", only).remarks
        return remark.fix.edits[0].text.split("\n")[-1].strip() if remark.fix is not None else None

    assert "rm -rf /root/.npm" == command("RUN npm ci")
    assert "rm -rf /root/.cache/go-build /go/pkg/mod" == command("RUN go build .")
    assert "rm -rf /root/.cache/go-build" == command("RUN go build -mod=vendor .")
    for elsewhere in ("RUN npm ci --cache .", "ENV npm_config_cache=/\nRUN npm ci", "USER bob\nRUN npm ci",
                      "ENV HOME=/h\nRUN npm ci", "ENV GOPATH=/app\nRUN go build ."):  # fmt: skip
        assert None is command(elsewhere)


def test_a_clean_of_what_many_runs_made_is_told_for_each_and_merged_for_the_nearest(tmp_path: Path) -> None:
    text = "FROM base:1.2.3\n" + "RUN pip install a\n" * 200 + "RUN rm -rf ~/.cache\n"
    found = look_at(tmp_path, text, Settings(select=frozenset({"deleted-in-a-later-layer"}))).remarks
    assert (200, 19) == (len(found), len([each for each in found if each.fix is not None]))
    (far,) = {each.advice for each in found if each.fix is None}
    assert "more than 20 RUNs would become one: remove it where it is made" == far


def test_a_clean_of_several_caches_of_several_runs_is_told_for_each_run(tmp_path: Path) -> None:
    text = f"FROM base:1.2.3\nRUN pip install a\nRUN {UPDATE}\nRUN pip install b\nRUN {CLEAN} && rm -rf ~/.cache\n"
    found = look_at(tmp_path, text + f"RUN {CLEAN}\n").remarks
    assert {f"line 5 removes what line {line} made, which still ships" for line in (2, 3, 4)} == {
        each.message for each in found if each.code in ("JT203", "JT103", "JT106")
    }


@pytest.mark.parametrize(("rule", "body", "expected"), [case for case in CASES if case[2]])
def test_every_fix_that_is_offered_parses_and_takes_the_smell_away(
    tmp_path: Path, rule: str, body: str, expected: bool
) -> None:
    text, only = f"FROM base:1.2.3\n{body}\n", Settings(select=frozenset({rule}))
    for each in look_at(tmp_path, text, only).remarks:
        if each.fix is not None:
            assert [] == found_in(tmp_path, apply(text, each.fix.edits), only)
