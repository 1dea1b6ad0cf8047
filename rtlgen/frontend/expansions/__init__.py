"""How operators are written out in others, by domain and name."""

from __future__ import annotations

from collections.abc import Mapping

from rtlgen.frontend.expansion import Expand
from rtlgen.frontend.expansions import (
    attention,
    casts,
    comparisons,
    einsum,
    grids,
    grouped,
    integers,
    microsoft,
    normalizations,
    one_hot,
    orders,
    pools,
    recurrent,
    reductions,
    regions,
    resizing,
    rotary,
    scatters,
    sums,
    transformers,
    transposed,
    unpooling,
)

EXPANSIONS: Mapping[str, Mapping[str, Expand]] = {
    "": {
        **attention.EXPANSIONS,
        **casts.EXPANSIONS,
        **comparisons.EXPANSIONS,
        **einsum.EXPANSIONS,
        **grids.EXPANSIONS,
        **integers.EXPANSIONS,
        **normalizations.EXPANSIONS,
        **one_hot.EXPANSIONS,
        **orders.EXPANSIONS,
        **pools.EXPANSIONS,
        **recurrent.EXPANSIONS,
        **reductions.EXPANSIONS,
        **regions.EXPANSIONS,
        **resizing.EXPANSIONS,
        **rotary.EXPANSIONS,
        **scatters.EXPANSIONS,
        **sums.EXPANSIONS,
        **transposed.EXPANSIONS,
        **unpooling.EXPANSIONS,
    },
    microsoft.DOMAIN: {
        **microsoft.EXPANSIONS,
        **grouped.EXPANSIONS,
        **transformers.EXPANSIONS,
    },
}
