"""The proof that a dataflow graph is its network: for every input, without trying any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rtlgen.dataflow import Dataflow
from rtlgen.graph import Graph
from rtlgen.operations import Const, Input, Lookup
from rtlgen.proof import rules, widths
from rtlgen.proof.curves import PATIENT
from rtlgen.proof.judging import REPORT, judged
from rtlgen.proof.kinds import Curve
from rtlgen.proof.sides import Sides, operation
from sim.errors import Disproved

_ENOUGH = 1 << 25
"""Codes of bases that it is worth to be patient for: that takes up to 4 GB."""
SHOWN = 5
"""Lines of what is not proved."""


@dataclass(frozen=True)
class Proof:
    """What was proved of a design, and what was not."""

    outputs: int
    """Elements of the outputs that have the network's value for every input."""
    products: int
    """Of matrices with constant ones, whose sums are the network's."""
    coefficients: int
    """In these sums, zeros among them."""
    activations: int
    """Functions of one sum, whatever computes them: rounded, limited, looked up."""
    codes: int
    """All that these sums can have; the functions were tried on each."""
    widths: int
    """Operations that cannot leave their interval."""
    unproved: tuple[str, ...] = ()
    """What is not proved, though no sample shows that it is wrong."""

    def text(self) -> str:
        """What was proved, and what was not, a line for each."""
        lines = [f"proved: {self}", *(f"not proved: {what}" for what in self.unproved[:SHOWN])]
        if (more := len(self.unproved) - SHOWN) > 0:
            lines.append(f"not proved: {more:,} more, in report.json")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """As it stands in ``report.json``."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{counted(self.coefficients, 'coefficient')}, "
            f"{counted(self.activations, 'activation')} over {counted(self.codes, 'code')}, "
            f"{counted(self.widths, 'width')}"
        )


def prove(graph: Graph, flow: Dataflow, stages: Sequence[int], latency: int) -> Proof:
    """Prove that operations compute a network, within their intervals and when all is there.

    Raises :class:`Disproved`, which says what is wrong and where: a coefficient, a code, an
    interval, a stage. What can neither be proved nor be shown to be wrong is told in the result.
    """
    ports = [r for type_ in graph.inputs.values() for r in type_.elements()]
    for i, fault in (*rules.faults(flow, ports), *rules.misplaced(flow, stages, latency)):
        raise Disproved(f"{operation(flow, i)} {fault}; {REPORT}")
    sides = Sides.of(graph, flow)
    if not all(sides.alike) and 0 < sum(sides.algebra.curves.missed.values()) <= _ENOUGH:
        sides = max(sides, Sides.of(graph, flow, PATIENT), key=lambda some: sum(some.alike))
    loose = widths.unproved(flow, sides.algebra, sides.operations)
    doubts = () if all(sides.alike) and not loose else judged(sides, loose)
    return _counted(sides, len(loose), doubts)


def strange_tables(graph: Graph, flow: Dataflow) -> list[int]:
    """The tables among the operations that are made of what the network has nothing of.

    A design that is not proved may be without them.
    """
    sides = Sides.of(graph, flow)
    algebra, native = sides.algebra, sides.algebra.native
    assert native is not None
    return [
        i
        for i, op in enumerate(flow.ops)
        if isinstance(op, Lookup)
        and any(atom >= native for atom in algebra.form(sides.operations[i]).terms)
    ]


def _counted(sides: Sides, loose: int, doubts: tuple[str, ...]) -> Proof:
    """What the outputs that are proved are made of, and all else that operations have in common."""
    algebra, whole = sides.algebra, all(sides.alike)
    proved = [form for form, alike in zip(sides.wanted, sides.alike, strict=True) if alike]
    atoms, bases = sides.reachable(proved if whole else [*proved, *sides.shared()])
    functions = [atom for atom in atoms if isinstance(algebra.kinds[atom], Curve)]
    products = [
        sum(k for form in forms if whole or (form.terms and algebra.view(form).base in bases))
        for k, forms in algebra.products
    ]
    return Proof(
        outputs=len(proved),
        products=sum(coefficients > 0 for coefficients in products),
        coefficients=sum(products),
        activations=len(functions),
        codes=sum(algebra.codes[atom] for atom in functions),
        widths=sum(not isinstance(op, Input | Const) for op in sides.flow.ops) - loose,
        unproved=doubts,
    )


def counted(number: int, what: str) -> str:
    """As ``1 code`` and ``1,024 codes``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
