"""Check a source for an agent: what it would refuse, cut or ignore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from holdall.artifacts.ids import ArtifactType
from holdall.deploy.agent_formats import Refused, convert_file, convert_server
from holdall.deploy.agent_formats.limits import (
    Problem,
    Verdict,
    listing_problem,
    skill_problems,
    text_problems,
)
from holdall.deploy.agent_formats.markdown import Parts, split_markdown
from holdall.deploy.consent.entries import hooks_in, server_in
from holdall.deploy.planning.files import MAX_CONVERTED
from holdall.deploy.rules import block_of
from holdall.deploy.targets import Merge, Target
from holdall.errors import HoldallError
from holdall.formats.documents import parse_json, read_bounded
from holdall.sources.checks.diagnostics import CODES, Code, diagnose
from holdall.sources.linting import Finding
from holdall.sources.values import FoundArtifact, Reading

_CODES = {
    Verdict.REFUSES: Code.TARGET_REFUSES,
    Verdict.CUTS: Code.TARGET_CUTS,
    Verdict.IGNORES: Code.TARGET_IGNORES,
}


def lint_targets(source: str, reading: Reading, targets: Iterable[Target]) -> Iterator[Finding]:
    """Yield what each agent would do with the artifacts of a source, once for each artifact."""
    artifacts = {artifact.id: artifact for artifact in reversed(reading.artifacts)}
    skills = {
        artifact.id.name: split_markdown(_head_of(artifact))
        for artifact in artifacts.values()
        if artifact.type == ArtifactType.SKILL
    }
    for target in targets:
        for artifact in artifacts.values():
            path = artifact.path.partition("#")[0]
            for problem in _problems(target, artifact, skills):
                yield _finding(source, path, f"{target.name}: {artifact.id}", problem)
        whole = listing_problem(target.name, skills) if "skill" in target.places else None
        if whole is not None:
            yield _finding(source, ".", target.name, whole)


def _finding(source: str, path: str, what: str, problem: Problem) -> Finding:
    code = _CODES[problem.verdict]
    info = CODES[code]
    found = diagnose(path, code, f"{what}: {problem.text}")
    return Finding(source, found, info.reason, info.remedy)


def _head_of(artifact: FoundArtifact) -> bytes:
    """Return the file that an agent reads first; nothing where it cannot be read."""
    if artifact.data is not None:
        return artifact.data
    location = artifact.location or Path()
    file = location / "SKILL.md" if artifact.type == ArtifactType.SKILL else location
    try:
        return read_bounded(file, MAX_CONVERTED)
    except HoldallError:
        return b""


def _problems(
    target: Target, artifact: FoundArtifact, skills: dict[str, Parts]
) -> Iterator[Problem]:
    type_name, name = artifact.type, artifact.id.name
    if type_name == ArtifactType.PLUGIN_FILES:
        return
    if not target.knows(type_name):
        yield Problem(Verdict.IGNORES, f"it has no place for the type {type_name}")
    elif type_name == ArtifactType.SKILL:
        yield from skill_problems(target.name, name, skills[name])
    elif (merge := target.merges.get(type_name)) is not None:
        yield from _entry_problems(artifact, merge)
    elif type_name in target.blocks:
        try:
            block_of(_head_of(artifact))
        except ValueError as error:
            yield Problem(Verdict.REFUSES, str(error))
    else:
        data = _head_of(artifact)
        form = target.converts.get(type_name)
        if form is not None:
            found = convert_file(data, form, name)
            if isinstance(found, Refused):
                yield Problem(Verdict.REFUSES, found.reason)
            else:
                yield from (Problem(Verdict.IGNORES, loss) for loss in found.losses)
        yield from text_problems(target.name, type_name, data.decode(errors="replace"))


def _entry_problems(artifact: FoundArtifact, merge: Merge) -> Iterator[Problem]:
    try:
        definition = parse_json(_head_of(artifact), artifact.path)
        if merge.form.is_hooks:
            groups, losses = hooks_in(definition, str(artifact.id), merge.form)
            verdict = Verdict.IGNORES if groups else Verdict.REFUSES
            yield from (Problem(verdict, loss) for loss in losses)
            return
        found = convert_server(
            artifact.id.name, server_in(definition, str(artifact.id)), merge.form
        )
    except HoldallError as error:
        yield Problem(Verdict.REFUSES, error.message)
        return
    if isinstance(found, Refused):
        yield Problem(Verdict.REFUSES, found.reason)
    else:
        yield from (Problem(Verdict.IGNORES, loss) for loss in found.losses)
