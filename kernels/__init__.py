"""The operators: one ``forward`` each, with three meanings."""

from kernels import (
    bits,
    conv,
    curves,
    dense,
    depth,
    elementwise,
    gather,
    logic,
    order,
    pool,
    quant,
    real,
    reduce,
    shape,
    shift,
    table,
)

__all__ = [
    "bits",
    "conv",
    "curves",
    "dense",
    "depth",
    "elementwise",
    "gather",
    "logic",
    "order",
    "pool",
    "quant",
    "real",
    "reduce",
    "shape",
    "shift",
    "table",
]
