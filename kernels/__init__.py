"""The operators: one ``forward`` each, with three meanings."""

from kernels import conv, dense, elementwise, pool, quant, real, shape, table

__all__ = ["conv", "dense", "elementwise", "pool", "quant", "real", "shape", "table"]
