"""Check a source: by the specifications, by plugins, and for the agents that will read it."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.operations.lint.fix import (
        Fix as Fix,
        FixPlan as FixPlan,
        plan_fixes as plan_fixes,
    )
    from holdall.operations.lint.source import lint_source as lint_source
    from holdall.operations.lint.targets import lint_targets as lint_targets
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "fix": ("Fix", "FixPlan", "plan_fixes"),
            "source": ("lint_source",),
            "targets": ("lint_targets",),
        },
    )
