"""hls4ml's way from a QONNX file to its C simulation, measured: run by hls4ml_peer.py.

    python hls4ml_worker.py MODEL.onnx IO FORMAT SAMPLES.npy FOLDER

All that hls4ml can learn from the model it learns: precisions are inferred layer by layer
(granularity ``name``), so that sums are as wide as they must be; only the format of the input,
which QONNX does not have, is given. FOLDER gets the project, ``results.npy``, and ``run.json``.
"""

import ctypes
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import hls4ml
import numpy as np
import numpy.typing as npt
from hls4ml.model.graph import ModelGraph
from machine import Stopwatch, rates, start_python
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.channels_last import ConvertToChannelsLastAndClean
from qonnx.transformation.gemm_to_matmul import GemmToMatMul
from qonnx.util.cleanup import cleanup_model
from runs import Run, size

Samples = npt.NDArray[np.float64]

RATES = 3
LOOP = """
extern "C" void myproject_double(double *, double *);
extern "C" void batch(double *x, double *y, long samples, long inputs, long outputs) {
    for (long i = 0; i < samples; ++i) myproject_double(x + i * inputs, y + i * outputs);
}
"""


def measure(path: str, io: str, form: str, samples: Samples, folder: Path) -> tuple[Run, Samples]:
    watch, project = Stopwatch(), folder / "project"
    x = np.ascontiguousarray(samples if samples.ndim < 4 else np.moveaxis(samples, 1, -1))
    with watch.phase("import"):
        start_python("hls4ml", "qonnx.util.cleanup", "qonnx.transformation.channels_last")
    with watch.phase("clean"):
        source = cleaned(ModelWrapper(path), images=x.ndim == 4)
    with watch.phase("convert"):
        model = converted(source, io, form, project)
    with watch.phase("write"):
        model.write()
    written = size(project)
    with watch.phase("compile"):
        model._compile()  # noqa: SLF001  # compile() would write once more
    y = model.predict(x).reshape(len(x), -1)
    simulate = looped(folder, x, y)
    fast = rates(simulate, len(x), RATES)
    slow = rates(partial(model.predict, x), len(x), RATES)
    return Run(watch.phases, fast, slow, *written, len(x), 0), y


def cleaned(model: ModelWrapper, *, images: bool) -> ModelWrapper:
    """As hls4ml's documentation wants QONNX: constants folded, and channels last."""
    model = cleanup_model(model)
    if not images:
        return model
    model = model.transform(ConvertToChannelsLastAndClean(make_input_channels_last=True))
    return cleanup_model(model.transform(GemmToMatMul()))


def converted(source: ModelWrapper, io: str, form: str, folder: Path) -> ModelGraph:
    config = hls4ml.utils.config_from_onnx_model(
        source, granularity="name", backend="Vitis", default_precision=form
    )
    config["LayerName"][source.graph.input[0].name]["Precision"] = form
    return hls4ml.converters.convert_from_onnx_model(
        source, output_dir=f"{folder}", io_type=f"io_{io}", backend="Vitis", hls_config=config
    )


def looped(folder: Path, x: Samples, y: Samples) -> Callable[[], None]:
    """The function of the compiled project, called in a loop of C instead of one of Python."""
    firmware = (folder / "project/firmware").resolve()
    (library,) = firmware.glob("*.so")
    source, target = folder / "loop.cpp", folder.resolve() / "loop.so"
    source.write_text(LOOP)
    flags = ("-O2", "-fPIC", "-shared", f"-Wl,-rpath,{firmware}")
    command = ["g++", *flags, f"{source}", f"{library}", "-o", f"{target}"]
    subprocess.run(command, check=True)  # noqa: S603  # our loop
    made = np.zeros_like(y)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, made)]
    sizes = [ctypes.c_long(size) for size in (len(x), x[0].size, y[0].size)]
    simulate = partial(ctypes.CDLL(f"{target}").batch, *pointers, *sizes)
    simulate()
    assert (made == y).all()
    return simulate


def main(path: str, io: str, form: str, samples: str, folder: str) -> None:
    place = Path(folder)
    run, results = measure(path, io, form, np.load(samples), place)
    np.save(place / "results.npy", results)
    (place / "run.json").write_text(json.dumps(asdict(run)))


if __name__ == "__main__":
    main(*sys.argv[1:])
