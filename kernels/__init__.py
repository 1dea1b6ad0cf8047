"""The operators: one ``forward`` each, with three meanings."""

from kernels import conv, curves, dense, elementwise, pool, quant, real, shape, table

__all__ = ["conv", "curves", "dense", "elementwise", "pool", "quant", "real", "shape", "table"]
