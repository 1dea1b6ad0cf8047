"""Every run draws the same examples: a failure that one run sees, the next one sees too."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
