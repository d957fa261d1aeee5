"""What `targets.toml` says, as Python has it at hand; `make docs` writes this file."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from typing import Any

ROWS: dict[str, tuple[Any, Any, Any]] = {
    "claude": (
        ("Claude Code", "code.claude.com/docs 2026-08-22 (D), SchemaStore 2026-08-07 (S)", (".claude", "CLAUDE.md", ".mcp.json"), "claude_code"),
        (".claude", (("skill", ".claude/skills", "", False, True, None), ("command", ".claude/commands", ".md", False, False, None), ("agent", ".claude/agents", ".md", False, False, None), ("rule", ".claude/rules", ".md", False, False, "claude-rule"), ("output-style", ".claude/output-styles", ".md", True, False, None), ("plugin-files", ".claude/plugin-files", "", False, True, None)), (("hook", ".claude/settings.json", ("hooks",), "hooks", "${CLAUDE_PROJECT_DIR}", ()), ("mcp", ".mcp.json", ("mcpServers",), "servers", "${CLAUDE_PROJECT_DIR:-.}", ())), (), ()),
        (".claude", (("skill", ".claude/skills", "", False, True, None), ("command", ".claude/commands", ".md", False, False, None), ("agent", ".claude/agents", ".md", False, False, None), ("rule", ".claude/rules", ".md", False, False, "claude-rule"), ("output-style", ".claude/output-styles", ".md", True, False, None), ("plugin-files", ".claude/plugin-files", "", False, True, None)), (("hook", ".claude/settings.json", ("hooks",), "hooks", "${HOME}", ()), ("mcp", ".claude.json", ("mcpServers",), "servers", None, ())), (), ()),
    ),
    "codex": (
        ("Codex", "developers.openai.com/codex 2026-11 (D), openai/codex config schema (S)", (".codex",), "codex"),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("command", ".agents/skills", "/SKILL.md", True, False, "command-skill"), ("agent", ".codex/agents", ".toml", True, False, "codex-agent"), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("hook", ".codex/hooks.json", ("hooks",), "codex-hooks", "$(git rev-parse --show-toplevel)", ()), ("mcp", ".codex/config.toml", ("mcp_servers",), "codex-servers", ".", ())), (("rule", "AGENTS.md"),), ()),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("command", ".agents/skills", "/SKILL.md", True, False, "command-skill"), ("agent", ".codex/agents", ".toml", True, False, "codex-agent"), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("hook", ".codex/hooks.json", ("hooks",), "codex-hooks", "${HOME}", ()), ("mcp", ".codex/config.toml", ("mcp_servers",), "codex-servers", None, ())), (("rule", ".codex/AGENTS.md"),), ()),
    ),
    "gemini": (
        ("Gemini CLI", "google-gemini/gemini-cli 2026-08-21 (D, S)", (".gemini", "GEMINI.md"), "gemini"),
        (".gemini", (("skill", ".gemini/skills", "", False, True, None), ("command", ".gemini/commands", ".toml", False, False, "gemini-command"), ("agent", ".gemini/agents", ".md", True, False, "gemini-agent"), ("plugin-files", ".gemini/plugin-files", "", False, True, None)), (("hook", ".gemini/settings.json", ("hooks",), "gemini-hooks", "${GEMINI_PROJECT_DIR}", ()), ("mcp", ".gemini/settings.json", ("mcpServers",), "gemini-servers", ".", ())), (("rule", "GEMINI.md"),), (("skill", (".agents/skills",)),)),
        (".gemini", (("skill", ".gemini/skills", "", False, True, None), ("command", ".gemini/commands", ".toml", False, False, "gemini-command"), ("agent", ".gemini/agents", ".md", True, False, "gemini-agent"), ("plugin-files", ".gemini/plugin-files", "", False, True, None)), (("hook", ".gemini/settings.json", ("hooks",), "gemini-hooks", "${HOME}", ()), ("mcp", ".gemini/settings.json", ("mcpServers",), "gemini-servers", None, ())), (("rule", ".gemini/GEMINI.md"),), (("skill", (".agents/skills",)),)),
    ),
    "cursor": (
        ("Cursor", "cursor.com/docs 2026-10 (D)", (".cursor", ".cursorrules"), "cursor"),
        (".cursor", (("skill", ".cursor/skills", "", False, True, None), ("command", ".cursor/commands", ".md", True, False, None), ("agent", ".cursor/agents", ".md", True, False, "cursor-agent"), ("rule", ".cursor/rules", ".mdc", False, False, "cursor-rule"), ("plugin-files", ".cursor/plugin-files", "", False, True, None)), (("hook", ".cursor/hooks.json", ("hooks",), "cursor-hooks", ".", (("version", 1),)), ("mcp", ".cursor/mcp.json", ("mcpServers",), "cursor-servers", "${workspaceFolder}", ())), (), (("skill", (".claude/skills", ".agents/skills", ".codex/skills")), ("agent", (".claude/agents", ".codex/agents")))),
        (".cursor", (("skill", ".cursor/skills", "", False, True, None), ("command", ".cursor/commands", ".md", True, False, None), ("agent", ".cursor/agents", ".md", True, False, "cursor-agent"), ("plugin-files", ".cursor/plugin-files", "", False, True, None)), (("hook", ".cursor/hooks.json", ("hooks",), "cursor-hooks", "${HOME}", (("version", 1),)), ("mcp", ".cursor/mcp.json", ("mcpServers",), "cursor-servers", None, ())), (), (("skill", (".claude/skills", ".agents/skills", ".codex/skills")), ("agent", (".claude/agents", ".codex/agents")))),
    ),
    "copilot": (
        ("GitHub Copilot", "docs.github.com and code.visualstudio.com 2026-11 (D): the CLI, and VS Code's Copilot harness", (".github/copilot-instructions.md", ".github/instructions", ".github/agents", ".github/hooks", ".github/skills", ".github/mcp.json", ".github/copilot"), None),
        (".github", (("skill", ".github/skills", "", False, True, None), ("command", ".github/skills", "/SKILL.md", True, False, "command-skill"), ("agent", ".github/agents", ".agent.md", True, False, "copilot-agent"), ("rule", ".github/instructions", ".instructions.md", False, False, "copilot-rule"), ("plugin-files", ".github/plugin-files", "", False, True, None)), (("hook", ".github/hooks/holdall.json", ("hooks",), "copilot-hooks", ".", (("version", 1),)), ("mcp", ".mcp.json", ("mcpServers",), "shared-servers", ".", ())), (), (("skill", (".claude/skills", ".agents/skills")), ("agent", (".claude/agents",)), ("hook", (".claude/settings.json",)), ("rule", (".claude/rules",)))),
        (".copilot", (("skill", ".copilot/skills", "", False, True, None), ("command", ".copilot/skills", "/SKILL.md", True, False, "command-skill"), ("agent", ".copilot/agents", ".agent.md", True, False, "copilot-agent"), ("rule", ".copilot/instructions", ".instructions.md", False, False, "copilot-rule"), ("plugin-files", ".copilot/plugin-files", "", False, True, None)), (("hook", ".copilot/hooks/holdall.json", ("hooks",), "copilot-hooks", "${HOME}", (("version", 1),)), ("mcp", ".copilot/mcp-config.json", ("mcpServers",), "copilot-servers", None, ())), (), (("skill", (".claude/skills", ".agents/skills")), ("hook", (".claude/settings.json",)))),
    ),
    "vscode": (
        ("VS Code's Local harness", "code.visualstudio.com/docs 2026-05 to 2026-11 (D): deprecated since September 2026", (".vscode/mcp.json", ".github/prompts"), None),
        (".github", (("skill", ".github/skills", "", False, True, None), ("command", ".github/prompts", ".prompt.md", True, False, None), ("agent", ".github/agents", ".agent.md", True, False, "copilot-agent"), ("rule", ".github/instructions", ".instructions.md", False, False, "copilot-rule"), ("plugin-files", ".github/plugin-files", "", False, True, None)), (("mcp", ".vscode/mcp.json", ("servers",), "vscode-servers", "${workspaceFolder}", ()),), (), (("skill", (".claude/skills", ".agents/skills")), ("agent", (".claude/agents",)), ("rule", (".claude/rules",)))),
        (".copilot", (("skill", ".copilot/skills", "", False, True, None), ("agent", ".copilot/agents", ".agent.md", True, False, "copilot-agent"), ("rule", ".copilot/instructions", ".instructions.md", False, False, "copilot-rule")), (), (), ()),
    ),
    "opencode": (
        ("opencode", "opencode.ai/docs 2026-08 (D), anomalyco/opencode (S)", (".opencode", "opencode.json", "opencode.jsonc"), None),
        (".opencode", (("skill", ".opencode/skills", "", False, True, None), ("command", ".opencode/commands", ".md", False, False, "opencode-command"), ("agent", ".opencode/agents", ".md", False, False, "opencode-agent"), ("plugin-files", ".opencode/plugin-files", "", False, True, None)), (("mcp", "opencode.json", ("mcp",), "opencode-servers", ".", ()),), (("rule", "AGENTS.md"),), (("skill", (".claude/skills", ".agents/skills")),)),
        (".config/opencode", (("skill", ".config/opencode/skills", "", False, True, None), ("command", ".config/opencode/commands", ".md", False, False, "opencode-command"), ("agent", ".config/opencode/agents", ".md", False, False, "opencode-agent"), ("plugin-files", ".config/opencode/plugin-files", "", False, True, None)), (("mcp", ".config/opencode/opencode.json", ("mcp",), "opencode-servers", None, ()),), (("rule", ".config/opencode/AGENTS.md"),), (("skill", (".claude/skills", ".agents/skills")),)),
    ),
    "windsurf": (
        ("Windsurf, Devin Desktop", "docs.windsurf.com, docs.devin.ai 2026 (D)", (".windsurf", ".windsurfrules"), None),
        (".windsurf", (("skill", ".windsurf/skills", "", False, True, None), ("command", ".windsurf/workflows", ".md", True, False, None), ("rule", ".windsurf/rules", ".md", True, False, "windsurf-rule"), ("plugin-files", ".windsurf/plugin-files", "", False, True, None)), (("hook", ".windsurf/hooks.json", ("hooks",), "windsurf-hooks", ".", ()),), (), (("skill", (".agents/skills",)),)),
        (".codeium/windsurf", (("skill", ".codeium/windsurf/skills", "", False, True, None), ("command", ".codeium/windsurf/global_workflows", ".md", True, False, None), ("plugin-files", ".codeium/windsurf/plugin-files", "", False, True, None)), (("hook", ".codeium/windsurf/hooks.json", ("hooks",), "windsurf-hooks", "${HOME}", ()), ("mcp", ".codeium/windsurf/mcp_config.json", ("mcpServers",), "windsurf-servers", None, ())), (), (("skill", (".agents/skills",)),)),
    ),
    "agents": (
        ("the shared folder of many agents", "agentskills.io 2026 (D)", (".agents/skills",), None),
        (".agents", (("skill", ".agents/skills", "", False, True, None),), (), (("rule", "AGENTS.md"),), ()),
        (".agents", (("skill", ".agents/skills", "", False, True, None),), (), (), ()),
    ),
    "devin": (
        ("Devin CLI", "docs.devin.ai 2026 (D), CLI 3000.11 2026-10 (P)", (".devin",), None),
        (".devin", (("skill", ".devin/skills", "", False, True, None), ("command", ".devin/skills", "/SKILL.md", True, False, "command-skill"), ("agent", ".devin/agents", "/AGENT.md", True, False, "brief-agent"), ("rule", ".devin/rules", ".md", True, False, "windsurf-rule"), ("plugin-files", ".devin/plugin-files", "", False, True, None)), (("hook", ".devin/hooks.v1.json", (), "devin-hooks", "${DEVIN_PROJECT_DIR}", ()), ("mcp", ".devin/mcp_config.json", ("mcpServers",), "other-servers", ".", ())), (), (("skill", (".claude/skills", ".agents/skills", ".github/skills")), ("command", (".claude/commands",)), ("agent", (".claude/agents", ".agents/agents")), ("hook", (".claude/settings.json",)), ("mcp", (".mcp.json",)), ("rule", (".cursor/rules", ".windsurf/rules")))),
        (".config/devin", (("skill", ".config/devin/skills", "", False, True, None), ("command", ".config/devin/skills", "/SKILL.md", True, False, "command-skill"), ("agent", ".config/devin/agents", "/AGENT.md", True, False, "brief-agent"), ("plugin-files", ".config/devin/plugin-files", "", False, True, None)), (("hook", ".config/devin/config.json", ("hooks",), "devin-hooks", "${HOME}", ()), ("mcp", ".config/devin/mcp_config.json", ("mcpServers",), "other-servers", None, ())), (("rule", ".config/devin/AGENTS.md"),), ()),
    ),
    "antigravity": (
        ("Antigravity", "rulesync 2026-08-18, apm 2026-08-06, by the vendor's links (P)", (".agents/rules", ".agents/workflows", ".agents/mcp_config.json", ".agents/hooks.json"), None),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("command", ".agents/workflows", ".md", True, False, None), ("agent", ".agents/agents", ".md", True, False, "brief-agent"), ("rule", ".agents/rules", ".md", True, False, "windsurf-rule"), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("mcp", ".agents/mcp_config.json", ("mcpServers",), "antigravity-servers", ".", ()),), (), ()),
        (".gemini/config", (("skill", ".gemini/config/skills", "", False, True, None), ("agent", ".gemini/config/agents", ".md", True, False, "brief-agent"), ("plugin-files", ".gemini/config/plugin-files", "", False, True, None)), (("mcp", ".gemini/config/mcp_config.json", ("mcpServers",), "antigravity-servers", None, ()),), (), ()),
    ),
    "kiro": (
        ("Kiro", "kiro.dev/docs 2026-11, hooks of the IDE 1.0 and the CLI 3 (D), rulesync 2026-08-18 (P)", (".kiro",), None),
        (".kiro", (("skill", ".kiro/skills", "", False, True, None), ("command", ".kiro/prompts", ".md", True, False, None), ("agent", ".kiro/agents", ".md", True, False, "brief-agent"), ("rule", ".kiro/steering", ".md", True, False, "kiro-rule"), ("plugin-files", ".kiro/plugin-files", "", False, True, None)), (("hook", ".kiro/hooks/holdall.json", (), "kiro-hooks", "$(git rev-parse --show-toplevel)", (("version", "v1"),)), ("mcp", ".kiro/settings/mcp.json", ("mcpServers",), "servers", ".", ())), (), ()),
        (".kiro", (("skill", ".kiro/skills", "", False, True, None), ("command", ".kiro/prompts", ".md", True, False, None), ("agent", ".kiro/agents", ".md", True, False, "brief-agent"), ("rule", ".kiro/steering", ".md", True, False, "kiro-rule"), ("plugin-files", ".kiro/plugin-files", "", False, True, None)), (("hook", ".kiro/hooks/holdall.json", (), "kiro-hooks", "${HOME}", (("version", "v1"),)), ("mcp", ".kiro/settings/mcp.json", ("mcpServers",), "servers", None, ())), (), ()),
    ),
    "cline": (
        ("Cline", "docs.cline.bot 2026-08-22 (D), for agents cline/cline (S)", (".clinerules", ".cline"), None),
        (".cline", (("skill", ".cline/skills", "", False, True, None), ("command", ".clinerules/workflows", ".md", True, False, None), ("agent", ".cline/agents", ".yaml", True, False, "cline-agent"), ("rule", ".clinerules", ".md", True, False, "claude-rule")), (), (), (("skill", (".claude/skills",)),)),
        (".cline", (("skill", ".cline/skills", "", False, True, None), ("agent", ".cline/agents", ".yaml", True, False, "cline-agent"), ("plugin-files", ".cline/plugin-files", "", False, True, None)), (("mcp", ".cline/mcp.json", ("mcpServers",), "cline-servers", None, ()),), (), ()),
    ),
    "roo": (
        ("Roo Code", "docs.roocode.com to 2026-05, schema roomodes.json (D, S)", (".roo", ".roomodes", ".roorules"), None),
        (".roo", (("skill", ".roo/skills", "", False, True, None), ("command", ".roo/commands", ".md", True, False, None), ("rule", ".roo/rules", ".md", True, False, "plain-rule"), ("plugin-files", ".roo/plugin-files", "", False, True, None)), (("mcp", ".roo/mcp.json", ("mcpServers",), "roo-servers", ".", ()),), (), ()),
        (".roo", (("skill", ".roo/skills", "", False, True, None), ("command", ".roo/commands", ".md", True, False, None), ("rule", ".roo/rules", ".md", True, False, "plain-rule")), (), (), ()),
    ),
    "kilo": (
        ("Kilo Code", "rulesync 2026-08-18, agent-harness-adapter 2026-10-19, version 7.8 (P)", (".kilo", ".kilocode", "kilo.json", "kilo.jsonc"), None),
        (".kilo", (("skill", ".kilo/skills", "", False, True, None), ("command", ".kilo/commands", ".md", True, False, "opencode-command"), ("agent", ".kilo/agents", ".md", True, False, "opencode-agent"), ("plugin-files", ".kilo/plugin-files", "", False, True, None)), (("mcp", "kilo.jsonc", ("mcp",), "opencode-servers", ".", ()),), (("rule", "AGENTS.md"),), (("skill", (".claude/skills", ".agents/skills")), ("mcp", ("opencode.json",)))),
        (".kilo", (("skill", ".kilo/skills", "", False, True, None), ("command", ".config/kilo/commands", ".md", True, False, "opencode-command"), ("agent", ".config/kilo/agents", ".md", True, False, "opencode-agent"), ("rule", ".kilo/rules", ".md", True, False, "plain-rule"), ("plugin-files", ".kilo/plugin-files", "", False, True, None)), (("mcp", ".config/kilo/kilo.jsonc", ("mcp",), "opencode-servers", None, ()),), (), ()),
    ),
    "zed": (
        ("Zed", "zed.dev/docs 2026 (D), ruler (P)", (".zed", ".rules"), None),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("command", ".agents/skills", "/SKILL.md", True, False, "command-skill"), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("mcp", ".zed/settings.json", ("context_servers",), "zed-servers", ".", ()),), (("rule", "AGENTS.md"),), ()),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("command", ".agents/skills", "/SKILL.md", True, False, "command-skill"), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("mcp", ".config/zed/settings.json", ("context_servers",), "zed-servers", None, ()),), (("rule", ".config/zed/AGENTS.md"),), ()),
    ),
    "continue": (
        ("Continue", "docs.continue.dev 2026 (D)", (".continue",), None),
        (".continue", (("skill", ".continue/skills", "", False, True, None), ("command", ".continue/prompts", ".md", True, False, "continue-prompt"), ("rule", ".continue/rules", ".md", True, False, "continue-rule")), (), (), ()),
        (".continue", (("skill", ".continue/skills", "", False, True, None), ("rule", ".continue/rules", ".md", True, False, "continue-rule")), (), (), ()),
    ),
    "junie": (
        ("JetBrains Junie", "rulesync 2026-08-18, by the vendor's links (P)", (".junie",), None),
        (".junie", (("skill", ".junie/skills", "", False, True, None), ("command", ".junie/commands", ".md", True, False, None), ("agent", ".junie/agents", ".md", True, False, "brief-agent"), ("plugin-files", ".junie/plugin-files", "", False, True, None)), (("mcp", ".junie/mcp/mcp.json", ("mcpServers",), "other-servers", ".", ()),), (("rule", ".junie/AGENTS.md"),), ()),
        (".junie", (("skill", ".junie/skills", "", False, True, None), ("command", ".junie/commands", ".md", True, False, None), ("agent", ".junie/agents", ".md", True, False, "brief-agent"), ("plugin-files", ".junie/plugin-files", "", False, True, None)), (("mcp", ".junie/mcp/mcp.json", ("mcpServers",), "other-servers", None, ()),), (("rule", ".junie/AGENTS.md"),), ()),
    ),
    "aiassistant": (
        ("JetBrains AI Assistant", "rulesync 2026-08-18 (P)", (".aiassistant",), None),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("rule", ".aiassistant/rules", ".md", True, False, "plain-rule"), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("mcp", ".ai/mcp/mcp.json", ("mcpServers",), "other-servers", ".", ()),), (), ()),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("mcp", ".ai/mcp/mcp.json", ("mcpServers",), "other-servers", None, ()),), (), ()),
    ),
    "qwen": (
        ("Qwen Code", "qwenlm.github.io/qwen-code-docs 2026, QwenLM/qwen-code (D, S), version 0.25 2026-10 (P)", (".qwen", "QWEN.md"), None),
        (".qwen", (("skill", ".qwen/skills", "", False, True, None), ("command", ".qwen/commands", ".md", False, False, "qwen-command"), ("agent", ".qwen/agents", ".md", True, False, "brief-agent"), ("rule", ".qwen/rules", ".md", False, False, "claude-rule"), ("plugin-files", ".qwen/plugin-files", "", False, True, None)), (("hook", ".qwen/settings.json", ("hooks",), "qwen-hooks", "${QWEN_PROJECT_DIR}", ()), ("mcp", ".qwen/settings.json", ("mcpServers",), "gemini-servers", ".", ())), (), (("skill", (".agents/skills",)),)),
        (".qwen", (("skill", ".qwen/skills", "", False, True, None), ("command", ".qwen/commands", ".md", False, False, "qwen-command"), ("agent", ".qwen/agents", ".md", True, False, "brief-agent"), ("rule", ".qwen/rules", ".md", False, False, "claude-rule"), ("plugin-files", ".qwen/plugin-files", "", False, True, None)), (("hook", ".qwen/settings.json", ("hooks",), "qwen-hooks", "${HOME}", ()), ("mcp", ".qwen/settings.json", ("mcpServers",), "gemini-servers", None, ())), (), (("skill", (".agents/skills",)),)),
    ),
    "goose": (
        ("Goose", "rulesync 2026-08-18, by the vendor's links (P)", (".goose", ".goosehints"), None),
        (".goose", (("skill", ".goose/skills", "", False, True, None), ("agent", ".goose/agents", ".md", True, False, "brief-agent")), (), (("rule", ".goosehints"),), (("skill", (".agents/skills",)),)),
        (".config/goose", (("skill", ".config/goose/skills", "", False, True, None), ("agent", ".config/goose/agents", ".md", True, False, "brief-agent")), (), (("rule", ".config/goose/.goosehints"),), (("skill", (".agents/skills",)),)),
    ),
    "amp": (
        ("Amp", "rulesync 2026-08-18 (P)", (".amp",), None),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("command", ".agents/skills", "/SKILL.md", True, False, "command-skill"), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("mcp", ".amp/settings.json", ("amp.mcpServers",), "servers", ".", ()),), (("rule", "AGENTS.md"),), (("skill", (".claude/skills",)),)),
        (".config/agents", (("skill", ".config/agents/skills", "", False, True, None), ("command", ".config/agents/skills", "/SKILL.md", True, False, "command-skill"), ("plugin-files", ".config/agents/plugin-files", "", False, True, None)), (("mcp", ".config/amp/settings.json", ("amp.mcpServers",), "servers", None, ()),), (("rule", ".config/amp/AGENTS.md"),), (("skill", (".claude/skills",)),)),
    ),
    "droid": (
        ("Factory Droid", "docs.factory.ai 2026 (D), rulesync 2026-08-18 (P)", (".factory",), None),
        (".factory", (("skill", ".factory/skills", "", False, True, None), ("command", ".factory/commands", ".md", True, False, None), ("agent", ".factory/droids", ".md", True, False, "brief-agent"), ("rule", ".factory/rules", ".md", True, False, "plain-rule"), ("plugin-files", ".factory/plugin-files", "", False, True, None)), (("mcp", ".factory/mcp.json", ("mcpServers",), "other-servers", ".", ()),), (), ()),
        (".factory", (("skill", ".factory/skills", "", False, True, None), ("command", ".factory/commands", ".md", True, False, None), ("agent", ".factory/droids", ".md", True, False, "brief-agent"), ("plugin-files", ".factory/plugin-files", "", False, True, None)), (("mcp", ".factory/mcp.json", ("mcpServers",), "other-servers", None, ()),), (("rule", ".factory/AGENTS.md"),), ()),
    ),
    "warp": (
        ("Warp", "rulesync 2026-08-18, by the vendor's links (P)", (".warp", "WARP.md"), None),
        (".warp", (("skill", ".warp/skills", "", False, True, None), ("command", ".warp/skills", "/SKILL.md", True, False, "command-skill"), ("plugin-files", ".warp/plugin-files", "", False, True, None)), (("mcp", ".warp/.mcp.json", ("mcpServers",), "other-servers", ".", ()),), (("rule", "AGENTS.md"),), (("skill", (".agents/skills",)),)),
        (".warp", (("skill", ".warp/skills", "", False, True, None), ("command", ".warp/skills", "/SKILL.md", True, False, "command-skill"), ("plugin-files", ".warp/plugin-files", "", False, True, None)), (("mcp", ".warp/.mcp.json", ("mcpServers",), "other-servers", None, ()),), (("rule", ".agents/AGENTS.md"),), (("skill", (".agents/skills",)),)),
    ),
    "augment": (
        ("Augment Code", "docs.augmentcode.com/cli/hooks 2026 (D), the rest rulesync 2026-08-18 (P)", (".augment", ".augment-guidelines"), None),
        (".augment", (("skill", ".augment/skills", "", False, True, None), ("command", ".augment/commands", ".md", False, False, None), ("agent", ".augment/agents", ".md", True, False, "brief-agent"), ("rule", ".augment/rules", ".md", True, False, "augment-rule"), ("plugin-files", ".augment/plugin-files", "", False, True, None)), (("hook", ".augment/settings.json", ("hooks",), "augment-hooks", None, ()), ("mcp", ".augment/settings.json", ("mcpServers",), "other-servers", ".", ())), (), (("skill", (".agents/skills",)), ("command", (".claude/commands",)))),
        (".augment", (("skill", ".augment/skills", "", False, True, None), ("command", ".augment/commands", ".md", False, False, None), ("agent", ".augment/agents", ".md", True, False, "brief-agent"), ("rule", ".augment/rules", ".md", True, False, "augment-rule"), ("plugin-files", ".augment/plugin-files", "", False, True, None)), (("hook", ".augment/settings.json", ("hooks",), "augment-hooks", None, ()), ("mcp", ".augment/settings.json", ("mcpServers",), "other-servers", None, ())), (), (("skill", (".agents/skills",)), ("command", (".claude/commands",)))),
    ),
    "trae": (
        ("Trae", "skillshare 2026-07-21, ruler (P)", (".trae",), None),
        (".trae", (("skill", ".trae/skills", "", False, True, None), ("rule", ".trae/rules", ".md", True, False, "plain-rule")), (), (), ()),
        (".trae", (("skill", ".trae/skills", "", False, True, None),), (), (), ()),
    ),
    "crush": (
        ("Crush", "charmbracelet/crush 2026-08-21 (D, S)", (".crush", "crush.json", ".crush.json", "CRUSH.md"), None),
        (".crush", (("skill", ".crush/skills", "", False, True, None), ("command", ".crush/skills", "/SKILL.md", True, False, "command-skill"), ("plugin-files", ".crush/plugin-files", "", False, True, None)), (("mcp", "crush.json", ("mcp",), "crush-servers", ".", ()),), (("rule", "CRUSH.md"),), (("skill", (".claude/skills", ".agents/skills", ".cursor/skills")),)),
        (".config/crush", (("skill", ".config/crush/skills", "", False, True, None), ("command", ".config/crush/skills", "/SKILL.md", True, False, "command-skill"), ("plugin-files", ".config/crush/plugin-files", "", False, True, None)), (("mcp", ".config/crush/crush.json", ("mcp",), "crush-servers", None, ()),), (("rule", ".config/crush/CRUSH.md"),), (("skill", (".claude/skills", ".agents/skills")),)),
    ),
    "openhands": (
        ("OpenHands", "docs.openhands.dev 2026, hooks too (D)", (".openhands",), None),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("hook", ".openhands/hooks.json", ("hooks",), "openhands-hooks", "${OPENHANDS_PROJECT_DIR}", ()),), (("rule", "AGENTS.md"),), ()),
        (".agents", (("skill", ".agents/skills", "", False, True, None), ("plugin-files", ".agents/plugin-files", "", False, True, None)), (("mcp", ".openhands/mcp.json", ("mcpServers",), "other-servers", None, ()),), (), ()),
    ),
    "replit": (
        ("Replit", "skillshare 2026-07-21 (P)", (".replit", "replit.md"), None),
        (".agents", (("skill", ".agents/skills", "", False, True, None),), (), (("rule", "replit.md"),), ()),
        (".config/agents", (("skill", ".config/agents/skills", "", False, True, None),), (), (), ()),
    ),
    "vibe": (
        ("Mistral Vibe", "rulesync 2026-08-18, from its source (P)", (".vibe",), None),
        (".vibe", (("skill", ".vibe/skills", "", False, True, None), ("command", ".vibe/skills", "/SKILL.md", True, False, "command-skill")), (), (("rule", "AGENTS.md"),), (("skill", (".agents/skills",)),)),
        (".vibe", (("skill", ".vibe/skills", "", False, True, None), ("command", ".vibe/skills", "/SKILL.md", True, False, "command-skill")), (), (("rule", ".vibe/AGENTS.md"),), (("skill", (".agents/skills",)),)),
    ),
    "grok": (
        ("Grok Build", "docs.x.ai/build/features/hooks 2026 (D), the rest rulesync 2026-08-18 (P)", (".grok",), None),
        (".grok", (("skill", ".grok/skills", "", False, True, None), ("command", ".grok/commands", ".md", True, False, None), ("agent", ".grok/agents", ".md", True, False, "brief-agent"), ("rule", ".grok/rules", ".md", True, False, "plain-rule"), ("plugin-files", ".grok/plugin-files", "", False, True, None)), (("hook", ".grok/hooks/holdall.json", ("hooks",), "grok-hooks", "$(git rev-parse --show-toplevel)", ()), ("mcp", ".grok/config.toml", ("mcp_servers",), "grok-servers", ".", ())), (), (("skill", (".agents/skills",)), ("hook", (".claude/settings.json", ".cursor/hooks.json")))),
        (".grok", (("skill", ".grok/skills", "", False, True, None), ("command", ".grok/commands", ".md", True, False, None), ("agent", ".grok/agents", ".md", True, False, "brief-agent"), ("rule", ".grok/rules", ".md", True, False, "plain-rule"), ("plugin-files", ".grok/plugin-files", "", False, True, None)), (("hook", ".grok/hooks/holdall.json", ("hooks",), "grok-hooks", "${HOME}", ()), ("mcp", ".grok/config.toml", ("mcp_servers",), "grok-servers", None, ())), (), (("skill", (".agents/skills",)), ("hook", (".claude/settings.json", ".cursor/hooks.json")))),
    ),
    "iflow": (
        ("iFlow CLI", "platform.iflow.cn/docs (D for settings, hooks and agents), rulesync 2026-08-18 (P)", (".iflow", "IFLOW.md"), None),
        (".iflow", (("skill", ".iflow/skills", "", False, True, None), ("agent", ".iflow/agents", ".md", True, False, "iflow-agent"), ("plugin-files", ".iflow/plugin-files", "", False, True, None)), (("hook", ".iflow/settings.json", ("hooks",), "iflow-hooks", "$(git rev-parse --show-toplevel)", ()), ("mcp", ".iflow/settings.json", ("mcpServers",), "other-servers", ".", ())), (("rule", "IFLOW.md"),), ()),
        (".iflow", (("skill", ".iflow/skills", "", False, True, None), ("agent", ".iflow/agents", ".md", True, False, "iflow-agent"), ("plugin-files", ".iflow/plugin-files", "", False, True, None)), (("hook", ".iflow/settings.json", ("hooks",), "iflow-hooks", "${HOME}", ()), ("mcp", ".iflow/settings.json", ("mcpServers",), "other-servers", None, ())), (), ()),
    ),
    "kimi": (
        ("Kimi Code", "rulesync 2026-08-18, by the vendor's links (P)", (".kimi-code",), None),
        (".kimi-code", (("skill", ".kimi-code/skills", "", False, True, None), ("agent", ".kimi-code/agents", ".md", True, False, "brief-agent"), ("plugin-files", ".kimi-code/plugin-files", "", False, True, None)), (("mcp", ".kimi-code/mcp.json", ("mcpServers",), "other-servers", ".", ()),), (("rule", ".kimi-code/AGENTS.md"),), (("skill", (".agents/skills",)), ("agent", (".agents/agents",)))),
        (".kimi-code", (("skill", ".kimi-code/skills", "", False, True, None), ("agent", ".kimi-code/agents", ".md", True, False, "brief-agent"), ("plugin-files", ".kimi-code/plugin-files", "", False, True, None)), (("mcp", ".kimi-code/mcp.json", ("mcpServers",), "other-servers", None, ()),), (("rule", ".kimi-code/AGENTS.md"),), (("skill", (".agents/skills",)),)),
    ),
    "pi": (
        ("Pi", "rulesync 2026-08-18, agent-harness-adapter 2026-10-19 (P)", (".pi",), None),
        (".pi", (("skill", ".pi/skills", "", False, True, None), ("command", ".pi/prompts", ".md", True, False, None), ("plugin-files", ".pi/plugin-files", "", False, True, None)), (("mcp", ".pi/mcp.json", ("mcpServers",), "other-servers", ".", ()),), (("rule", "AGENTS.md"),), (("skill", (".agents/skills",)),)),
        (".pi/agent", (("skill", ".pi/agent/skills", "", False, True, None), ("command", ".pi/agent/prompts", ".md", True, False, None), ("plugin-files", ".pi/agent/plugin-files", "", False, True, None)), (("mcp", ".pi/agent/mcp.json", ("mcpServers",), "other-servers", None, ()),), (("rule", ".pi/agent/AGENTS.md"),), ()),
    ),
    "rovodev": (
        ("Atlassian Rovo Dev", "rulesync 2026-08-18 (P)", (".rovodev",), None),
        (".rovodev", (("skill", ".rovodev/skills", "", False, True, None), ("agent", ".rovodev/subagents", ".md", True, False, "brief-agent")), (), (("rule", "AGENTS.md"),), (("skill", (".agents/skills",)),)),
        (".rovodev", (("skill", ".rovodev/skills", "", False, True, None), ("agent", ".rovodev/subagents", ".md", True, False, "brief-agent")), (), (("rule", ".rovodev/AGENTS.md"),), (("skill", (".agents/skills",)),)),
    ),
    "deepagents": (
        ("Deep Agents", "langchain-ai/deepagents, hooks of version 0.1.52 on (S), rulesync 2026-08-18 (P)", (".deepagents",), None),
        (".deepagents", (("skill", ".deepagents/skills", "", False, True, None), ("agent", ".deepagents/agents", ".md", True, False, "brief-agent"), ("plugin-files", ".deepagents/plugin-files", "", False, True, None)), (("hook", ".deepagents/hooks.json", ("hooks",), "deepagents-hooks", "$(git rev-parse --show-toplevel)", ()), ("mcp", ".deepagents/.mcp.json", ("mcpServers",), "other-servers", ".", ())), (("rule", ".deepagents/AGENTS.md"),), ()),
        (".deepagents", (("plugin-files", ".deepagents/plugin-files", "", False, True, None),), (("hook", ".deepagents/hooks.json", ("hooks",), "deepagents-hooks", "${HOME}", ()),), (), ()),
    ),
    "reasonix": (
        ("Reasonix", "rulesync 2026-08-18 (P)", (".reasonix", "reasonix.toml"), None),
        (".reasonix", (("skill", ".reasonix/skills", "", False, True, None), ("command", ".reasonix/commands", ".md", False, False, None)), (), (("rule", "REASONIX.md"),), ()),
        (".reasonix", (("skill", ".reasonix/skills", "", False, True, None), ("command", ".reasonix/commands", ".md", False, False, None)), (), (), ()),
    ),
    "qoder": (
        ("Qoder", "skillshare 2026-07-21, vercel-labs/skills 2026-02-14 (P): skills only", (".qoder",), None),
        (".qoder", (("skill", ".qoder/skills", "", False, True, None),), (), (), ()),
        (".qoder", (("skill", ".qoder/skills", "", False, True, None),), (), (), ()),
    ),
    "codebuddy": (
        ("CodeBuddy", "skillshare 2026-07-21, vercel-labs/skills 2026-02-14 (P): skills only", (".codebuddy",), None),
        (".codebuddy", (("skill", ".codebuddy/skills", "", False, True, None),), (), (), ()),
        (".codebuddy", (("skill", ".codebuddy/skills", "", False, True, None),), (), (), ()),
    ),
    "tabnine": (
        ("Tabnine", "skillshare 2026-07-21 (P): skills and servers", (".tabnine",), None),
        (".tabnine/agent", (("skill", ".tabnine/agent/skills", "", False, True, None), ("plugin-files", ".tabnine/agent/plugin-files", "", False, True, None)), (("mcp", ".tabnine/agent/settings.json", ("mcpServers",), "gemini-servers", ".", ()),), (), ()),
        (".tabnine/agent", (("skill", ".tabnine/agent/skills", "", False, True, None), ("plugin-files", ".tabnine/agent/plugin-files", "", False, True, None)), (("mcp", ".tabnine/agent/settings.json", ("mcpServers",), "gemini-servers", None, ()),), (), ()),
    ),
}

SETTINGS_FILES = (
    ".agents/mcp_config.json",
    ".ai/mcp/mcp.json",
    ".amp/settings.json",
    ".augment/settings.json",
    ".claude.json",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".cline/mcp.json",
    ".codeium/windsurf/hooks.json",
    ".codeium/windsurf/mcp_config.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".config/amp/settings.json",
    ".config/crush/crush.json",
    ".config/devin/config.json",
    ".config/devin/mcp_config.json",
    ".config/kilo/kilo.jsonc",
    ".config/opencode/opencode.json",
    ".config/zed/settings.json",
    ".copilot/hooks/holdall.json",
    ".copilot/mcp-config.json",
    ".cursor/hooks.json",
    ".cursor/mcp.json",
    ".deepagents/.mcp.json",
    ".deepagents/hooks.json",
    ".devin/hooks.v1.json",
    ".devin/mcp_config.json",
    ".factory/mcp.json",
    ".gemini/config/mcp_config.json",
    ".gemini/settings.json",
    ".github/hooks/holdall.json",
    ".grok/config.toml",
    ".grok/hooks/holdall.json",
    ".iflow/settings.json",
    ".junie/mcp/mcp.json",
    ".kimi-code/mcp.json",
    ".kiro/hooks/holdall.json",
    ".kiro/settings/mcp.json",
    ".mcp.json",
    ".openhands/hooks.json",
    ".openhands/mcp.json",
    ".pi/agent/mcp.json",
    ".pi/mcp.json",
    ".qwen/settings.json",
    ".roo/mcp.json",
    ".tabnine/agent/settings.json",
    ".vscode/mcp.json",
    ".warp/.mcp.json",
    ".windsurf/hooks.json",
    ".zed/settings.json",
    "crush.json",
    "kilo.jsonc",
    "opencode.json",
)
