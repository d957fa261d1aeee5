"""Convert an artifact's one file to the form in which an agent reads it."""

from __future__ import annotations

from holdall.deploy.agent_formats.values import ConvertedFile, Refused
from holdall.deploy.targets.target import Form


def convert_file(data: bytes, form: Form, name: str) -> ConvertedFile | Refused:
    """Return a file in an agent's form; `name` is that under which it is deployed.

    Raises nothing, whatever the bytes are.
    """
    if form.endswith("-agent"):
        from holdall.deploy.agent_formats.agents import convert_agent

        return convert_agent(data, form, name)
    if form.endswith("-rule"):
        from holdall.deploy.rules import convert_rule

        try:
            return ConvertedFile(convert_rule(data, form, name))
        except ValueError as error:
            return Refused(f"a rule cannot be written as {form}: {error}")
    from holdall.deploy.agent_formats.commands import convert_command

    return convert_command(data, form, name)
