"""What oneAPI's compiler for FPGAs takes: the attributes ``[[intel::...]]`` and ``#pragma unroll``.

A table of the attributes' arguments and of what each may stand in front of. Verified against the
tables of loop, memory and kernel attributes in Intel's FPGA Handbook (2024.0 to 2025.0), against
the diagnostics that intel/llvm tests for (``clang/test/SemaSYCL/intel-fpga-loops.cpp``: numbers of
arguments, least values, declarations), and against the attributes in the kernels of hls4ml 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hlsgen.grammar.places import Next


@dataclass(frozen=True)
class Attribute:
    next: tuple[Next, ...]
    fewest: int = 0
    """Of its arguments."""
    most: int = 0
    least: int = 0
    """Which an argument that is a number may have."""
    greatest: int | None = None
    words: tuple[str, ...] = ()
    """Which of them the last argument may be, if the arguments are strings and not numbers."""
    power: bool = False
    """Whether a number has to be a power of two."""
    instead: str | None = None
    """What to write for one that is deprecated."""


_LOOP, _MEMORY, _FUNCTION = (Next.LOOP,), (Next.DECLARATION,), (Next.FUNCTION,)
_BOTH = (Next.LOOP, Next.FUNCTION)

ATTRIBUTES: Mapping[str, Attribute] = {
    "disable_loop_pipelining": Attribute(_BOTH),
    "enable_loop_pipelining": Attribute(_LOOP),
    "initiation_interval": Attribute(_BOTH, 1, 1, least=1),
    "ivdep": Attribute(_LOOP, 0, 2),
    "loop_coalesce": Attribute(_LOOP, 0, 1, least=1),
    "loop_count": Attribute(_LOOP, 1, 1),
    "loop_count_avg": Attribute(_LOOP, 1, 1),
    "loop_count_max": Attribute(_LOOP, 1, 1),
    "loop_count_min": Attribute(_LOOP, 1, 1),
    "max_concurrency": Attribute(_BOTH, 1, 1),
    "max_interleaving": Attribute(_LOOP, 1, 1, greatest=1),
    "max_reinvocation_delay": Attribute(_LOOP, 1, 1, least=1),
    "nofusion": Attribute(_LOOP),
    "speculated_iterations": Attribute(_LOOP, 1, 1),
    "ii": Attribute(_LOOP, 1, 1, instead="initiation_interval"),
    "bank_bits": Attribute(_MEMORY, 1, 64),
    "bankwidth": Attribute(_MEMORY, 1, 1, least=1, power=True),
    "doublepump": Attribute(_MEMORY),
    "force_pow2_depth": Attribute(_MEMORY, 1, 1, greatest=1),
    "fpga_memory": Attribute(_MEMORY, 0, 1, words=("BLOCK_RAM", "MLAB")),
    "fpga_register": Attribute(_MEMORY),
    "max_replicates": Attribute(_MEMORY, 1, 1, least=1),
    "merge": Attribute(_MEMORY, 2, 2, words=("depth", "width")),
    "numbanks": Attribute(_MEMORY, 1, 1, least=1, power=True),
    "private_copies": Attribute(_MEMORY, 1, 1),
    "simple_dual_port": Attribute(_MEMORY),
    "singlepump": Attribute(_MEMORY),
    "kernel_args_restrict": Attribute(_FUNCTION),
    "loop_fuse": Attribute(_FUNCTION, 0, 1),
    "loop_fuse_independent": Attribute(_FUNCTION, 0, 1),
    "max_global_work_dim": Attribute(_FUNCTION, 1, 1, instead=""),
    "max_work_group_size": Attribute(_FUNCTION, 3, 3, least=1),
    "no_global_work_offset": Attribute(_FUNCTION, 0, 1, greatest=1),
    "num_simd_work_items": Attribute(_FUNCTION, 1, 1, least=1),
    "scheduler_target_fmax_mhz": Attribute(_FUNCTION, 1, 1),
    "use_stall_enable_clusters": Attribute(_FUNCTION),
}
