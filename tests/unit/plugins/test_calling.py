"""The order of calls: what pluggy itself would do with the same plugins."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pluggy
import pytest

from holdall.config import Config
from holdall.errors import PluginError, VetoError
from holdall.plugins import Problem, hookimpl
from holdall.plugins.checks import ask_plugins
from holdall.plugins.hookspecs import Severity
from holdall.plugins.manager import PluginRecord, Plugins, PluginStatus
from host_factories import make_plugin, plugins_of

pytestmark = pytest.mark.unit

CHECK = "holdall_deploy_check"
FIRST = "holdall_version_tree"
ARGUMENTS = {
    CHECK: {"plan": 1, "project": 2},
    FIRST: {"collection": 1, "artifact_id": 2, "version": 3},
}


def plain(name: str, answer: Any, calls: list[str], **options: bool) -> object:
    """Return a plugin with both hooks that notes its call and answers, or raises the answer."""

    def run() -> Any:
        calls.append(name)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return hooks_of(run, options)


def wrapper(name: str, change: Callable[[Any], Any], calls: list[str], **options: bool) -> object:
    """Return a plugin whose wrappers note when they run and change the result."""

    def run() -> Generator[None, Any, Any]:
        calls.append(f"{name} begins")
        try:
            result = yield
        except ValueError as error:
            calls.append(f"{name} sees {error}")
            raise
        calls.append(f"{name} ends with {result}")
        return change(result)

    return hooks_of(run, {"wrapper": True, **options})


def hooks_of(run: Callable[..., Any], options: dict[str, bool]) -> object:
    """Return a plugin with the same function, and these options, for both hooks."""

    class Made:
        """A plugin."""

    made = Made()
    for hook in (CHECK, FIRST):

        def function() -> Any:
            return run()

        def generator() -> Any:
            return (yield from run())

        chosen: Any = generator if options.get("wrapper") else function
        mark = hookimpl(**options)  # type: ignore[call-overload]
        setattr(made, hook, mark(chosen))
    return made


Make = Callable[[list[str]], list[object]]

CASES: dict[str, Make] = {
    "later ones first": lambda c: [plain("a", 1, c), plain("b", 2, c), plain("c", None, c)],
    "tryfirst and trylast": lambda c: [
        plain("a", 1, c, tryfirst=True),
        plain("b", 2, c),
        plain("c", 3, c, trylast=True),
        plain("d", None, c, tryfirst=True),
    ],
    "a wrapper around all": lambda c: [
        wrapper("w", lambda found: found, c),
        plain("a", 1, c),
        plain("b", 2, c),
    ],
    "wrappers in order": lambda c: [
        wrapper("v", lambda found: found, c, trylast=True),
        wrapper("w", lambda found: [9] if isinstance(found, list) else 9, c, tryfirst=True),
        plain("a", 1, c),
        wrapper("x", lambda found: found, c),
    ],
    "an exception passes wrappers": lambda c: [
        wrapper("w", lambda found: found, c),
        plain("a", 1, c),
        plain("b", ValueError("no"), c),
    ],
    "nothing is answered": lambda c: [wrapper("w", lambda found: found, c), plain("a", None, c)],
    "nobody is there": lambda c: [],
}


def outcome(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the exception that it ends with."""
    try:
        return call()
    except ValueError as error:
        return error.args
    except PluginError as error:
        assert isinstance(error.__cause__, ValueError)
        return error.__cause__.args


@pytest.mark.parametrize("hook", [CHECK, FIRST])
@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_the_order_is_pluggys(make: Make, hook: str) -> None:
    """The same plugins give the same result in the same order by pluggy's own caller."""
    from holdall.plugins import hookspecs

    calls: list[str] = []
    manager = pluggy.PluginManager("holdall")
    manager.add_hookspecs(hookspecs)
    for number, plugin in enumerate(make(calls)):
        manager.register(plugin, name=str(number))
    expected = outcome(lambda: getattr(manager.hook, hook)(**ARGUMENTS[hook]))
    expected_calls = list(calls)
    calls.clear()
    plugins = plugins_of(*make(calls))
    assert [record.status.value for record in plugins.records].count("failed") == 0
    if hook == FIRST:
        found = outcome(lambda: plugins.first(hook, int, **ARGUMENTS[hook]))
    else:
        found = outcome(lambda: plugins.call(hook, **ARGUMENTS[hook]))
    if isinstance(found, list):
        found = [value for value in found if value is not None]
    assert (found, calls) == (expected, expected_calls)


def test_an_old_style_wrapper_works() -> None:
    """`hookwrapper=True` gets pluggy's result object."""

    class Old:
        @hookimpl(hookwrapper=True)
        def holdall_deploy_check(self) -> Generator[None, Any, None]:
            outcome = yield
            outcome.force_result([["old", *outcome.get_result()]])

    found = plugins_of(Old(), make_plugin(deploy_check=lambda: "new")).call(
        CHECK, plan=1, project=2
    )
    assert found == [["old", "new"]]


