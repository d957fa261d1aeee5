"""The fence around plugins: whatever one does, it is named, and nothing is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from holdall.artifacts.ids import Shape, TypeSpec
from holdall.collection.changes import ChangeSet
from holdall.collection.manifest.manifest import Manifest
from holdall.config import Config
from holdall.deploy.planning.plan import DeployPlan
from holdall.deploy.targets import BUILTIN_TARGETS, target_named
from holdall.errors import ConflictError, HoldallError, NotFoundError, PluginError, VetoError
from holdall.files.tree import Tree
from holdall.operations.read_source import read_source
from holdall.plugins.hookspecs import Problem, Severity, hookimpl
from holdall.plugins.manager import PluginRecord, Plugins, PluginStatus, load_plugins
from host_factories import (
    deploy,
    make_collection,
    make_plugin,
    make_project,
    make_skill,
    manifest_text,
    opened,
    plugins_of,
    refresh,
    snapshot,
    undeploy,
)

pytestmark = pytest.mark.integration

PROMPT = TypeSpec("prompt", "prompts", Shape.FILE, ".md")
CLAUDE = BUILTIN_TARGETS["claude"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with a skill."""
    return make_collection(tmp_path / "kit", "a")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project."""
    return make_project(tmp_path / "project")


def boom(**arguments: object) -> NoReturn:
    """Fail as a plugin would."""
    raise ValueError("boom")


def leave() -> NoReturn:
    """Leave as a plugin must not."""
    sys.exit(0)


def only(plugins: Plugins) -> PluginRecord:
    """Return the record of the only plugin."""
    (record,) = plugins.records
    return record


def test_a_good_plugin_is_loaded_with_its_hooks() -> None:
    """The record names them."""
    record = only(plugins_of(make_plugin(configure=lambda config: None)))
    assert record.status is PluginStatus.LOADED
    assert record.hooks == ("holdall_configure",)


@pytest.mark.parametrize(
    ("load", "told"),
    [
        (lambda: __import__("no_such_module_anywhere"), "ModuleNotFoundError"),
        (leave, "SystemExit: 0"),
        (boom, "ValueError: boom"),
        (
            lambda: make_plugin(collect_modfy=lambda: None),
            "no hook 'holdall_collect_modfy'",
        ),
        (lambda: make_plugin(configure=lambda confg: None), "confg"),
        (lambda: make_plugin(configure=lambda config: leave()), "SystemExit"),
        (lambda: make_plugin(configure=lambda config: boom()), "boom"),
        (lambda: make_plugin(register_types=boom), "boom"),
        (lambda: make_plugin(register_types=lambda: 3), "TypeError"),
        (lambda: make_plugin(register_types=lambda: ["x"]), "AttributeError"),
        (lambda: make_plugin(register_targets=lambda: [CLAUDE]), "'claude' exists already"),
        (
            lambda: make_plugin(register_types=lambda: [TypeSpec("skill", "x", Shape.FOLDER)]),
            "'skill' exists already",
        ),
    ],
)
def test_a_broken_plugin_is_named_and_skipped(load: Callable[[], object], told: str) -> None:
    """The others go on, and none of its hooks is ever called."""
    plugins = Plugins()
    record = PluginRecord("bad", "dist", "1.0", PluginStatus.LOADED)
    plugins.add(record, load, Config())
    good = PluginRecord("good", None, None, PluginStatus.LOADED)
    plugins.add(good, lambda: make_plugin(register_types=lambda: [PROMPT]), Config())
    assert [r.status.value for r in plugins.records] == ["failed", "loaded"]
    assert told in (plugins.failed[0].error or "")
    assert plugins.failed[0].title == "bad (dist 1.0)"
    assert plugins.types["prompt"] == PROMPT
    assert not plugins.implements("holdall_configure")


def test_a_disabled_plugin_leaves_nothing_behind() -> None:
    """A conflict of its targets takes back its types too."""
    plugins = plugins_of(
        make_plugin(register_types=lambda: [PROMPT], register_targets=lambda: [CLAUDE])
    )
    assert only(plugins).status is PluginStatus.FAILED
    assert "prompt" not in plugins.types


def test_the_second_to_name_a_type_loses() -> None:
    """Who came first keeps it."""
    plugins = plugins_of(*(make_plugin(register_types=lambda: [PROMPT]) for _ in range(2)))
    assert [r.status.value for r in plugins.records] == ["loaded", "failed"]


def test_a_plugin_may_be_any_object() -> None:
    """Also one that cannot be hashed."""

    class Odd(dict[str, object]):
        @hookimpl
        def holdall_configure(self) -> None:
            pass

    assert only(plugins_of(Odd())).status is PluginStatus.LOADED


def test_modules_are_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without plugins nothing is loaded; a module that is not there is named."""
    (tmp_path / "my_holdall_plugin.py").write_text(
        "from holdall.plugins import hookimpl\n@hookimpl\ndef holdall_configure(): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    off = Config(plugins_enabled=False, extra_plugins=("my_holdall_plugin",))
    assert load_plugins(off).records == []
    found = load_plugins(Config(extra_plugins=("my_holdall_plugin", "no_such_module_at_all")))
    states = {r.name: r.status.value for r in found.records}
    assert states["my_holdall_plugin"] == "loaded"
    assert states["no_such_module_at_all"] == "failed"


@pytest.mark.parametrize("hook", ["collect_modify", "collect_prepare"])
@pytest.mark.parametrize("fault", [boom, leave])
def test_a_plugin_that_fails_before_the_commit_point_stops_a_collect(
    root: Path, hook: str, fault: Callable[..., object]
) -> None:
    """Nothing is written, and the plugin and hook are named."""
    plugins = plugins_of(make_plugin(**{hook: lambda: fault()}))
    make_skill(root, "b")
    before = snapshot(root)
    with pytest.raises(PluginError, match=f"plugin p1 failed in holdall_{hook}"):
        refresh(root, plugins)
    assert snapshot(root) == before
    refresh(root)
    assert "skills/b" in manifest_text(root)


@pytest.mark.parametrize("hook", ["deploy_resolve", "deploy_prepare"])
@pytest.mark.parametrize("fault", [boom, leave])
def test_a_plugin_that_fails_before_the_commit_point_stops_a_deploy(
    root: Path, project: Path, hook: str, fault: Callable[..., object]
) -> None:
    """Nothing is written, and the next deploy works."""
    before = snapshot(project)
    with pytest.raises(PluginError, match=f"plugin p1 failed in holdall_{hook}"):
        deploy(root, project, "skill:a", plugins=plugins_of(make_plugin(**{hook: lambda: fault()})))
    assert snapshot(project) == before
    assert deploy(root, project, "skill:a").outcome is not None


def test_a_refusal_of_a_plugin_passes_as_it_is(root: Path, project: Path) -> None:
    """Holdall's own errors keep their kind and status."""

    def refuse() -> None:
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        deploy(root, project, "skill:a", plugins=plugins_of(make_plugin(deploy_resolve=refuse)))


def test_what_the_journal_cannot_hold_is_refused(root: Path, project: Path) -> None:
    """A value that is no JSON is the plugin's fault, and nothing is written."""

    def spoil(plan: DeployPlan) -> None:
        plan.extra["p"] = {1, 2}

    def spoil_changes(changes: ChangeSet) -> None:
        changes.extra["p"] = {1, 2}

    before = snapshot(project)
    with pytest.raises(PluginError, match="no JSON"):
        deploy(root, project, "skill:a", plugins=plugins_of(make_plugin(deploy_check=spoil)))
    assert snapshot(project) == before
    make_skill(root, "b")
    with pytest.raises(PluginError, match="no JSON"):
        refresh(root, plugins_of(make_plugin(collect_modify=spoil_changes)))


@pytest.mark.parametrize(
    "answer",
    [
        lambda: [Problem("not today", hint="try tomorrow")],
        boom,
        leave,
        lambda: "no",
        lambda: True,
        lambda: ["no"],
        lambda: {"no": 1},
    ],
)
def test_a_veto_is_a_veto(root: Path, project: Path, answer: Callable[[], object]) -> None:
    """An error, an exception, and an answer that nobody understands; in dry runs and undeploys."""
    deploy(root, project, "skill:a")
    make_skill(root, "a", "new")
    refresh(root)
    plugins = plugins_of(make_plugin(deploy_check=lambda: answer()))
    before = snapshot(project)
    with pytest.raises(VetoError):
        deploy(root, project, plugins=plugins)
    with pytest.raises(VetoError):
        deploy(root, project, plugins=plugins, dry_run=True)
    with pytest.raises(VetoError):
        undeploy(root, project, "skill:a", plugins=plugins)
    assert snapshot(project) == before


def test_a_warning_is_told(root: Path, project: Path) -> None:
    """And the deploy goes on; no answer is no problem."""
    plugins = plugins_of(
        make_plugin(deploy_check=lambda: [Problem("careful", Severity.WARNING)]),
        make_plugin(deploy_check=lambda: None),
    )
    result = deploy(root, project, "skill:a", plugins=plugins)
    assert result.warnings == ("careful (plugin p1)",)
    assert result.outcome is not None


def test_an_error_hook_hides_nothing(root: Path, project: Path) -> None:
    """Every plugin hears of it, one that fails is told, and the first error stays."""
    heard: list[object] = []
    plugins = plugins_of(
        make_plugin(deploy_error=lambda error: heard.append(error)),
        make_plugin(deploy_error=lambda: boom()),
        make_plugin(deploy_error=lambda error: heard.append(error)),
    )
    said: list[str] = []
    with pytest.raises(NotFoundError) as caught:
        deploy(root, project, "skill:nothing", plugins=plugins, said=said)
    assert heard == [caught.value] * 2
    assert "plugin p2 failed in holdall_deploy_error" in said[0]


def test_who_prepared_hears_that_it_came_to_nothing(root: Path, project: Path) -> None:
    """At once, with the same transaction; who fails then hears it again from the next run."""
    heard: list[tuple[str, str, str]] = []

    def hear(name: str) -> Callable[..., None]:
        def take(plan: DeployPlan, transaction_id: str) -> None:
            heard.append((name, transaction_id, str(plan.placed[0].id)))

        return take

    deaf = True

    def refuse(plan: DeployPlan, transaction_id: str) -> None:
        hear("second")(plan, transaction_id)
        if deaf:
            raise KeyError("later")

    plugins = plugins_of(
        make_plugin(deploy_prepare=boom),
        make_plugin(
            deploy_prepare=hear("prepare"),
            deploy_abandoned=hear("first"),
            deploy_complete=hear("done"),
        ),
        make_plugin(deploy_abandoned=refuse),
    )
    said: list[str] = []
    with pytest.raises(PluginError):
        deploy(root, project, "skill:a", plugins=plugins, said=said)
    assert "nothing was changed, and the next run reports it to the plugins again" in said[0]
    deaf = False
    with pytest.raises(PluginError):
        deploy(root, project, "skill:a", plugins=plugins)
    first = heard[0][1]
    told = [(name, transaction_id == first) for name, transaction_id, _ in heard]
    assert told.count(("second", True)) == 2
    assert told.count(("second", False)) == 1
    assert "done" not in {name for name, _, _ in heard}
    assert not list((project / ".holdall/outbox").iterdir())


def test_nobody_hears_of_an_older_deploy_after_a_newer_one(root: Path, project: Path) -> None:
    """While one cannot be told, those that come after it wait."""
    make_skill(root, "b")
    refresh(root)
    heard: list[str] = []
    is_deaf = True

    def take(plan: DeployPlan) -> None:
        (placed,) = plan.placed
        if is_deaf and placed.id.name == "a":
            raise KeyError("later")
        heard.append(str(placed.id))

    plugins = plugins_of(make_plugin(deploy_complete=take))
    deploy(root, project, "skill:a", plugins=plugins)
    deploy(root, project, "skill:b", plugins=plugins)
    assert heard == []
    is_deaf = False
    deploy(root, project, "skill:a", plugins=plugins)
    assert heard == ["skill:a", "skill:b"]


def test_what_a_plugin_could_not_take_is_told_again(
    root: Path, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The files are in place; the next run tells all, from wherever it is started."""
    heard: list[tuple[str, str, object]] = []

    def fill(plan: DeployPlan) -> None:
        plan.extra["p"] = [1, "two"]

    def take(plan: DeployPlan, transaction_id: str) -> None:
        heard.append((transaction_id, str(plan.placed[0].id), plan.extra["p"]))

    said: list[str] = []
    bad = plugins_of(make_plugin(deploy_check=fill, deploy_complete=lambda: leave()))
    monkeypatch.chdir(tmp_path)
    result = deploy(Path("kit"), project, "skill:a", plugins=bad, said=said)
    assert "the next run reports it to the plugins again" in said[0]
    assert (project / ".claude/skills/a/SKILL.md").exists()
    monkeypatch.chdir("/")
    good = plugins_of(make_plugin(deploy_complete=take))
    assert deploy(root, project, plugins=good).outcome is None
    assert deploy(root, project, plugins=good).outcome is None
    assert result.outcome is not None
    assert heard == [(result.outcome.transaction_id, "skill:a", [1, "two"])]


def test_a_collection_change_is_told_again(root: Path) -> None:
    """With what changed, and the collection as it is then."""
    heard: list[Any] = []

    def take(changes: ChangeSet, collection: object) -> None:
        heard.append([str(change.id) for change in changes.changes])

    make_skill(root, "b")
    refresh(root, plugins_of(make_plugin(collect_complete=lambda: boom())))
    assert "skills/b" in manifest_text(root)
    plugins = plugins_of(make_plugin(collect_complete=take))
    refresh(root, plugins)
    refresh(root, plugins)
    assert heard == [["skill:b"]]


def test_a_file_that_a_plugin_stumbles_over_is_reported(tmp_path: Path) -> None:
    """The source is read all the same."""
    make_skill(tmp_path / "source", "a")
    (tmp_path / "source/prompts").mkdir()
    (tmp_path / "source/prompts/x.prompt").write_text("x")
    for fault in (boom, leave):
        plugins = plugins_of(make_plugin(collect_file=lambda fault=fault: fault()))
        reading = read_source(plugins, tmp_path / "source")
        assert [str(found.id) for found in reading.artifacts] == ["skill:a"]
        assert {d.code for d in reading.diagnostics} == {"plugin-failed"}


@pytest.mark.parametrize("answer", [3, "x", ("a",), object()])
def test_an_answer_of_another_kind_is_the_plugins_failure(tmp_path: Path, answer: object) -> None:
    """A file's artifact and a version's tree are what they should be, or named."""
    make_skill(tmp_path / "source", "a")
    (tmp_path / "source/notes.txt").write_text("x")
    plugins = plugins_of(
        make_plugin(collect_file=lambda: answer, version_tree=lambda: answer),
    )
    (told,) = read_source(plugins, tmp_path / "source").diagnostics
    assert told.code == "plugin-failed"
    assert "plugin p1 failed in holdall_collect_file: TypeError: it returned" in told.message
    arguments = {"collection": None, "artifact_id": None, "version": "1"}
    with pytest.raises(PluginError, match="plugin p1 failed in holdall_version_tree"):
        plugins.first("holdall_version_tree", Tree, **arguments)


def test_what_a_plugin_spoils_is_refused(root: Path) -> None:
    """What is returned instead of a manifest, or set in the change set, is not written."""

    def spoil(changes: Any) -> Any:
        return 3

    def spoil_extra(changes: Any) -> None:
        changes.extra = 3

    make_skill(root, "b")
    before = snapshot(root)
    for fault, told in ((spoil, "p1 .*not a Manifest"), (spoil_extra, "p1 .*FrozenInstanceError")):
        with pytest.raises(PluginError, match=told):
            refresh(root, plugins_of(make_plugin(collect_modify=fault)))
        assert snapshot(root) == before


def test_plugins_complete_a_change_one_after_the_other(root: Path) -> None:
    """Each gets the manifest that the one before returned; a wrapper can replace what comes out."""
    seen: list[str] = []
    is_nonsense = False

    def add(letter: str) -> Callable[..., object]:
        def modify(changes: ChangeSet) -> Manifest | None:
            seen.append(changes.after.name)
            return replace(changes.after, name=changes.after.name + letter) if letter else None

        return modify

    @hookimpl(wrapper=True)
    def wrap() -> Generator[None, list[Manifest], list[object]]:
        answers = yield
        return ["w" if is_nonsense else replace(answers[-1], name="w")]

    make_skill(root, "b")
    more = [make_plugin(collect_modify=add(letter)) for letter in ("x", "", "y")]
    name = opened(root).manifest.name
    refresh(root, plugins_of(*more))
    assert seen == [name, f"{name}y", f"{name}y"]  # the last plugin is called first
    assert opened(root).manifest.name == f"{name}yx"
    plugins = plugins_of(*more, SimpleNamespace(holdall_collect_modify=wrap))
    make_skill(root, "c")
    refresh(root, plugins)
    assert opened(root).manifest.name == "w"
    make_skill(root, "d")
    is_nonsense = True
    with pytest.raises(PluginError, match=r"p4 .*not a Manifest"):
        refresh(root, plugins)


def test_an_unknown_target_lists_the_known_ones() -> None:
    """The hint is the table."""
    with pytest.raises(HoldallError) as caught:
        target_named("emacs", BUILTIN_TARGETS)
    assert caught.value.hint == f"known targets: {', '.join(sorted(BUILTIN_TARGETS))}"
