"""Settings for every test: hypothesis draws the same examples each time and on any machine."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
