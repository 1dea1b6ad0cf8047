"""Every run is the same: it draws the same examples, and can be interrupted."""

import os
import signal

from hypothesis import settings

os.environ.setdefault("RTLGEN_CACHE", "")  # no plan of an earlier search

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Whoever starts tests in the background of a shell has them ignore what Ctrl-C sends.
signal.signal(signal.SIGINT, signal.default_int_handler)
