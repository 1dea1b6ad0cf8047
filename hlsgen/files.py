"""The text of a project's files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hlsgen import formats, interface, library, numbers
from hlsgen.calls import Program
from hlsgen.parts import part
from hlsgen.planner import processes
from hlsgen.render import environment, statements
from hlsgen.style import Io

if TYPE_CHECKING:
    from hlsgen.project import Project

_ORDINARY_STACK = 1 << 21
"""Bytes that are there wherever C++ runs."""


def files(project: Project) -> dict[str, str]:
    """Every file of C++ and every script, by its name."""
    top, vendor, target = project.top, project.options.vendor, project.target
    templates, context = environment(), _context(project)
    stream = project.options.io is Io.STREAM

    def written(template: str) -> str:
        """The vendor's own template, or the one that vendors share."""
        return templates.select_template([f"{vendor}/{template}", template]).render(context)

    made = {
        f"{top}.h": written("top.h.j2"),
        f"{top}.cpp": written("top.cpp.j2"),
        "weights.h": written("weights.h.j2"),
        "bridge.cpp": written("bridge.cpp.j2"),
        "testbench.cpp": written("testbench.cpp.j2"),
    }
    dialect = target.dialect if stream else target.dialect.without("task")
    made["kernels.h"] = library.library("\n".join(made.values()), dialect)
    made["fixed.h"] = numbers.either(target.types, target.found)
    if stream and target.channels:
        made["channel.h"] = f"#pragma once\n\n{target.channels}\n{numbers.channel()}\n#endif\n"
    made |= {name: written(f"{name}.j2") for name in target.scripts}
    return made


def _context(project: Project) -> dict[str, Any]:
    """What templates speak of."""
    program, manifest = project.program, project.manifest
    given, made = interface.ports(program, manifest)
    options = project.options
    return {
        "model": project.network.name,
        "vendor": options.vendor,
        "top": project.top,
        "tool": project.target.tool,
        "part": part(options.part, options.vendor),
        "clock_ns": 1e9 / options.clock_hz,
        "stream": options.io is Io.STREAM,
        "io": options.io,
        "processes": processes(options.io, project.directives),
        "inputs": program.inputs,
        "outputs": program.outputs,
        "locals": program.locals,
        "calls": program.calls,
        "constants": list(program.constants),
        "depths": project.depths,
        "fifos": list(project.depths.items()),
        "sources": [f"{project.top}.cpp", *project.target.host],
        "body": statements(program),
        "words": manifest.words,
        "stack": _stack(program),
        "given": given,
        "made": made,
    }


def _stack(program: Program) -> int:
    """Bytes of stack that a simulation needs for what is between the layers; 0 if few."""
    most = sum(v.layout.size * (8 + formats.width(v.format) // 4) for v in program.locals)
    return 2 * most if most > _ORDINARY_STACK else 0
