"""C++ behind DPI: a right kernel passes; a wrong one does not, and neither does a wrong queue."""

import os
import re
from dataclasses import replace

import numpy as np
import pytest

from sim import cosim, csim, dpi
from sim.errors import DataError, Mismatch, ToolFailed
from tests.sim.kernels import exchange, inverter, large, mixed


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """What writes the folder of a kernel: those of equal ports share one, which is built once."""
    folders = {}

    def write(kernel):
        if kernel.manifest not in folders:
            folders[kernel.manifest] = tmp_path_factory.mktemp("kernel")
        return kernel.write(folders[kernel.manifest])

    return write


def edited(kernel, right, wrong):
    assert right in kernel.body
    return replace(kernel, body=kernel.body.replace(right, wrong))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kernel", "samples"), [(mixed(), 50), (inverter(), 50), (exchange(), 50), (large(), 12)]
)
def test_right_kernels_pass(kernel, samples, place):
    folder = place(kernel)
    library = kernel.build(folder)
    before = dict(os.environ)
    for seed in range(2):
        replay = cosim.replay_cpp(folder, library, seed)
        assert (replay.samples, replay.latency) == (samples, None)
        assert replay.cycles > samples
    assert dict(os.environ) == before


@pytest.mark.slow
@pytest.mark.parametrize("kernel", [mixed(), large()])
def test_a_batch_in_one_call_gives_the_same(kernel, tmp_path):
    """The library is the one that `csim` runs, with as many words."""
    kernel.build(tmp_path)
    (source,) = tmp_path.glob("*.cpp")
    library = csim.build(source, words=kernel.manifest.words)
    x, y = (
        np.concatenate([a.reshape(len(a), -1) for a in arrays.values()], axis=1)
        for arrays in (kernel.inputs, kernel.outputs)
    )
    assert library.run("kernel", x, y.shape[1]).tolist() == y.tolist()


@pytest.mark.slow
def test_only_the_folder_is_touched(place, tmp_path, monkeypatch, capfd):
    kernel = mixed()
    folder = place(kernel)
    library = kernel.build(folder)
    monkeypatch.chdir(tmp_path)
    cosim.replay_cpp(folder, library)
    assert tuple(capfd.readouterr()) == ("", "")
    assert list(tmp_path.iterdir()) == []


WIDE = (
    "sample 1, output 'wide' element [0]: expected code 608742554432415203326 "
    "(6.087425544324152e+20), got 608742554432415203327 (6.087425544324152e+20)"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "text"),
    [
        (
            "b[0][0].code + b[0][1].code",
            "b[0][0].code + b[0][1].code + (a[1].code == 31)",
            WIDE,
        ),
        (
            "write<words>(total",
            "write<words>(a[0]",
            "sample 1, output 'total' element []: expected code 34 (4.25), got 3 (0.375)",
        ),
        (
            "= a[0].code + a[1].code",
            "= before; before = a[0].code + a[1].code",
            "sample 0, output 'total' element []: expected code -4 (-0.5), got 0 (0.0)",
        ),
    ],
    ids=["code", "element", "sample"],
)
def test_wrong_kernels(right, wrong, text, place):
    kernel = edited(mixed(), right, wrong)
    kernel = edited(kernel, "number a[2]", "static __int128 before = 0; number a[2]")
    folder = place(kernel)
    with pytest.raises(Mismatch) as error:
        cosim.replay_cpp(folder, kernel.build(folder))
    lines = str(error.value).splitlines()
    assert text in lines
    assert lines[-1] == f"{folder}: generate it again; if it still differs, report it whole"


@pytest.mark.slow
def test_another_library_is_linked(place, tmp_path):
    """Though nothing else is another."""
    right = inverter()
    folder = place(right)
    cosim.replay_cpp(folder, right.build(tmp_path))
    with pytest.raises(Mismatch):
        cosim.replay_cpp(folder, edited(right, "!x.code", "x.code").build(tmp_path))
    cosim.replay_cpp(folder, right.build(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "element"),
    [
        ("a[0].code + a[1].code", "a[0].code + a[1].code + 128", 0),
        ("-b[0][0].code", "(number{1}.code << 71) - b[0][0].code", 2),
    ],
)
def test_a_code_that_its_port_cannot_hold(right, wrong, element, place):
    """Its lower bits are right: to cut off the others would hide that it is wrong."""
    kernel = edited(mixed(), right, wrong)
    folder = place(kernel)
    library = kernel.build(folder)
    with pytest.raises(ToolFailed) as error:
        cosim.replay_cpp(folder, library)
    lines = str(error.value).splitlines()
    assert lines[:3] == [
        f"{library}: cannot be simulated: Command failed with return code: 1",
        f"Running command {folder / 'build/top'} in directory {folder / 'build'}",
        f"the end of {folder / 'build/simulation.log'}:",
    ]
    assert any(
        line.endswith(
            f": element {element} of y: the code needs more bits than the manifest gives it"
        )
        for line in lines
    )


def broken(right, wrong):
    """What writes the module with a mistake in its queue."""

    make = dpi.write

    def write(folder, manifest):
        make(folder, manifest)
        text = (folder / "dpi.sv").read_text()
        assert right in text
        (folder / "dpi.sv").write_text(text.replace(right, wrong))

    return write


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "text"),
    [
        ("waiting < 4", "1", "changed before it was taken: sample "),
        ("y__valid && y__ready", "y__valid", "expected y__valid to be 1, since sample "),
    ],
    ids=["x", "y"],
)
def test_both_sides_are_stalled(right, wrong, text, place, monkeypatch):
    """A queue that does not wait for one of them is found out."""
    monkeypatch.setattr(dpi, "write", broken(right, wrong))
    kernel = mixed()
    folder = place(kernel)
    with pytest.raises(Mismatch, match=rf"(^|\n)cycle \d+: {re.escape(text)}"):
        cosim.replay_cpp(folder, kernel.build(folder))


@pytest.mark.slow
def test_a_library_without_the_function(place):
    kernel = inverter()
    folder = place(kernel)
    library = kernel.build(folder).with_name("empty.so")
    (folder / "empty.cpp").write_text("")
    csim.build(folder / "empty.cpp")
    with pytest.raises(ToolFailed) as error:
        cosim.replay_cpp(folder, library)
    lines = str(error.value).splitlines()
    assert lines[0] == f"{library}: cannot be built: Command failed with return code: 2"
    assert lines[1].startswith("Running command make ")
    assert lines[2] == f"the end of {folder / 'build/build.log'}:"
    assert any(line.endswith("undefined reference to `kernel'") for line in lines)


def test_no_library(tmp_path):
    folder = mixed().write(tmp_path)
    with pytest.raises(DataError) as error:
        cosim.replay_cpp(folder, tmp_path / "libkernel.so")
    assert str(error.value) == f"{tmp_path / 'libkernel.so'}: is missing; compile the kernel again"


def test_a_latency_is_refused(tmp_path):
    kernel = mixed()
    kernel = replace(kernel, manifest=replace(kernel.manifest, latency=3))
    with pytest.raises(DataError) as error:
        cosim.replay_cpp(kernel.write(tmp_path), tmp_path / "libkernel.so")
    assert str(error.value) == (
        f"{tmp_path / 'manifest.json'}: latency: C++ promises none, so it should be null, is 3; "
        "mend the file or generate the design again"
    )
