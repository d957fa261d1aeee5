"""The tables of `docs/formats.md`, from the formats that are read and written; see `make docs`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from holdall.operations.bundles.form import ExportForm
from holdall.operations.bundles.table import EXPORT_FORMS
from holdall.sources.layouts.agents.table import FORMATS

_TYPES = ("skill", "command", "agent", "rule", "output-style", "hook", "mcp")


def render_page(page: str) -> str:
    """Return the page with the tables between its marks made from the formats."""
    tables = {"plugins": _plugins(), "folders": _folders(), "written": _rows()}
    for name, lines in tables.items():
        text = "".join(f"{line}\n" for line in lines).replace("\\", r"\\")
        pattern = rf"(<!-- {name}: [^>]*-->\n).*?(<!-- end -->)"
        page = re.sub(pattern, rf"\g<1>{text}\g<2>", page, flags=re.S)
    return page


def _plugins() -> Iterator[str]:
    """Yield a row for each agent that has plugins: what is read of them."""
    yield "| plugin | manifest | marketplace | what is in it, and where it usually is |"
    yield "|---|---|---|---|"
    for each in FORMATS:
        form = each.plugin
        if form is None:
            continue
        manifests, markets = (
            ", ".join(f"`{place}`" for place in places) or "-"
            for places in (form.manifests, form.marketplaces)
        )
        parts = [
            f"{name}: {', '.join(f'`{place}`' for place in places) or 'in the manifest'}"
            for name, places in form.places.items()
        ]
        yield f"| {form.title} | {manifests} | {markets} | {'; '.join(parts)} |"


def _folders() -> Iterator[str]:
    """Yield a row for each agent: its folders in a repository."""
    yield "| agent | what | where |"
    yield "|---|---|---|"
    for each in FORMATS:
        found: dict[str, list[str]] = {}
        for form in each.folders:
            folder = f"{form.folder}/" if form.folder else ""
            below = "**/" if form.is_deep and form.folder else ""
            found.setdefault(form.holds, []).append(f"`{folder}{below}*{form.suffix}`")
        for holds, places in found.items():
            yield f"| {each.agent} | {holds} | {', '.join(places)} |"


def _rows() -> Iterator[str]:
    """Yield a row for each form of `holdall export --as`."""
    yield f"| `--as` | manifest | {' | '.join(_TYPES)} |"
    yield "|---" * (len(_TYPES) + 2) + "|"
    for form in EXPORT_FORMS.values():
        cells = (_cell(form, type_name) for type_name in _TYPES)
        yield f"| {form.name} | `{form.manifest}` | {' | '.join(cells)} |"


def _cell(form: ExportForm, type_name: str) -> str:
    if type_name == "mcp":
        return f"`{form.servers}`" if form.servers is not None else "in the manifest"
    if type_name == "hook" and form.hooks is not None:
        return f"`{form.hooks}`"
    if type_name == "rule" and form.has_context:
        return "always ones in `GEMINI.md`"
    place = form.places.get(type_name)
    if place is None:
        return "kept"
    return f"`{place.folder}/`" + (f" (`*{place.suffix}`)" if place.convert else "")


if __name__ == "__main__":
    print(render_page(Path(sys.argv[1]).read_text(encoding="utf-8")), end="")
