"""Emulators as somebody has them who knows their README: built by make, called through ctypes."""

from __future__ import annotations

import ctypes
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import parser

from hlsgen import emulator
from rtlgen import Options
from rtlgen.network import Network, read

LIMIT = 1 << 62
FAST = "-O1"


def network(body, inputs, outputs, constants="float one = {1}", called=None, **given):
    """A network of some lines of ONNX's text form; the domain ``q`` is QONNX's.

    ``called`` has names of values that the text form cannot have, by those that it has.
    """
    text = (
        f'<ir_version: 8, opset_import: ["" : 17, "qonnx.custom_op.general" : 1]>\n'
        f"tiny ({inputs}) => ({outputs}) <{constants}> {{ {body} }}"
    )
    proto = parser.parse_model(text.replace(" q.", " qonnx.custom_op.general."))
    _rename(proto.graph, called or {})
    return read(proto, Options(limit=LIMIT, **given))


def _rename(graph, called):
    for value in (*graph.input, *graph.output):
        value.name = called.get(value.name, value.name)
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [called.get(name, name) for name in names]


def make(folder, *arguments, flags=FAST, check=True):
    """What make said, in one text, and whether it went well."""
    command = ["make", "-s", f"CXXFLAGS={flags} -Werror", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = result.stdout + result.stderr
    assert not check or result.returncode == 0, said
    return said, result.returncode


@dataclass(frozen=True)
class Emulator:
    folder: Path
    stem: str
    of: Network
    library: ctypes.CDLL

    def call(self, function, x, y):
        """The status; rows of y are written."""
        x = np.ascontiguousarray(x)
        pointers = (ctypes.c_void_p(a.ctypes.data) for a in (x, y))
        return getattr(self.library, f"{self.stem}_{function}")(*pointers, ctypes.c_int64(len(x)))

    def count(self, function, *arguments):
        given = getattr(self.library, f"{self.stem}_{function}")
        given.restype = ctypes.c_int64
        return given(*map(ctypes.c_int64, arguments))

    def text(self, function, *arguments):
        given = getattr(self.library, f"{self.stem}_{function}")
        given.restype = ctypes.c_char_p
        found = given(*map(ctypes.c_int64, arguments))
        return None if found is None else found.decode()

    def predict_codes(self, x, words=1):
        """The codes of results, for rows of codes."""
        y = np.zeros((len(x), sum(t.size for t in outputs(self.of)), words), np.int64)
        assert self.call("predict_codes", x.astype(np.int64), y) == 0
        high = y[..., -1].astype(object)
        for w in reversed(range(words - 1)):
            high = (high << 64) + y[..., w].astype(np.uint64).astype(object)
        return high

    def predict(self, x, function="predict", dtype=np.float64):
        """The real numbers of results, for rows of them."""
        y = np.zeros((len(x), sum(t.size for t in outputs(self.of))), dtype)
        assert self.call(function, x, y) == 0
        return y


def outputs(of):
    return [of.types[name] for name in of.graph.outputs]


def write(folder, of, **given):
    emulator.write(folder, emulator.files(of, **given))
    (source,) = folder.glob("*_v*.cpp")
    return source.stem


def build(folder, of, flags=FAST, **given):
    stem = write(folder, of, **given)
    make(folder, flags=flags)
    return Emulator(folder, stem, of, ctypes.CDLL(f"{folder}/build/lib{stem}.so"))


def rows(arrays):
    """The elements of all tensors of a sample in a row."""
    return np.concatenate([a.reshape(len(a), -1) for a in arrays.values()], 1)


def expected(of, codes):
    """The reference's codes for these codes, each in its element's own step."""
    return rows({n: y.in_steps(of.types[n].exp) for n, y in of.answers(codes).items()})
