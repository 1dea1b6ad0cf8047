"""The portable emulator: a network as a C++ library that needs nothing but a compiler.

It computes what the hardware does, bit for bit, behind a plain C interface, and in the shape of a
plug-in that CMS's software loads if that is asked for.

>>> emulator.write("build/emulator", emulator.files(design.network, version="1.2"))
"""

from hlsgen.emulator.files import ABI, Files, files
from hlsgen.emulator.folder import check, write
from hlsgen.emulator.testing import run as test

__all__ = ["ABI", "Files", "check", "files", "test", "write"]
