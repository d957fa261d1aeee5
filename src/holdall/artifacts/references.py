"""What users write for an artifact: `type:name`, a name alone, either maybe with `@VERSION`."""

from __future__ import annotations

from collections.abc import Collection, Container

from holdall import NamedTuple
from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactId, ArtifactType, has_plain_name
from holdall.errors import UsageError


class Reference(NamedTuple):
    """An artifact as a user named it, and the version, None for the present one."""

    name: str
    version: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read `ID[@VERSION]`."""
        name, _, version = text.partition("@")
        return cls(name, version or None)


def find_named(
    text: str,
    known: Collection[ArtifactId],
    types: Container[str] = BUILTIN_TYPES,
    *,
    prefer_composite: bool = False,
) -> ArtifactId | None:
    """Return which of these ids a text means: `type:name`, or a name that one alone has.

    None if it means none of them. A name that nothing has means what has it in a folder, as a
    plugin's commands are: `help` is `hookify:help`. A name that a composite and a hook have means
    the composite: the hook got it from there. With `prefer_composite` that is so whatever else has
    the name. Raises UsageError if it could be several.
    """
    kind, colon, _ = text.partition(":")
    if colon and kind in types:
        exact = ArtifactId.parse(text)
        return exact if exact in known else None
    found = [i for i in known if text in (i.name, str(i)) and has_plain_name(i)]
    if not found:  # a name without the folder that a plugin's commands are in
        found = [i for i in known if i.name.endswith(f":{text}")]
    composites = [i for i in found if i.type in ArtifactType.composite_types()]
    if composites:
        named = [i for i in found if i.type != ArtifactType.HOOK]
        found = composites if prefer_composite else named
    if len(found) > 1:
        raise UsageError(
            f"{text!a} could be any of {', '.join(map(str, sorted(found)))}",
            hint="write the type too, as in type:name",
        )
    return found[0] if found else None
