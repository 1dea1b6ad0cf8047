"""Random small networks of everything that streams: chains, branches, and what joins them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from hlsgen.directives import work
from kernels.base import Operator
from kernels.conv import Conv
from kernels.dense import MatMul
from kernels.elementwise import Add, Max, Neg, Relu
from kernels.pool import GlobalMaxPool, MaxPool, SumPool
from kernels.shape import Concat, Flatten, Pad, Slice
from rtlgen.graph import Graph, Node
from sim.fixed import Fixed
from tests.harness import alike, weights

Shape = tuple[int, ...]


@dataclass
class Growing:
    """A graph in the making: ``add`` gives the name of the new value."""

    inputs: dict[str, Shape]
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Fixed] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shapes |= self.inputs

    def add(self, op: Operator, *inputs: str) -> str:
        name = f"v{len(self.nodes)}"
        zeros = [self.constants.get(n, weights(*self.shapes.get(n, ()), limit=0)) for n in inputs]
        self.shapes[name] = op.forward(*zeros).shape
        self.nodes.append(Node(op, inputs, (name,), f"node{len(self.nodes)}"))
        return name

    def constant(self, value: Fixed) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def graph(self, *outputs: str) -> Graph:
        inputs = {n: alike(*shape, lo=-2, hi=1, exp=0) for n, shape in self.inputs.items()}
        return Graph(inputs, tuple(self.nodes), outputs, self.constants).check()


def conv(graph: Growing, x: str, random: Random, *, same: bool) -> str:
    """A convolution; its output has the input's shape, or another."""
    _, channels, *sizes = graph.shapes[x]
    if same:
        kernel = [random.choice((1, 3)) for _ in sizes]
        pads = tuple(k // 2 for k in kernel) * 2
        w = weights(channels, channels, *kernel, limit=1, exp=0)
        return graph.add(Conv(pads=pads), x, graph.constant(w))
    kernel = [random.randint(1, min(3, s)) for s in sizes]
    strides = tuple(random.randint(1, 2) for _ in sizes)
    w = weights(random.randint(1, 2), channels, *kernel, limit=1, exp=0)
    return graph.add(Conv(strides=strides), x, graph.constant(w))


def step(graph: Growing, x: str, random: Random) -> str:
    """Anything that keeps the shape."""
    match random.randrange(4):
        case 0:
            return conv(graph, x, random, same=True)
        case 1:
            pads = tuple(random.choice((0, 1)) for _ in graph.shapes[x][2:])
            return graph.add(MaxPool(kernel_shape=tuple(1 + 2 * p for p in pads), pads=pads * 2), x)
        case 2:
            return graph.add(Relu(), x)
        case _:
            return graph.add(Neg(), x)


def branched(graph: Growing, x: str, random: Random) -> str:
    """Branches of different lengths from one value, joined."""
    ends = [x] * random.randint(2, 3)
    for i in range(len(ends)):
        for _ in range(random.choice((0, 1, 1, 2, 5))):
            ends[i] = step(graph, ends[i], random)
    rank = len(graph.shapes[x])
    ops = [Add(), Max(), Concat(1), Concat(random.randrange(2, rank)), Concat(0)]
    op = random.choice(ops)
    y = graph.add(op, *ends[:2] if isinstance(op, Add) else ends)
    return y if len(graph.shapes) < 40 else x


def smaller(graph: Growing, x: str, random: Random) -> str:
    """Anything that has other positions."""
    sizes = graph.shapes[x][2:]
    match random.randrange(5):
        case 0:
            return conv(graph, x, random, same=False)
        case 1:
            kernel = tuple(min(2, s) for s in sizes)
            return graph.add(SumPool(kernel_shape=kernel, strides=kernel), x)
        case 2:
            return graph.add(Slice((sizes[0] // 2,), (sizes[0],), axes=(2,)), x)
        case 3:
            return graph.add(Pad((0, 0, *(1,) * len(sizes)) * 2), x)
        case _:
            return branched(graph, x, random)


def ended(graph: Growing, x: str, random: Random) -> str:
    """What ends a network: all positions become one, and a product."""
    if random.random() < 0.4:
        x = graph.add(GlobalMaxPool(), x)
    x = graph.add(Flatten(), x)
    w = weights(graph.shapes[x][1], random.randint(1, 3), limit=1, exp=0)
    return graph.add(MatMul(), x, graph.constant(w))


def random_graph(seed: int, *, head: bool = True) -> Graph:
    """A network of one input; ``head`` lets it end in a product of all that is left."""
    random = Random(seed)
    shape = random.choice([(1, 1, 9), (1, 2, 5, 4), (1, 1, 3, 8), (2, 1, 4, 3)])
    graph = Growing({"x": shape})
    x = "x"
    for _ in range(random.randint(1, 4)):
        x = random.choice((step, branched, branched, smaller))(graph, x, random)
    ends = [x] if random.random() < 0.7 else [x, random.choice(list(graph.shapes))]
    if random.random() < 0.4 and head:
        ends[0] = ended(graph, x, random)
    return graph.graph(*ends)


def random_reuse(graph: Graph, random: Random) -> dict[str, int]:
    """A legal reuse factor for every product."""
    products = work(graph).items()
    return {n: random.choice([k for k in range(1, w + 1) if w % k == 0]) for n, w in products}
