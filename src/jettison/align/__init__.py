"""Which instruction made which layer, and which layers are the base's; "not known" is a legal answer."""

from jettison.align.base import GUESSED, Base, base_of, first_own_row, guessed_base
from jettison.align.builders import builders_of
from jettison.align.match import align
from jettison.align.model import Alignment

__all__ = ["GUESSED", "Alignment", "Base", "align", "base_of", "builders_of", "first_own_row", "guessed_base"]
