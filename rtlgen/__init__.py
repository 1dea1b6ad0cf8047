"""From a trained ONNX network to verified Amaranth RTL.

>>> design = generate("model.onnx", Options(clock_hz=320e6))
>>> design.predict(x), design.latency, design.verilog
>>> design.write("build/model"); verify("build/model")
"""

from rtlgen.clipping import OutOfFormat
from rtlgen.design import Design, compare
from rtlgen.folder import verify
from rtlgen.generation import generate
from rtlgen.options import Options
from rtlgen.report import Report

__all__ = ["Design", "Options", "OutOfFormat", "Report", "compare", "generate", "verify"]
__version__ = "0.1.0"
