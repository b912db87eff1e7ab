"""What every test has in common: no settings of the user's git, and patient, repeatable property tests."""

import os

from hypothesis import settings

os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
for name in [name for name in os.environ if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER", "GIT_DIR", "EMAIL"))]:
    del os.environ[name]

settings.register_profile("datacc", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("datacc")