def test_checks_go_on_past_one_that_fails() -> None:
    """All that is wrong is reported at once, and a wrapper that handles a failure ends it."""
    problem = Problem("b says no")

    def fail() -> None:
        raise ValueError("a broke")

    plugins = plugins_of(
        make_plugin(deploy_check=lambda: [problem]), make_plugin(deploy_check=fail)
    )
    with pytest.raises(VetoError) as caught:
        ask_plugins(plugins, CHECK, plan=1, project=2)
    assert "a broke" in caught.value.message
    assert "b says no (plugin p1)" in caught.value.message

    class Calming:
        @hookimpl(wrapper=True)
        def holdall_deploy_check(self) -> Generator[None, Any, Any]:
            try:
                return (yield)
            except ValueError:
                return [[Problem("calm", Severity.WARNING)]]

    plugins = plugins_of(Calming(), make_plugin(deploy_check=fail))
    assert ask_plugins(plugins, CHECK, plan=1, project=2) == ["calm (plugin p1)"]


def test_what_passes_a_wrapper_stays_its_plugins() -> None:
    """A problem is reported by the plugin that found it, not by the wrapper around."""

    class Adding:
        @hookimpl(wrapper=True)
        def holdall_deploy_check(self) -> Generator[None, Any, Any]:
            found = yield
            return [*found, [Problem("mine", Severity.WARNING)]]

    theirs = make_plugin(deploy_check=lambda: [Problem("theirs", Severity.WARNING)])
    found = ask_plugins(plugins_of(theirs, Adding()), CHECK, plan=1, project=2)
    assert found == ["theirs (plugin p1)", "mine (plugin p2)"]


def test_a_wrapper_that_forgets_the_result_loses_no_veto() -> None:
    """What would read as no problems at all is the wrapper's failure."""

    class Forgetful:
        @hookimpl(wrapper=True)
        def holdall_deploy_check(self) -> Generator[None, Any, None]:
            yield

    plugins = plugins_of(Forgetful(), make_plugin(deploy_check=lambda: [Problem("no")]))
    with pytest.raises(VetoError, match=r"plugin p1 failed .* not a list of results"):
        ask_plugins(plugins, CHECK, plan=1, project=2)


@pytest.mark.parametrize("times", [0, 2])
def test_a_wrapper_yields_once(times: int) -> None:
    """Another number of times is its failure."""

    class Odd:
        @hookimpl(wrapper=True)
        def holdall_deploy_check(self) -> Generator[None, Any, Any]:
            for _ in range(times):
                yield
            return []

    with pytest.raises(VetoError, match="plugin p1 failed"):
        ask_plugins(plugins_of(Odd()), CHECK, plan=1, project=2)


def test_an_optional_hook_may_be_unknown() -> None:
    """Without `optionalhook=True` it is a slip of the pen; `specname` is looked at, too."""

    class Newer:
        @hookimpl(optionalhook=True)
        def holdall_fly(self) -> None:
            pass

        @hookimpl
        def holdall_configure(self) -> None:
            pass

    class Wrong:
        @hookimpl(specname="holdall_fly")
        def anything(self) -> None:
            pass

    newer, wrong = plugins_of(Newer(), Wrong()).records
    assert (newer.status, newer.hooks) == (PluginStatus.LOADED, ("holdall_configure",))
    assert (wrong.status, wrong.error) == (
        PluginStatus.FAILED,
        "PluginError: there is no hook 'holdall_fly'",
    )


def test_wrappers_are_ended_when_the_user_interrupts() -> None:
    """Their `finally` runs before the command ends."""
    import signal

    ended: list[str] = []

    class Careful:
        @hookimpl(wrapper=True)
        def holdall_deploy_check(self) -> Generator[None, Any, Any]:
            try:
                return (yield)
            finally:
                ended.append("careful")

    def interrupted() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except BaseException:  # noqa: BLE001 - as a plugin must not
            ended.append("caught")  # it does not help

    plugins = plugins_of(Careful(), make_plugin(deploy_check=interrupted))
    with pytest.raises(KeyboardInterrupt):
        plugins.call(CHECK, plan=1, project=2)
    assert ended == ["caught", "careful"]


def test_a_plugin_that_cannot_be_shown_is_named() -> None:
    """Neither its exception's text nor its answer has to be readable."""

    class Shy(BaseException):
        def __str__(self) -> str:
            raise KeyboardInterrupt

        __repr__ = __str__

    def fail() -> None:
        raise Shy

    plugins = Plugins()
    record = PluginRecord("shy", "dist", "1", PluginStatus.LOADED)
    plugins.add(record, lambda: make_plugin(deploy_check=fail), Config())
    with pytest.raises(PluginError, match=r"plugin shy \(dist 1\) failed in .*: Shy$"):
        plugins.call(CHECK, plan=1, project=2)
    with pytest.raises(VetoError, match=r"answered .* with a Shy"):
        ask_plugins(plugins_of(make_plugin(deploy_check=lambda: Shy())), CHECK, plan=1, project=2)
