"""The front end: a model straight from its exporter, brought into one normal form."""

from rtlgen.frontend.endings import check_endings
from rtlgen.frontend.model import Model
from rtlgen.frontend.onnx import load
from rtlgen.frontend.reading import Given

__all__ = ["Given", "Model", "check_endings", "load"]
