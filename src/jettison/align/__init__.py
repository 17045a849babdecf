"""Which instruction made which layer, and which layers are the base's; "not known" is a legal answer."""

from jettison.align.base import Base, base_of, guessed_base
from jettison.align.builders import builders_of
from jettison.align.match import align
from jettison.align.model import Alignment

__all__ = ["Alignment", "Base", "align", "base_of", "builders_of", "guessed_base"]
