"""The files of an emulator, all in a namespace that only this one has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from hlsgen import interface, library, numbers
from hlsgen.calls import Program
from hlsgen.dialect import PLAIN
from hlsgen.emulator import records
from hlsgen.emulator.tables import Tables, declared, quoted, tables
from hlsgen.naming import RESERVED, Names, identifier
from hlsgen.planner import plan
from hlsgen.render import comment, environment, statements
from hlsgen.style import Io
from rtlgen.network import Network
from sim.errors import ConfigError
from sim.manifest import Manifest

ABI = 1
"""The version of the C interface, whatever network is behind it."""

Files = Mapping[str, str | bytes]

_OWN = frozenset({"Sample", "evaluate"})
"""What is in the same scope as the variables of a network."""
_VERSION = re.compile(r"[0-9A-Za-z]+([._][0-9A-Za-z]+)*")
_WEIGHTS = re.compile(r"^(}  // )?namespace weights\b", re.MULTILINE)
_KERNELS = re.compile(r"\bnamespace kernels\b|\bkernels(?=::)")
_DIGITS = 16


def files(
    network: Network,
    name: str | None = None,
    version: str = "1",
    *,
    cms: bool = False,
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, str | bytes]:
    """Every file of the emulator of a network, by its name.

    All functions begin with ``name`` (None: that of the network) and ``version``, so that two
    versions fit into one program. ``samples`` are recorded for the emulator's own test, or fewer
    if they are large.

    Raises :class:`ConfigError` for a name or a version that cannot be a part of an identifier, and
    :class:`UnsupportedOperator` for a node without a kernel.
    """
    stem = _stem(identifier(network.name) if name is None else name, version)
    manifest = interface.manifest(network)
    program = plan(network.graph, {}, Io.PARALLEL, Names(library.names() | RESERVED | _OWN))
    ends = tables(network, program, manifest)
    recorded = {"codes": records.codes(network, manifest, samples, seed)}
    if not ends.inexact:
        recorded["reals"] = records.reals(network, manifest, samples, seed)
    context = _context(program, manifest, ends) | recorded
    context |= {"model": network.name, "version": version, "cms": cms}
    context |= {"stem": stem, "guard": stem.upper(), "top": stem}
    made: dict[str, str | bytes] = dict(_texts(_templates(stem, cms=cms), context))
    made["manifest.json"] = manifest.text()
    made |= {f"{kind}.bin": kept.data for kind, kept in recorded.items()}
    return _sealed(stem, made)


def _context(program: Program, manifest: Manifest, ends: Tables) -> dict[str, Any]:
    """What templates say of a network."""
    return {
        "abi": ABI,
        "variables": (*program.inputs, *program.locals, *program.outputs),
        "constants": list(program.constants),
        "body": statements(program),
        "inputs": ends.inputs,
        "outputs": ends.outputs,
        "inexact": ends.inexact,
        "words": manifest.words,
        "x_size": sum(t.elements for t in manifest.inputs),
        "y_size": sum(t.elements for t in manifest.outputs) * manifest.words,
    }


def names(stem: str) -> frozenset[str]:
    """What files there may be."""
    others = ("codes.bin", "fixed.h", "kernels.h", "manifest.json", "reals.bin")
    return frozenset({*others, *_templates(stem, cms=True)})


def _templates(stem: str, *, cms: bool) -> dict[str, str]:
    """The template of each file that has one of its own."""
    folder = "emulator"
    plain = ("test.cpp", "exports.map", "Makefile", "README.md", *(("plugin.cpp",) if cms else ()))
    return {
        f"{stem}.h": f"{folder}/emulator.h.j2",
        f"{stem}.cpp": f"{folder}/emulator.cpp.j2",
        "ports.h": f"{folder}/ports.h",
        "weights.h": "weights.h.j2",
        **{name: f"{folder}/{name}.j2" for name in plain},
    }


def _texts(templates: Mapping[str, str], context: dict[str, Any]) -> Iterator[tuple[str, str]]:
    jinja, used = environment(), ""
    jinja.filters |= {"comment": comment, "declared": declared, "quoted": quoted}
    for name, template in templates.items():
        text = jinja.get_template(template).render(context)
        used += text
        yield name, text
    yield "kernels.h", library.library(used, PLAIN)
    yield "fixed.h", numbers.ours()


def _sealed(stem: str, made: Files) -> dict[str, str | bytes]:
    """The same in a namespace of its own, whose name depends on all that is in it."""
    whole = sha256()
    for name in sorted(made):
        content = made[name]
        whole.update(content.encode() if isinstance(content, str) else content)
    fingerprint = whole.hexdigest()[:_DIGITS]
    own = f"rtlgen_{stem}_{fingerprint}"

    def sealed(text: str) -> str:
        text = _WEIGHTS.sub(r"\1namespace kernels::weights", text)
        text = _KERNELS.sub(lambda match: match[0].replace("kernels", own), text)
        return text.replace("@fingerprint@", fingerprint)

    return {n: sealed(c) if isinstance(c, str) else c for n, c in made.items()}


def _stem(name: str, version: str) -> str:
    if identifier(name) != name:
        raise ConfigError(f"name {name!r}: not a plain name in C++; write it {identifier(name)!r}")
    if not _VERSION.fullmatch(version):
        raise ConfigError(
            f"version {version!r}: not letters and digits with dots between them; write it as "
            f"'1' or '2.0.1'"
        )
    return f"{name}_v{version.replace('.', '_')}"
