"""The page of the documentation that describes every hook (`make docs` writes it)."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from holdall.deploy.planning.plan import DeployPlan, DeployRequest, Resolution, StoredContent
from holdall.plugins import hookspecs
from holdall.plugins.commands import Command
from holdall.plugins.hookspecs import Problem
from holdall.plugins.values import Deployment, Details, KnownDeployment, LintProblem, ReleaseState
from holdall.reporter import Reporter

_HEAD = """\
# Hooks

What a plugin may implement. [plugins.md](plugins.md) shows how to write, test and package one. This
page is made from the docstrings of `holdall.plugins.hookspecs` by `make docs`.
"""

_VALUES = (
    *(Command, DeployPlan, DeployRequest, LintProblem, Problem, Reporter, Resolution),
    *(StoredContent, Details, Deployment, KnownDeployment, ReleaseState),
)


def handbook() -> str:
    """Return `docs/hooks.md`."""
    hooks = [value for name, value in vars(hookspecs).items() if name.startswith("holdall_")]
    about = (inspect.getdoc(hookspecs) or "").partition("\n\n")[2]
    parts = [_HEAD, about]
    parts += [
        f"## {hook.__name__}\n\n```python\n{_signature(hook)}\n```\n\n{_doc(hook)}"
        for hook in hooks
    ]
    parts.append("## Values")
    parts += [f"### {value.__name__}\n\n{_doc(value)}" for value in _VALUES]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _doc(value: object) -> str:
    return inspect.getdoc(value) or ""


def _signature(hook: Callable[..., object]) -> str:
    signature = inspect.signature(hook)
    arguments = ", ".join(f"{name}: {p.annotation}" for name, p in signature.parameters.items())
    return f"def {hook.__name__}({arguments}) -> {signature.return_annotation}"
