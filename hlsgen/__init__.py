"""From a trained ONNX network to a C++ project for a vendor's compiler.

>>> project = generate("model.onnx", Options(vendor="vitis", io="stream"))
>>> project.predict(x), project.files
>>> project.write("build/model"); verify("build/model")
"""

from hlsgen.folder import verify
from hlsgen.options import Options
from hlsgen.project import Project, generate
from hlsgen.style import Io, Strategy
from hlsgen.vendor import Vendor

__all__ = ["Io", "Options", "Project", "Strategy", "Vendor", "generate", "verify"]
