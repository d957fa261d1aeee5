"""Keys and tokens in texts, by the shapes that their issuers gave them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.values import Diagnostic

# What each kind begins with is looked for first: most texts have none of it.
_SECRETS = (
    ("an AWS access key", (b"AKIA", b"ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    (
        "a GitHub token",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})",
    ),
    ("a GitLab token", (b"glpat-",), r"\bglpat-[A-Za-z0-9_-]{20}"),
    ("a Slack token", (b"xox",), r"\bxox[abeprs]-[A-Za-z0-9-]{16}"),
    (
        "a Slack webhook",
        (b"hooks.slack.com/services/",),
        r"hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24}",
    ),
    (
        "a private key",
        (b"PRIVATE KEY-----",),
        r"-----BEGIN (?:[A-Z]{1,9} ){0,2}PRIVATE KEY-----(?:\s|\\[nr])*+"
        r"(?:[A-Za-z-]+: [^\n]*\n\s*+)*+[A-Za-z0-9+/]{32}",
    ),
    (
        "an API key",
        (b"sk-",),
        r"\bsk-(?:(?:ant|proj|svcacct)-[A-Za-z0-9_-]{24}|[A-Za-z0-9]{40})",
    ),
    ("a Stripe key", (b"k_live_",), r"\b[sr]k_live_[A-Za-z0-9]{24}"),
    ("a Google API key", (b"AIza",), r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("a Hugging Face token", (b"hf_",), r"\bhf_[A-Za-z0-9]{34}\b"),
    ("an npm token", (b"npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", (b"pypi-AgE",), r"\bpypi-AgE[A-Za-z0-9_-]{50}"),
)
_PLACEHOLDER = r"(?i)example|your|x{4}|fake|dummy|secret|redacted|placeholder|0{5}|12345|abcde"
_FEWEST_LETTERS = 6

_WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_AS_WORD = bytes(ord("w") if byte in _WORD else ord(" ") for byte in range(256))
_RUN = b"w" * 20
_REACH = 160
_START = b"|".join(re.escape(start) for _, starts, _ in _SECRETS for start in starts)


def may_hold_secrets(data: bytes) -> bool:
    """Return whether `judge_secrets` may have something to say.

    Every kind has twenty letters and digits in a row, which prose has not: to look for those, and
    for beginnings before them, takes less than to look for each beginning.
    """
    words = data.translate(_AS_WORD)
    at = words.find(_RUN)
    while at >= 0:
        if re.compile(_START).search(data, max(0, at - _REACH), at + len(_RUN)):
            return True
        end = words.find(b" ", at)
        at = words.find(_RUN, end) if end >= 0 else -1
    return False


def judge_secrets(path: str, data: bytes) -> Iterator[Diagnostic]:
    """Yield what looks like a secret, each kind once. None is quoted."""
    for kind, starts, pattern in _SECRETS:
        if any(start in data for start in starts):
            yield from _judge(path, data.decode("utf-8", "replace"), kind, pattern)


def _judge(path: str, text: str, kind: str, pattern: str) -> Iterator[Diagnostic]:
    for found in re.finditer(pattern, text):
        if not re.search(_PLACEHOLDER, found[0]) and len(set(found[0][-20:])) >= _FEWEST_LETTERS:
            line = text.count("\n", 0, found.start()) + 1
            yield diagnose(path, Code.CREDENTIAL, f"holds what looks like {kind}", line)
            return
