"""Random stacks pushed to a real registry are pulled the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import second_merge
from handmade import Made, classic_files, layout_files, write_archive, write_layout
from hypothesis import given, settings
from registry_server import Server, installed, served
from test_merge_random import STACKS, Member, layer
from test_transports_round_trip import told

from jettison.image.open import open_image
from jettison.image.transports.registry_write import write


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not installed():
        pytest.skip("needs docker-registry")
    root = tmp_path_factory.mktemp("registry")
    (root / "registries.conf").write_text("")
    with pytest.MonkeyPatch.context() as patch, served(root) as server:
        patch.setenv("HOME", str(root))
        patch.setenv("CONTAINERS_REGISTRIES_CONF", str(root / "registries.conf"))
        yield server


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(STACKS)
def test_random_stacks_are_pushed_and_pulled_the_same(
    registry: Server, tmp_path_factory: pytest.TempPathFactory, members: list[list[Member]]
) -> None:
    stack = tuple(layer(each) for each in members)
    try:
        second_merge.merged(stack)
    except second_merge.Refused:
        return
    root = tmp_path_factory.mktemp("random")
    for source in (
        open_image(f"oci:{write_layout(layout_files(Made(stack)), root / 'in')}"),
        open_image(str(write_archive(classic_files(Made(stack)), root / "in.tar"))),
    ):
        write(source, f"{registry.host}/random:1")
        again = open_image(f"docker://{registry.host}/random:1")
        assert told(source) == told(again)
        assert list(stack) == [b"".join(each.source.tar()) for each in again.layers]
