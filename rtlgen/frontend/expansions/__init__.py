"""How operators are written out in others, by domain and name."""

from __future__ import annotations

from collections.abc import Mapping

from rtlgen.frontend.expansion import Expand
from rtlgen.frontend.expansions import sums

EXPANSIONS: Mapping[str, Mapping[str, Expand]] = {"": {**sums.EXPANSIONS}}
