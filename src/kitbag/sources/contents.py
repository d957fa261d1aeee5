"""Looking into texts: what people do not see in them, secrets, and references that lead away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kitbag.sources.diagnostics import Code, diagnose
from kitbag.sources.values import Diagnostic

__all__ = ["hidden_text", "judge_text", "references"]

# Tag characters and bidi controls: text that people do not see, or see in another order.
_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
# England, Scotland, Wales: the only emoji that are spelled with tag characters.
_FLAG = re.compile(
    "\U0001f3f4\U000e0067\U000e0062"
    "(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)"
    "\U000e007f"
)
# Joiners and direction marks are spelling in many scripts and in emoji, but not after ASCII.
_ZERO_WIDTH = re.compile(
    "[\u180e\u200b\u2060-\u2064\ufeff]|(?<![^\x00-\x7f])[\u200c-\u200f]|[\u200c-\u200f](?=[\u200c-\u200f])"
)
# What each kind begins with is looked for first: most texts have none of it.
_SECRETS = (
    ("an AWS access key", ("AKIA", "ASIA"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    (
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})"),
    ),
    ("a Slack token", ("xox",), re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{16}")),
    (
        "a private key",
        ("PRIVATE KEY-----",),
        re.compile(
            r"-----BEGIN (?:[A-Z]{1,9} ){0,2}PRIVATE KEY-----(?:\s|\\[nr])*+"
            r"(?:[A-Za-z-]+: [^\n]*\n\s*+)*+[A-Za-z0-9+/]{32}"
        ),
    ),
    (
        "an API key",
        ("sk-",),
        re.compile(r"\bsk-(?:(?:ant|proj|svcacct)-[A-Za-z0-9_-]{24}|[A-Za-z0-9]{40})"),
    ),
)
_PLACEHOLDER = re.compile(r"(?i)example|your|x{4}|fake|dummy|secret|redacted|0{5}|12345|abcde")
# Not in quotes: those are examples of programs. Nor the examples of attacks.
_UPWARDS = re.compile(r"(?<![\w./*'\"])((?:\.\./)++)(?!etc/|proc/)[\w.{$-][\w./-]*")
_PLUGIN_ROOT = re.compile(r"\$\{?CLAUDE_PLUGIN_ROOT\b")


def hidden_text(path: str, text: str) -> Iterator[Diagnostic]:
    """Yield a diagnostic for the first character that hides text, if there is one."""
    if text.isascii():
        return
    if _HIDDEN.search(text) and (found := _HIDDEN.search(_FLAG.sub("", text))):
        line = found.string.count("\n", 0, found.start()) + 1
        yield diagnose(path, Code.HIDDEN_TEXT, f"holds U+{ord(found[0]):04X}", line)


def judge_text(path: str, text: str) -> Iterator[Diagnostic]:
    """Yield what no file of any artifact should hold, each kind once. Secrets are not quoted."""
    yield from hidden_text(path, text)
    if not text.isascii():
        yield from _zero_width(path, text)
    for kind, beginnings, pattern in _SECRETS:
        if any(beginning in text for beginning in beginnings):
            yield from _secret(path, text, kind, pattern)


def _zero_width(path: str, text: str) -> Iterator[Diagnostic]:
    if found := _ZERO_WIDTH.search(text, 1 if text.startswith("\ufeff") else 0):
        message = f"holds U+{ord(found[0]):04X}"
        yield diagnose(path, Code.ZERO_WIDTH_TEXT, message, _line(found))


def _secret(path: str, text: str, kind: str, pattern: re.Pattern[str]) -> Iterator[Diagnostic]:
    for found in pattern.finditer(text):
        if not _PLACEHOLDER.search(found[0]):
            yield diagnose(path, Code.CREDENTIAL, f"holds what looks like {kind}", _line(found))
            return


def references(path: str, text: str, depth: int) -> Iterator[Diagnostic]:
    """Yield where a skill's file refers to what lies outside of the skill, each kind once.

    `depth` is how many folders below SKILL.md the file lies. Only Markdown is asked for `..`:
    in programs it mostly means something else.
    """
    if "CLAUDE_PLUGIN_ROOT" in text and (root := _PLUGIN_ROOT.search(text)):
        yield diagnose(path, Code.PLUGIN_ROOT_REFERENCE, "uses CLAUDE_PLUGIN_ROOT", _line(root))
    if not path.endswith(".md") or "../" not in text:
        return
    for found in _UPWARDS.finditer(text):
        steps = found[1].count("/")
        if steps > depth and (steps > 1 or text.endswith("](", 0, found.start())):
            message = f"refers to {found[0]:.80}"
            yield diagnose(path, Code.OUTSIDE_REFERENCE, message, _line(found))
            return


def _line(found: re.Match[str]) -> int:
    return found.string.count("\n", 0, found.start()) + 1
