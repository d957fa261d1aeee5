"""What plugins answer about a deploy's request, sound or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts import ArtifactId
from holdall.deploy import DeployPlan, DeployRequest, StoredContent
from holdall.errors import PluginError, VetoError
from holdall.files import Tree
from holdall.plugins import Problem, Resolution, Severity
from host_factories import deploy, make_collection, make_plugin, make_project, plugins_of, snapshot

pytestmark = pytest.mark.integration

A, B, GONE = (ArtifactId.parse(f"skill:{name}") for name in ("a", "b", "gone"))
UUID = "ab" * 16


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with two skills."""
    return make_collection(tmp_path / "kit", "a", "b")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with files of its own."""
    return make_project(tmp_path / "project")


class Spiteful(Mapping[Any, Any]):
    """A mapping that raises when it is read."""

    def __getitem__(self, key: object) -> object:
        raise KeyError(key)

    def __iter__(self) -> Iterator[Any]:
        raise SystemExit(3)

    def __len__(self) -> int:
        return 1


TREE = Tree((), "0" * 64, "0" * 64)
NONSENSE: list[tuple[str, object, str]] = [
    ("members", [A], "is not a mapping"),
    ("members", {"skill:a": (A,)}, "the key 'skill:a' is not an ArtifactId"),
    ("members", {A: "skill:a"}, "skill:a cannot have"),
    ("members", {A: (GONE,)}, "skill:a cannot have"),
    ("members", {B: (A,)}, "skill:b cannot have"),
    ("members", Spiteful(), "SystemExit: 3"),
    ("uuids", {A: 7}, "skill:a cannot have 7"),
    ("uuids", {A: ""}, "skill:a cannot have"),
    ("uuids", None, "None is not a mapping"),
    ("contents", {A: "text"}, "skill:a cannot have"),
    ("contents", {A: StoredContent(TREE, Path("/no/where"), True)}, "skill:a cannot have"),
    ("contents", {GONE: StoredContent(TREE, Path("/"), True)}, "skill:gone cannot have"),
    ("companions", {A: "plugin-files:x"}, "skill:a cannot have"),
    ("companions", {A: GONE}, "skill:a cannot have"),
]


@pytest.mark.parametrize(("field", "value", "told"), NONSENSE)
def test_nonsense_names_the_plugin_and_the_field(
    root: Path, project: Path, field: str, value: object, told: str
) -> None:
    """Whatever a plugin puts into a resolution, nothing is written and its author is known."""
    plugins = plugins_of(make_plugin(deploy_resolve=lambda: Resolution(**{field: value})))  # type: ignore[arg-type]
    before = snapshot(project)
    with pytest.raises(PluginError) as caught:
        deploy(root, project, "skill:a", plugins=plugins)
    start = f"plugin p1 answered holdall_deploy_resolve with nonsense in {field}: "
    assert caught.value.message.startswith(start)
    assert told in caught.value.message
    assert snapshot(project) == before


@pytest.mark.parametrize("answer", [{"members": {}}, "skill:a", [Resolution()], 3])
def test_an_answer_of_another_kind_is_refused(root: Path, project: Path, answer: object) -> None:
    """Only a Resolution is one."""
    plugins = plugins_of(make_plugin(deploy_resolve=lambda: answer))
    with pytest.raises(PluginError, match=r"plugin p1 answered .*, not a Resolution"):
        deploy(root, project, "skill:a", plugins=plugins)


def test_the_answers_of_plugins_are_merged(root: Path, project: Path) -> None:
    """Each answers for what it knows; that two say the same is no conflict."""
    plugins = plugins_of(
        make_plugin(deploy_resolve=lambda: Resolution(members={A: (B, A)})),
        make_plugin(deploy_resolve=lambda: Resolution(uuids={A: UUID})),
        make_plugin(deploy_resolve=lambda: Resolution(members={A: (B, A)}, uuids={B: "b"})),
        make_plugin(deploy_resolve=lambda: None),
    )
    result = deploy(root, project, "skill:a", plugins=plugins)
    assert [(p.id, p.uuid) for p in result.plan.placed] == [(B, "b"), (A, UUID)]


def test_two_plugins_that_differ_are_both_named(root: Path, project: Path) -> None:
    """Nobody's answer is dropped in silence."""
    plugins = plugins_of(
        make_plugin(deploy_resolve=lambda: Resolution(uuids={A: "one"})),
        make_plugin(deploy_resolve=lambda: Resolution(uuids={A: "two"})),
    )
    with pytest.raises(PluginError, match=r"plugins p2 and p1 .* differently: uuids of skill:a"):
        deploy(root, project, "skill:a", plugins=plugins)


def test_neither_request_nor_plan_can_be_changed(root: Path, project: Path) -> None:
    """A plugin that tries fails, and is named."""

    def change(plan: DeployPlan) -> None:
        plan.placed = ()

    def widen(request: DeployRequest) -> None:
        request.ids = (A, B)

    with pytest.raises(VetoError, match="plugin p1 failed in holdall_deploy_check"):
        deploy(root, project, "skill:a", plugins=plugins_of(make_plugin(deploy_check=change)))
    with pytest.raises(PluginError, match=r"plugin p1 failed in .*resolve: FrozenInstanceError"):
        deploy(root, project, "skill:a", plugins=plugins_of(make_plugin(deploy_resolve=widen)))


@pytest.mark.parametrize(
    "problem",
    [
        lambda: Problem("no", "error"),  # type: ignore[arg-type]
        lambda: Problem("no", "eror"),  # type: ignore[arg-type]
        lambda: Problem("no", 3),  # type: ignore[arg-type]
        lambda: Problem(3),  # type: ignore[arg-type]
        lambda: Problem("no", hint=3),  # type: ignore[arg-type]
        lambda: [Problem("no", Severity.WARNING), Problem("no", None)],  # type: ignore[arg-type]
    ],
)
def test_a_misspelled_problem_is_still_a_veto(
    root: Path, project: Path, problem: Callable[[], object]
) -> None:
    """A severity that nobody knows weighs as an error, and the plugin is named."""
    before = snapshot(project)
    with pytest.raises(VetoError, match="plugin p1"):
        deploy(root, project, "skill:a", plugins=plugins_of(make_plugin(deploy_check=problem)))
    assert snapshot(project) == before
