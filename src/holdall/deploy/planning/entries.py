"""What is in settings files where Holdall put entries: as it was, edited by hand, or missing.

A member has its key. An element of a list has none: one that is there no more was edited if the
list has an element that was not there beside it, and that nobody else put there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from holdall.artifacts.paths import RelPath
from holdall.deploy.project.ledger import Deployed, Merged, hash_value
from holdall.files.root import Root
from holdall.formats.marks import MAX_BYTES, MISSING

if TYPE_CHECKING:
    from holdall.formats.json_editor import JsonText
    from holdall.formats.marked_text import MarkedText
    from holdall.formats.toml_editor import TomlText

Document: TypeAlias = "JsonText | TomlText | MarkedText"

_TEXTS = (".md", ".goosehints")

_SIMILAR = 0.6


def changed_entries(
    root: Root, deployed: Deployed, everything: Iterable[Deployed]
) -> Iterator[tuple[str, str]]:
    """Yield the entries that are not as they were put in: what, and `missing` or `edited`.

    `everything` is all that is deployed in the project.
    """
    known = list(everything)
    for entry in deployed.merged:
        found = present_value(root, entry, known)
        if not entry.matches(found):
            yield name_entry(entry), "missing" if found is MISSING else "edited"


def name_entry(entry: Merged) -> str:
    """Return an entry's name for messages."""
    return f"{entry.path}: {'.'.join((*entry.keys, entry.key or 'a hook'))}"


def present_value(root: Root, entry: Merged, everything: Iterable[Deployed]) -> Any:
    """Return the value where an entry was put, edited or not; MISSING if there is none.

    `everything` is all that is deployed in the project.
    """
    data = root.read_bytes(entry.path, MAX_BYTES)
    text = None if data is None else data.decode(errors="replace")
    document = open_document(text, entry.path, "")
    if entry.key is not None:
        return document.get((*entry.keys, entry.key))
    elements = elements_in(document, entry)
    same = [element for element in elements if entry.matches(element)]
    others = {e.hash for d in everything for e in d.merged}
    return same[0] if same else edited_element(entry, elements, others)


def open_document(text: str | None, path: RelPath, where: str) -> Document:
    """Return a settings file for editing, an empty one for None; `where` is its name in errors."""
    if path.endswith(_TEXTS):
        from holdall.formats.marked_text import MarkedText

        return MarkedText("" if text is None else text, where)
    form: type[JsonText | TomlText]
    if path.endswith(".toml"):
        from holdall.formats.toml_editor import TomlText as form
    else:
        from holdall.formats.json_editor import JsonText as form
    return form.new(where) if text is None else form(text, where)


def elements_in(document: Document, entry: Merged) -> list[Any]:
    """Return the list in which an entry without a key stands; an empty one if there is none."""
    found = document.get(entry.keys)
    return found if isinstance(found, list) else []


def edited_element(entry: Merged, elements: Sequence[Any], others: Collection[str]) -> Any:
    """Return what an entry that is not in its list any more has become; MISSING if it is gone.

    `others` are the hashes of all entries that Holdall put into settings.
    """
    candidates = [
        element
        for element in elements
        if (found := hash_value(element)) not in others and found not in (entry.beside or ())
    ]
    if not candidates:
        return MISSING
    return max(candidates, key=lambda element: _similarity(entry.value, element))


def is_similar(value: Any, element: Any) -> bool:
    """Return whether an element can be an edit of a value: most of its words are the same."""
    return _similarity(value, element) >= _SIMILAR


def _similarity(value: Any, element: Any) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, _words(value), _words(element)).ratio()


def _words(value: Any) -> str:
    """Return what a value says, without its keys and what all hooks have."""
    match value:
        case dict():
            return " ".join(_words(item) for key, item in sorted(value.items()) if key != "type")
        case list():
            return " ".join(map(_words, value))
        case _:
            return str(value)
