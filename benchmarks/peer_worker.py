"""da4ml's and alkaid's way from a case to Verilog: run by contenders.py, in their environment.

    python peer_worker.py JOB.json FOLDER

The job names tool, case, options (``hard_dc``, ``stages`` or ``cutoff``, ``ternary``) and a case to
get warm with. FOLDER gets ``src`` with the Verilog, and ``facts.json``.
"""

import json
import shutil
import sys
import tempfile
from functools import partial
from importlib import import_module
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import cases
import numpy as np
from cases import Case, Conv, Dense, Flatten, MaxPool, Quantize, Relu

COST = (1, -1, -1)
"""Both tools' own default: bits of adders are counted, and each adder is one step of delay."""


def main(job: dict[str, Any], folder: Path) -> None:
    api = _api(job["tool"])
    bench, options = Path(job["bench"]), job["options"]
    if job["warm"]:
        with tempfile.TemporaryDirectory() as name:
            convert(cases.read(bench, job["warm"]), api, options, Path(name))
    start = perf_counter()
    case = cases.read(bench, job["case"])
    project = folder / "model"  # alkaid names the top module so
    logic = convert(case, api, options, project)
    seconds = perf_counter() - start
    facts = _facts(case, logic, project) | {"seconds": seconds}
    (project / "src").rename(folder / "src")
    shutil.rmtree(project)
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


def convert(case: Case, api: SimpleNamespace, options: dict[str, Any], folder: Path) -> Any:
    """Trace the case, and write it as Verilog; the tool's own combinational logic."""
    logic = traced(case, api, options["hard_dc"])
    api.write(logic, folder, options)
    return logic


def traced(case: Case, api: SimpleNamespace, hard_dc: int) -> Any:
    given, shape = case.given, case.x.shape[1:]
    bits = (np.broadcast_to(b, shape) for b in (given.signed, given.integer, given.fraction))
    settings = {"hwconf": api.HWConfig(*COST), "solver_options": {"hard_dc": hard_dc}}
    x = api.Array.from_kif(*bits, **settings)
    y = x
    for layer in case.layers:
        y = _applied(layer, y, api)
    return api.trace(x.reshape(-1), y.reshape(-1))


def _applied(layer: cases.Layer, x: Any, api: SimpleNamespace) -> Any:
    match layer:
        case Dense():
            y = x.reshape(-1) @ layer.weight
            return y + layer.bias if layer.bias.any() else y
        case Conv():
            return _convolved(x, layer)
        case Relu():
            return api.relu(x)
        case Quantize():
            bits = (layer.signed, layer.integer, layer.fraction)
            return api.quantize(
                x, *(b if b.ndim else int(b) for b in bits), layer.overflow, layer.rounding
            )
        case MaxPool():
            return _pooled(x, layer.size)
        case Flatten():
            return x.reshape(-1)


def _convolved(x: Any, layer: Conv) -> Any:
    """One product for each window, as both tools' own front ends do it."""
    height, width, channels, filters = layer.weight.shape
    rows, columns = x.shape[0] - height + 1, x.shape[1] - width + 1
    windows = [
        np.stack([x[i : i + height, j : j + width].reshape(-1) for j in range(columns)])
        for i in range(rows)
    ]
    patches = np.stack(windows).reshape(rows * columns, height * width * channels)
    y = (patches @ layer.weight.reshape(-1, filters)).reshape(rows, columns, filters)
    return y + layer.bias if layer.bias.any() else y


def _pooled(x: Any, size: int) -> Any:
    height, width, channels = x.shape
    kept = x[: height // size * size, : width // size * size]
    squares = kept.reshape(height // size, size, width // size, size, channels)
    return np.amax(np.amax(squares, axis=3), axis=1)


def _facts(case: Case, logic: Any, folder: Path) -> dict[str, Any]:
    results = logic.predict(case.x.reshape(len(case.x), -1))
    source = folder / "src"
    told = json.loads((folder / "metadata.json").read_text())
    tops = [f.stem for f in source.glob("*.v") if (source / f"{f.stem}_wrapper.v").is_file()]
    return {
        "top": tops[0],
        "stages": told["latency"],
        "operations": len(logic.ops),
        "samples": len(case.x),
        "equal": int((results == case.y).all(1).sum()),
    }


def _api(tool: str) -> SimpleNamespace:
    """The same calls by the same names."""
    trace, ops = import_module(f"{tool}.trace"), import_module(f"{tool}.trace.ops")
    model = import_module(f"{tool}.codegen").RTLModel
    array, traced_by = NAMES[tool]
    return SimpleNamespace(
        Array=getattr(trace, array),
        HWConfig=trace.HWConfig,
        trace=getattr(trace, traced_by),
        quantize=ops.quantize,
        relu=ops.relu,
        write=partial(WRITERS[tool], model),
    )


def _write_da4ml(model: Any, logic: Any, folder: Path, options: dict[str, Any]) -> None:
    model(logic, "model", folder, latency_cutoff=options["cutoff"]).write()


def _write_alkaid(model: Any, logic: Any, folder: Path, options: dict[str, Any]) -> None:
    names = {"stages": "n_stages", "cutoff": "latency_cutoff"}
    length = {name: options[key] for key, name in names.items() if options.get(key)}
    model(logic, folder, flavor="verilog", ternary_fuse=options["ternary"], **length).write()


NAMES = {"da4ml": ("FixedVariableArray", "comb_trace"), "alkaid": ("FVArray", "trace")}
WRITERS = {"da4ml": _write_da4ml, "alkaid": _write_alkaid}


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
