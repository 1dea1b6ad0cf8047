"""Who may import whom. The architecture, as a test."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ["sim", "kernels", "rtlgen", "hlsgen", "boards"]  # each may import those before it
ONLY = {  # third-party packages that stay in a few modules
    "amaranth": {
        f"rtlgen/{m}.py" for m in ("adders", "hardware", "logic", "netlist", "pipeline", "verilog")
    },
    "cocotb": {"sim/bench.py"},
    "cocotb_tools": {"sim/cosim.py"},
    "google": {"rtlgen/frontend/reading.py"},
    "onnx": {p.relative_to(ROOT).as_posix() for p in (ROOT / "rtlgen/frontend").glob("*.py")},
    "jinja2": {"hlsgen/render.py"},
    "loky": {"rtlgen/parallel.py"},
    "numba": {"rtlgen/compiling.py"},
    "ortools": {"rtlgen/exact.py"},
    "rich": {"rtlgen/console.py", "rtlgen/progress.py"},
    "wasmtime": {"rtlgen/yosys.py"},
}


def imports():
    """Every import of every module of the packages: path, absolute name, within a function."""
    for path in sorted(p for layer in LAYERS for p in (ROOT / layer).rglob("*.py")):
        tree = ast.parse(path.read_text())
        top = set(tree.body)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path} imports relatively"
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            for name in names:
                yield path.relative_to(ROOT), name, node in top


def misplaced(found):
    """Imports that go up the layers, or of a package that has its place elsewhere."""
    for path, name, _ in found:
        package = name.split(".")[0]
        if package in LAYERS and LAYERS.index(package) > LAYERS.index(path.parts[0]):
            yield f"{path} must not import {name}"
        if package in ONLY and path.as_posix() not in ONLY[package]:
            yield f"{path} must not import {name}"


def test_imports_go_down_the_layers():
    assert list(misplaced(imports())) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("sim/fixed.py", "kernels.base"),
        ("kernels/dense.py", "rtlgen.graph"),
        ("kernels/dense.py", "onnx"),
        ("rtlgen/schedule.py", "amaranth.hdl"),
    ],
)
def test_a_planted_import_is_found(path, name):
    assert list(misplaced([(Path(path), name, True)])) == [f"{path} must not import {name}"]


def modules_of_ours():
    graph = {}
    for path, name, at_import in imports():
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        known = graph.setdefault(module, set())
        if name.split(".")[0] in LAYERS and at_import:
            known.add(name)
    return {
        module: {n if n in graph else n.rpartition(".")[0] for n in names}
        for module, names in graph.items()
    }


def test_there_is_no_cycle_of_imports():
    graph, done = modules_of_ours(), set()

    def visit(module, path):
        assert module not in path, f"a cycle: {' -> '.join([*path, module])}"
        if module not in done and module in graph:
            for name in sorted(graph[module]):
                visit(name, [*path, module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])
