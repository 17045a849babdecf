"""dpkg's database read from a tree."""

from __future__ import annotations

from layer_listing import subject_of

from jettison.packages.dpkg import Package, closure, files_of, parse_status, read_status


def packages(*lines: str) -> dict[str, Package]:
    """`name: depends | or, more` a line, recommends behind a slash."""
    found = {}
    for line in lines:
        name, _, relations = line.partition(":")
        depends, _, recommends = relations.partition("/")
        text = f"Package: {name}\nDepends: {depends}\nRecommends: {recommends}\n"
        (found[name],) = parse_status(text)
    return found


def test_a_status_paragraph_is_read() -> None:
    text = (
        "Package: a\nStatus: install ok installed\nEssential: yes\nArchitecture: amd64\nVersion: 1:2-3\n"
        "Pre-Depends: libc6 (>= 2.36)\nDepends: b (= 1) | c:any,\n d [amd64]\nRecommends: e, f\nProvides: g (= 1), h\n"
        "Description: what it is\n Package: not-a-field\n .\n more\n"
    )
    expected = Package("a", "1:2-3", "amd64", True, (("libc6",), ("b", "c"), ("d",)), (("e",), ("f",)), ("g", "h"))
    assert [expected] == list(parse_status(text))


def test_only_what_is_installed_counts() -> None:
    states = ["install ok installed", "hold ok installed", "deinstall ok config-files", "install ok half-installed"]
    text = "\n".join(f"Package: p{n}\nStatus: {state}\n" for n, state in enumerate(states))
    assert ["p0", "p1"] == [package.name for package in parse_status(text)]


def test_a_text_that_is_no_status_file_has_no_packages() -> None:
    for text in ("", "\n\n\n", "no colon", ": \n :", "Package\n", " a\n b"):
        assert [] == list(parse_status(text))


def test_distroless_images_keep_a_file_for_each_package() -> None:
    listing = (
        "1 var/lib/dpkg/status.d/base text=a\n1 var/lib/dpkg/status.d/base.md5sums 9\n1 var/lib/dpkg/status.d/tz text=b"
    )
    texts = {"a": "Package: base-files\nVersion: 1\n", "b": "Package: tzdata\nVersion: 2\n"}
    assert ["base-files", "tzdata"] == sorted(read_status(subject_of("FROM x\n", listing, texts).tree))


def test_an_image_without_a_database_has_no_packages() -> None:
    assert {} == read_status(subject_of("FROM x\n", "1 etc/motd 5").tree)


def test_the_closure_follows_what_is_installed() -> None:
    all_of_them = packages("a: b | c, d", "c:", "d: a / e", "e:", "f:")
    assert {"a", "c", "d"} == closure(all_of_them, {"a"})
    assert {"a", "c", "d", "e"} == closure(all_of_them, {"a"}, recommends=True)
    assert set() == closure(all_of_them, {"unknown"})


def test_of_two_alternatives_that_are_installed_the_first_counts() -> None:
    assert {"a", "b"} == closure(packages("a: b | c", "b:", "c:"), {"a"})


def test_the_files_of_a_package_are_followed_through_merged_usr() -> None:
    listing = (
        "1 bin link=usr/bin\n1 usr/bin/a 5\n1 usr/lib/x/b 6\n1 var/lib/dpkg/info/p:amd64.list text=list\n"
        "1 var/lib/dpkg/info/p:amd64.postinst 7\n1 var/lib/dpkg/info/pq.list text=other\n1 usr/bin/q 8"
    )
    texts = {"list": "/.\n/bin\n/bin/a\n/usr/lib/x/b\n/usr/share/gone\n", "other": "/usr/bin/q\n"}
    tree = subject_of("FROM x\n", listing, texts).tree
    expected = {
        b"usr/bin/a", b"usr/lib/x/b", b"var/lib/dpkg/info/p:amd64.list", b"var/lib/dpkg/info/p:amd64.postinst",
    }  # fmt: skip
    assert expected == files_of(tree, "p", "amd64")
