"""Settings of test runs: servers of their own, and a database and Redis number for each run going on at once."""

from tests.local_servers import prepare

# From here on the environment names the test database, for child processes too.
SOURCE_OWNER_URL, TEST_DATABASE = prepare()

from innovscore.settings import *  # noqa: E402, F403  # after the environment is ready
from innovscore.settings import STORAGES  # noqa: E402

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PUBLIC_CACHE_SECONDS = 0  # tests see every change at once; the cache has tests of its own
