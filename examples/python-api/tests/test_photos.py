import pytest

from harbour import photos


def test_a_photograph_is_kept_with_a_small_one(tmp_path, monkeypatch):
    monkeypatch.setattr(photos, "UPLOADS", tmp_path / "uploads")
    assert {"width": 160, "height": 120, "small": 64} == photos.keep("crane.png", photos.sample())
    assert ["crane-small.jpeg", "crane.png"] == sorted(each.name for each in (tmp_path / "uploads").iterdir())


def test_what_is_no_picture_is_refused():
    with pytest.raises(OSError, match="cannot identify"):
        photos.keep("x.png", b"no picture")
