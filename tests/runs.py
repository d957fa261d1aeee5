"""What concerns a whole run of the tests: coverage, order, the server of its workers."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import threading
from contextlib import ExitStack
from typing import Any

import pytest

from memory import memory_folder
from postgres_server import PREFIX, URL_VARIABLE, running_server

WITHOUT_POSTGRES = "HOLDALL_TESTS_WITHOUT_POSTGRES"
FOLDERS = ["unit", "integration", "e2e", "faults", "fuzz", "house"]
"""The order of the folders: first what is measured, since a module's lines run when it is imported;
last what is quick, so that no worker waits at the end."""
MEASURED = {"unit", "integration"}
"""The folders whose tests are run with what measures coverage; the others, which run the same
commands again under faults, find no line of ours that these do not."""
IS_LONG = bool(os.environ.get("HOLDALL_LONG_TESTS"))

_COVERAGE = pytest.StashKey[Any]()


def examples(short: int) -> int:
    """Return how many examples Hypothesis tries: more in `make long`, a few in `make unit`."""
    if few := os.environ.get("HOLDALL_FEW_EXAMPLES"):
        return min(short, int(few))
    return max(short, int(os.environ.get("HOLDALL_LONG_TESTS", "0")))


def keep_coverage_of_the_whole(config: pytest.Config) -> None:
    """Measure coverage where all tests are run, or where `--cov` is given; demand it of all."""
    plugin = config.pluginmanager.getplugin("_cov")
    if plugin is None:
        return
    is_whole = _is_to_be_measured(config)
    if is_whole or any(str(word).startswith("--cov") for word in config.invocation_params.args):
        os.register_at_fork(after_in_child=_stop_tracing)  # no child writes what it measures
        if is_whole:
            config.stash[_COVERAGE] = plugin
        else:
            plugin.options.cov_fail_under = None
        return
    config.pluginmanager.unregister(plugin)
    if plugin.cov_controller is not None:
        plugin.cov_controller.cov.stop()


def measure_coverage(item: pytest.Item) -> None:
    """Measure the coverage of a test, or not."""
    plugin = item.config.stash.get(_COVERAGE, None)
    if plugin is None:
        return
    control, is_measured = plugin.cov_controller, _is_measured(item)
    if is_measured and not control.started:
        control.resume()
    elif control.started and not is_measured:
        control.pause()


def _is_measured(item: pytest.Item) -> bool:
    """Return whether a test is run with what measures coverage, which makes it twice as long.

    What runs the same lines many times, or a second time over PostgreSQL, is not.
    """
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    is_again = parameters.get("dialect") == "postgresql" or item.get_closest_marker("slow")
    return _folder(item) in MEASURED and not is_again


def _stop_tracing() -> None:
    sys.settrace(None)
    threading.settrace(None)


def _is_to_be_measured(config: Any) -> bool:
    return "cov_master_host" in config.workerinput if _is_worker(config) else _is_whole(config)


def _is_worker(config: Any) -> bool:
    return hasattr(config, "workerinput")


def _is_whole(config: pytest.Config) -> bool:
    option = config.option
    parts = (option.keyword, option.markexpr, option.deselect, option.ignore, option.ignore_glob)
    is_part = any(parts) or option.collectonly or getattr(option, "lf", False)
    return not is_part and config.args == config.getini("testpaths")


def share_a_server(config: pytest.Config) -> None:
    """Start the one PostgreSQL server that all workers of pytest-xdist use."""
    is_alone = not getattr(config.option, "numprocesses", None)
    if is_alone or _is_worker(config) or os.environ.get(WITHOUT_POSTGRES):
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    patch = stack.enter_context(pytest.MonkeyPatch.context())
    patch.setenv(URL_VARIABLE, stack.enter_context(running_server()))


def work_in_memory() -> None:
    """Let all temporary folders be in memory where there is room: pytest's, and what commands make.

    Workers have what the main process set, and other users may write there.
    """
    folder = memory_folder()
    if folder is None:
        return
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))
    if "TMPDIR" not in os.environ:
        # Named as a server's folder: where a run is killed, the next one removes it.
        own = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=folder)
        os.chmod(own, 0o1777)
        os.environ["TMPDIR"] = own
        tempfile.tempdir = None
        # At the very end: when a server stops, it still leaves a file there.
        atexit.register(shutil.rmtree, own, ignore_errors=True)


def sort_by_folder(items: list[pytest.Item]) -> None:
    """Put the tests of each folder together, the unit tests first.

    In each, modules with slow tests come first, so that at the end no worker waits for another.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (_rank(item), item.path not in slow))


def _folder(item: pytest.Item) -> str:
    return item.nodeid.split("/")[1]


def _rank(item: pytest.Item) -> int:
    folder = _folder(item)
    return FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)
