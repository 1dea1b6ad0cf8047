"""Compile C++ kernels with the compiler of this machine, and run whole batches through them.

A function of a library is ``extern "C" void f(const uint32_t *x, uint32_t *y, int64_t samples)``;
``csim.h``, beside this file, reads and writes its numbers.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim import integers, toolchain
from sim.errors import ToolFailed
from sim.integers import IntArray

INCLUDE = Path(__file__).parent
"""The folder of ``csim.h``."""

FLAGS = ("-std=c++17", "-O1", "-fPIC", "-shared")
_BITS = 64


@dataclass(frozen=True)
class Library:
    """Compiled functions, whose codes take ``words`` words of 64 bits each."""

    functions: ctypes.CDLL
    words: int = 1

    def run(self, name: str, x: IntArray, outputs: int) -> IntArray:
        """The codes of the results, (samples, outputs), for those of the inputs."""
        y = np.zeros((len(x), outputs, self.words), np.uint64)
        words = _words(x, self.words)
        function = getattr(self.functions, name)
        function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        function.restype = None
        function(words.ctypes.data, y.ctypes.data, len(x))
        return _codes(y)


def build(
    source: Path,
    include: Sequence[Path] = (),
    flags: Sequence[str] = (),
    words: int = 1,
    environ: Mapping[str, str] = os.environ,
) -> Library:
    """Compile a file into a shared library beside it."""
    target = source.resolve().with_suffix(".so")
    folders = [f"-I{folder}" for folder in (INCLUDE, *include)]
    compiler = toolchain.compiler(environ)
    command = [f"{compiler}", *FLAGS, *flags, *folders, f"{source.resolve()}", "-o", f"{target}"]
    result = subprocess.run(  # noqa: S603  # a compiler that we looked up, on a file of ours
        command, env=environ, capture_output=True, text=True, check=False
    )
    if result.returncode:
        told = result.stderr.splitlines()[:15]  # the first error is the one to read
        what = f"{source}: cannot be compiled: exit code {result.returncode}"
        raise ToolFailed("\n".join([what, shlex.join(command), "the beginning of its log:", *told]))
    return Library(ctypes.CDLL(f"{target}"), words)


def _words(codes: IntArray, count: int) -> Any:
    """Two's complement, the lowest word first on a last axis."""
    end = 1 << _BITS * count - 1
    assert ((-end <= codes) & (codes < end)).all(), "a code does not fit into its words"
    if count == 1:
        return np.ascontiguousarray(codes, np.int64)
    mask = (1 << _BITS) - 1
    shifted = [codes.astype(np.object_) >> _BITS * i & mask for i in range(count)]
    return np.ascontiguousarray(np.stack(shifted, -1).astype(np.uint64))


def _codes(words: Any) -> IntArray:
    high = words[..., -1].astype(np.int64)
    if words.shape[-1] == 1:
        return np.asarray(high)
    total = high.astype(np.object_)
    for i in reversed(range(words.shape[-1] - 1)):
        total = (total << _BITS) + words[..., i].astype(np.object_)
    return integers.narrow(total)
