"""Compile C++ kernels with the compiler of this machine, and run whole batches through them.

A function of a library is ``extern "C" void f(const uint32_t *x, uint32_t *y, int64_t samples)``;
``csim.h``, beside this file, reads and writes its numbers.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import shlex
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim import integers, toolchain, vectors
from sim.errors import Mismatch, ToolFailed
from sim.integers import IntArray
from sim.manifest import Manifest

INCLUDE = Path(__file__).parent
"""The folder of ``csim.h``."""

FLAGS = ("-std=c++17", "-O1", "-fPIC", "-shared")
_BITS = 64
ENOUGH = 5  # mismatches, after which there is nothing new to learn


@dataclass(frozen=True)
class Library:
    """Compiled functions, whose codes take ``words`` words of 64 bits each."""

    functions: ctypes.CDLL
    words: int = 1

    def run(self, name: str, x: IntArray, outputs: int) -> IntArray:
        """The codes of the results, (samples, outputs), for those of the inputs."""
        y = np.zeros((len(x), outputs, self.words), np.uint64)
        words = words_of(x, self.words)
        function = self.functions[name]  # not as an attribute, which would keep the library
        function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        function.restype = None
        function(words.ctypes.data, y.ctypes.data, len(x))
        return _codes(y)


KERNEL = "kernel"
"""The function of a library that takes and gives what a manifest lists."""


def replay(folder: Path, library: Library) -> int:
    """Run the vectors of a folder through ``kernel``; how many samples there were.

    Raises :class:`Mismatch` with the first elements that differ.
    """
    manifest = Manifest.read(folder / "manifest.json")
    samples = vectors.check(folder / "vectors.npz", manifest)
    inputs, outputs = vectors.read(folder / "vectors.npz")
    x = rows([inputs[t.name] for t in manifest.inputs])
    y = rows([outputs[t.name] for t in manifest.outputs])
    got = library.run(KERNEL, x, y.shape[1])
    if differing := np.argwhere(got != y)[:ENOUGH].tolist():
        texts = [_difference(manifest, k, e, int(y[k, e]), int(got[k, e])) for k, e in differing]
        raise Mismatch(
            "\n".join(
                [*texts, f"{folder}: generate it again; if it still differs, report it whole"]
            )
        )
    return samples


def build(
    source: Path,
    include: Sequence[Path] = (),
    flags: Sequence[str] = (),
    words: int = 1,
    environ: Mapping[str, str] = os.environ,
    beside: Sequence[Path] = (),
    target: Path | None = None,
) -> Library:
    """Compile a file, and others beside it, into a shared library: beside it, or as ``target``."""
    target = (target or source.with_suffix(".so")).resolve()
    folders = [f"-I{folder}" for folder in (INCLUDE, *include)]
    compiler = toolchain.compiler(environ)
    sources = [f"{path.resolve()}" for path in (source, *beside)]
    command = [f"{compiler}", *FLAGS, *flags, *folders, *sources, "-o", f"{target}"]
    result = subprocess.run(  # noqa: S603  # a compiler that we looked up, on a file of ours
        command, env=environ, capture_output=True, text=True, check=False
    )
    if result.returncode:
        told = result.stderr.splitlines()[:15]  # the first error is the one to read
        what = f"{source}: cannot be compiled: exit code {result.returncode}"
        raise ToolFailed("\n".join([what, shlex.join(command), "the beginning of its log:", *told]))
    return Library(_loaded(target), words)


def _loaded(path: Path) -> ctypes.CDLL:
    """A library that is closed when nobody has it any more: a new one may have the same path."""
    library = ctypes.CDLL(f"{path}")
    weakref.finalize(library, _ctypes.dlclose, library._handle)  # noqa: SLF001  # nothing else closes it
    return library


def rows(tensors: Sequence[IntArray]) -> IntArray:
    """All codes of each sample in a row."""
    rows = [codes.reshape(len(codes), -1) for codes in tensors]
    return integers.narrow(np.concatenate(rows, 1))


def _difference(manifest: Manifest, sample: int, element: int, expected: int, got: int) -> str:
    """In words, with the element's place in its tensor."""
    for tensor in manifest.outputs:
        if element < tensor.elements:
            break
        element -= tensor.elements
    index = [int(i) for i in np.unravel_index(element, tensor.shape)]
    return (
        f"sample {sample}, output {tensor.name!r} element {index}: expected code {expected}, "
        f"got {got}"
    )


def words_of(codes: IntArray, count: int) -> Any:
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
