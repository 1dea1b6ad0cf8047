"""A scheduled graph in parts: what a node computes in one stage, and the registers at its end.

Each part becomes a module that is made without the others, for the schedule alone says what it
reads of them, and what they read of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from rtlgen.dataflow import Const, Dataflow, Input, operands
from rtlgen.demand import needed_tops
from rtlgen.schedule import Schedule

Path = tuple[str, ...]
"""Names of instances, each within that before; those of the top are in none."""


class Net(NamedTuple):
    """The value of an operation in a stage: its logic's, or a register's if that is a later one."""

    op: int
    stage: int


@dataclass(frozen=True)
class Part:
    """What makes a module: the top, a node, or a stage of one."""

    path: Path
    nets: tuple[Net, ...]
    """What is made in it; none of them reads a later one."""
    inputs: tuple[Net, ...]
    outputs: tuple[Net, ...]
    clocked: bool
    """Whether there are registers in it; in the top, those that say when a sample is valid."""


@dataclass(frozen=True)
class Partition:
    """A graph and its schedule, and the parts that they make."""

    flow: Dataflow
    schedule: Schedule

    @cached_property
    def tops(self) -> list[int]:
        """Of each operation, the position above the highest bit that is needed."""
        return needed_tops(self.flow)

    @property
    def top(self) -> Part:
        """What is of no node, and connects them."""
        return self.stages[()][0]

    @cached_property
    def nodes(self) -> tuple[Part, ...]:
        """As they come in the graph."""
        return self._parts(1)[1:]

    @cached_property
    def stages(self) -> dict[Path, list[Part]]:
        """Those of each node, by its path; of that of no node, the top."""
        found: dict[Path, list[Part]] = defaultdict(list)
        for part in self._parts(2):
            found[part.path[:1]].append(part)
        return found

    def path(self, net: Net) -> Path:
        """Where a net is made. Stages count from one here; registers are at the end of theirs."""
        i, stage = net
        if self.registered(net):
            node = self.flow.origins[i]
        elif isinstance(self.flow.ops[i], Input):
            node = ""
        else:
            node, stage = self.flow.origins[self._lowest.get(i, i)], stage + 1
        return (identifier(node), f"stage_{stage}") if node else ()

    def name(self, net: Net) -> str:
        """``fc1_w12`` for operation 12, of node fc1; ``fc1_w12_3``, after stage 3."""
        node = self.flow.origins[net.op]
        name = f"{identifier(node)}_w{net.op}" if node else f"w{net.op}"
        return f"{name}_{net.stage}" if self.registered(net) else name

    def registered(self, net: Net) -> bool:
        """Whether a net comes from a register."""
        return net.stage > self.schedule.stages[net.op]

    def _parts(self, depth: int) -> tuple[Part, ...]:
        """The top, and what is so many instances deep, with all within."""
        made: dict[Path, list[Net]] = {(): []}
        for net in self._homes:
            made.setdefault(self._homes[net][:depth], []).append(net)
        inputs: dict[Path, set[Net]] = defaultdict(set)
        outputs: dict[Path, set[Net]] = defaultdict(set)
        for net, path in self._uses:
            if (home := self._homes[net][:depth]) != path[:depth]:
                inputs[path[:depth]].add(net)
                outputs[home].add(net)
        return tuple(
            Part(
                path,
                tuple(nets),
                tuple(sorted(inputs[path])),
                tuple(sorted(outputs[path])),
                clocked=any(map(self.registered, nets)) if path else self.schedule.latency > 0,
            )
            for path, nets in made.items()
        )

    @cached_property
    def _homes(self) -> dict[Net, Path]:
        """Where each net is made."""
        return {net: self.path(net) for net in self._nets()}

    def _nets(self) -> Iterator[Net]:
        """All that are needed, each behind those that it is made of."""
        last = list(self.schedule.stages)
        for op, stage in zip(self.flow.ops, self.schedule.stages, strict=True):
            for wire in operands(op):
                last[wire.op] = max(last[wire.op], stage)
        for wire in self.flow.outputs:
            last[wire.op] = self.schedule.latency
        for i, (op, stage) in enumerate(zip(self.flow.ops, self.schedule.stages, strict=True)):
            if not isinstance(op, Const):
                yield from (Net(i, s) for s in range(stage, last[i] + 1))

    @cached_property
    def _uses(self) -> list[tuple[Net, Path]]:
        """What is read, and where."""
        ops, latency = self.flow.ops, self.schedule.latency
        uses: list[tuple[Net, Path]] = [(Net(wire.op, latency), ()) for wire in self.flow.outputs]
        for net, path in self._homes.items():
            if self.registered(net):
                uses.append((Net(net.op, net.stage - 1), path))
            else:
                uses += [(Net(wire.op, net.stage), path) for wire in operands(ops[net.op])]
        return [use for use in uses if not isinstance(ops[use[0].op], Const)]

    @cached_property
    def _lowest(self) -> dict[int, int]:
        """The first sum of the chain that one is in: where a chain stands."""
        return {i: chain[0] for chain in self.schedule.chains for i in chain}


def module(top: str, path: Path) -> str:
    """What the module of a part is called: ``top.fc1.stage_2``."""
    return ".".join([top, *path])


@cache
def identifier(name: str) -> str:
    """What Verilog can call a thing of the model's: ``/fc1/Gemm`` is ``fc1_Gemm``."""
    plain = "_".join(re.findall(r"[0-9A-Za-z]+", name)) or "n"
    return f"n{plain}" if plain[0].isdigit() else plain
