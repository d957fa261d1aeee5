"""The page of the documentation that lists every diagnostic (`make docs` writes it)."""

from __future__ import annotations

from holdall.sources.checks.diagnostics import CODES, Code
from holdall.sources.checks.fixes import FIXABLE

_HEAD = """\
# Diagnostics

What `holdall scan`, `holdall collect` and `holdall lint` say about a source. Codes are stable;
`--allow CODE` leaves one out. A composite is a bundle, such as a plugin. This page is made from the
code by `make docs`.

An **error** is what could not be taken, what agents refuse, or what should not be trusted; a
**warning** is what was taken although something is wrong with it; an **info** is only worth
knowing. `holdall lint` exits 1 if there is an error, with `--strict` also if there is a warning.
"""


def handbook() -> str:
    """Return `docs/diagnostics.md`."""
    return "\n".join([_HEAD, *(_entry(code) for code in sorted(CODES))])


def _entry(code: Code) -> str:
    info = CODES[code]
    fixed = " `holdall lint --fix` does it where it is certain." if code in FIXABLE else ""
    only = " (`holdall lint` only)" if info.lint_only else ""
    return (
        f"## {code}\n\n**{info.level}**{only}: {info.meaning}.\n\n"
        f"- Why it matters: {info.reason}.\n- What to do: {info.remedy}.{fixed}\n"
    )
