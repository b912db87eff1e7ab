"""What every test has in common: nothing of the user's git and home, and patient, repeatable property tests."""

import os
import signal
import tempfile

from hypothesis import settings

from tests.laws import ORDINARY

os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
for name in [name for name in os.environ if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER", "GIT_DIR", "EMAIL"))]:
    del os.environ[name]

if not os.access(os.path.expanduser("~"), os.W_OK):
    os.environ.setdefault("ZIG_GLOBAL_CACHE_DIR", tempfile.mkdtemp(prefix="datacc-zig-"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a shell that runs the tests in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("datacc", deadline=None, derandomize=True, max_examples=ORDINARY)
settings.register_profile("nightly", deadline=None, max_examples=ORDINARY * 10)  # by --hypothesis-profile=nightly
settings.load_profile("datacc")
