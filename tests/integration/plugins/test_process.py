"""Plugins that would end, mislead or muddle the command's process, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from host_factories import make_collection, make_project

pytestmark = pytest.mark.integration

HEAD = "import os, subprocess, sys\nfrom holdall.plugins import Command, hookimpl\n"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def write_plugin(tmp_path: Path) -> Callable[[str, str], None]:
    """Return a function that writes a plugin's module."""

    def write(name: str, text: str) -> None:
        folder = tmp_path / "modules"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(HEAD + text)

    return write


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has a collection with a skill."""
    make_collection(tmp_path / "kit", "a")
    make_project(tmp_path / "project")
    return {
        **os.environ,
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path / "modules"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "HOLDALL_COLLECTION": str(tmp_path / "kit"),
    }


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Return a function that runs a command with some plugins."""

    def run(*words: str, plugins: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "holdall", *words],
            env={**environment, "HOLDALL_PLUGINS": plugins},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("class Odd(BaseException): pass\nraise Odd('boom')", "Odd: boom"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("@hookimpl\ndef holdall_configure(config): raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def __getattr__(name): raise KeyboardInterrupt\n", None),
    ],
)
def test_a_plugin_that_raises_anything_is_named(
    run: Run, write_plugin: Callable[[str, str], None], text: str, told: str | None
) -> None:
    """At import and in a hook; the command does what it does without the plugin."""
    write_plugin("odd", text)
    done = run("list", plugins="odd")
    assert (done.returncode, done.stdout) == (0, "skill:a  -  -\n")
    if told is not None:
        assert f"plugin odd is not used: {told}" in done.stderr
    assert "Traceback" not in done.stderr
    assert "interrupted" not in done.stderr


LOUD = """
def shout():
    print("sys.stdout")
    sys.__stdout__.write("sys.__stdout__\\n")
    os.write(1, b"descriptor 1\\n")
    subprocess.run(["echo", "child"])
shout()
@hookimpl
def holdall_configure(): shout()
@hookimpl
def holdall_register_commands():
    shout()
    yield Command("loud", "be loud", "loud", lambda parser: shout(), run)
@hookimpl
def holdall_deploy_check(): shout()
@hookimpl(wrapper=True)
def holdall_deploy_resolve():
    shout()
    found = yield
    shout()
    return found
def run(context, args):
    print("a command's own print")
    context.out.data({"loud": True})
"""


@pytest.mark.parametrize(
    ("words", "key"), [(["deploy", "skill:a", "--to", "project"], "placed"), (["loud"], "loud")]
)
def test_what_a_plugin_prints_is_no_result(
    run: Run, write_plugin: Callable[[str, str], None], words: list[str], key: str
) -> None:
    """Whichever way it prints: standard output holds the one document, standard error the rest."""
    write_plugin("loud", LOUD)
    done = run("--json", *words, plugins="loud")
    assert json.loads(done.stdout)[key]
    assert done.returncode == 0, done.stderr
    for line in ("sys.stdout", "sys.__stdout__", "descriptor 1", "child"):
        assert line in done.stderr.splitlines()


def test_a_command_may_print_its_result(run: Run, write_plugin: Callable[[str, str], None]) -> None:
    """Without `--json` a plugin's command writes on standard output as any program does."""
    write_plugin("loud", LOUD)
    assert run("loud", plugins="loud").stdout == "a command's own print\n"


@pytest.mark.parametrize("fault", ["raise SystemExit(0)", "raise KeyboardInterrupt", "1 / 0"])
def test_a_command_that_raises_is_named(
    run: Run, write_plugin: Callable[[str, str], None], fault: str
) -> None:
    """Its exception does not set the exit status; `--verbose` shows where it was raised."""
    write_plugin(
        "odd",
        f"def run(context, args): {fault}\n"
        "@hookimpl\ndef holdall_register_commands():\n"
        "    return [Command('fly', 'fly', 'odd', lambda parser: None, run)]\n",
    )
    done = run("fly", plugins="odd")
    assert (done.returncode, done.stdout) == (5, "")
    assert "error: plugin odd failed in the command 'fly': " in done.stderr
    assert "Traceback" not in done.stderr
    assert "odd.py" in run("fly", "-v", plugins="odd").stderr


def test_an_error_of_a_plugins_own_class_sets_no_status(
    run: Run, write_plugin: Callable[[str, str], None]
) -> None:
    """One that pretends to be Holdall's, with another exit status or without its fields."""
    for body in ("exit_status = 0", "exit_status = 'x'", "def __init__(self): pass"):
        write_plugin(
            "odd",
            "from holdall.errors import HoldallError\n"
            f"class Mine(HoldallError):\n    {body}\n"
            "@hookimpl\ndef holdall_deploy_resolve(): raise Mine('mine') if 'init' not in "
            f"{body!r} else Mine()\n",
        )
        done = run("deploy", "skill:a", "--to", "project", plugins="odd")
        assert done.returncode == 5
        assert "plugin odd failed in holdall_deploy_resolve: Mine" in done.stderr


def test_a_command_may_call_its_argument_command(
    run: Run, write_plugin: Callable[[str, str], None]
) -> None:
    """What the host keeps with the arguments is in nobody's way."""
    write_plugin(
        "mine",
        "def add(parser): parser.add_argument('command')\n"
        "def run(context, args): context.out.line(args.command)\n"
        "@hookimpl\ndef holdall_register_commands():\n"
        "    return [Command('fly', 'fly', 'mine', add, run)]\n",
    )
    assert run("fly", "list", plugins="mine").stdout == "list\n"


def test_a_command_that_ended_the_process_is_reported_and_runs_again(
    run: Run, write_plugin: Callable[[str, str], None]
) -> None:
    """Whoever names it wants it to run."""
    write_plugin(
        "mine",
        "def run(context, args):\n"
        "    if not os.path.exists('ended'):\n"
        "        open('ended', 'w').close()\n"
        "        os._exit(7)\n"
        "    context.out.line('ran')\n"
        "@hookimpl\ndef holdall_register_commands():\n"
        "    return [Command('fly', 'fly', 'mine', lambda parser: None, run)]\n",
    )
    assert run("fly", plugins="mine").returncode == 7
    done = run("fly", plugins="mine")
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert "plugin mine was running (the command 'fly') when an earlier command" in done.stderr
    assert run("fly", plugins="mine").stderr == ""


EXIT = "@hookimpl\ndef holdall_{hook}({arguments}): os._exit(7)\n"


@pytest.mark.parametrize("plugins", ["exiting", ""])
@pytest.mark.parametrize(
    ("hook", "is_deployed"),
    [("deploy_check", False), ("deploy_prepare", False), ("deploy_complete", True)],
)
def test_the_command_after_an_exit_reports_and_finishes(
    run: Run,
    write_plugin: Callable[[str, str], None],
    tmp_path: Path,
    hook: str,
    is_deployed: bool,
    plugins: str,
) -> None:
    """By the plugin's name, whether it is there or not; then the journal is empty."""
    write_plugin("exiting", EXIT.format(hook=hook, arguments="plan"))
    deploy = ("deploy", "skill:a", "--to", "project")
    placed = tmp_path / "project/.claude/skills/a/SKILL.md"
    assert run(*deploy, plugins="exiting").returncode == 7
    assert placed.exists() == is_deployed
    done = run("status", "--to", "project", plugins=plugins)
    assert "plugin exiting" in done.stderr
    assert f"holdall_{hook}" in done.stderr
    assert done.returncode in (0, 1)
    assert placed.exists() == is_deployed
    assert list((tmp_path / "project/.holdall").glob("tx/*")) == []
    run("list")  # reports it for the last time where the plugin is gone
    done = run(*deploy)
    assert done.returncode == 0
    assert "exiting" not in done.stderr
    assert placed.exists()
    assert not list((tmp_path / "project/.holdall/outbox").iterdir())


def test_a_plugin_that_exited_is_passed_over_once(
    run: Run, write_plugin: Callable[[str, str], None], tmp_path: Path
) -> None:
    """What it should have heard waits for it; a veto that it could not give is an error."""
    write_plugin("exiting", EXIT.format(hook="deploy_complete", arguments="plan"))
    deploy = ("deploy", "skill:a", "--to", "project")
    assert run(*deploy, plugins="exiting").returncode == 7
    done = run(*deploy, plugins="exiting")
    assert (done.returncode, done.stdout) == (1, "everything is in place already\n")
    assert "not called for that this time; the files are in place" in done.stderr
    write_plugin("exiting", "@hookimpl\ndef holdall_deploy_complete(plan): print('heard')\n")
    assert "heard" in run(*deploy, plugins="exiting").stderr
    write_plugin("exiting", EXIT.format(hook="deploy_check", arguments="plan"))
    assert run("undeploy", "skill:a", "--to", "project", plugins="exiting").returncode == 7
    assert run("undeploy", "skill:a", "--to", "project", plugins="exiting").returncode == 3
    write_plugin("exiting", "")
    assert run("undeploy", "skill:a", "--to", "project", plugins="exiting").returncode == 0


def test_a_plugin_that_exits_at_import_is_named(
    run: Run, write_plugin: Callable[[str, str], None], tmp_path: Path
) -> None:
    """The next command works without it and says so; a state folder that is read-only is fine."""
    write_plugin("exiting", "os._exit(7)")
    assert run("list", plugins="exiting").returncode == 7
    done = run("list", plugins="exiting")
    assert (done.returncode, done.stdout) == (0, "skill:a  -  -\n")
    assert "plugin exiting is not used" in done.stderr
    assert "ended an earlier command (loading)" in done.stderr
    assert list((tmp_path / "state/holdall/plugins-at-work").iterdir()) == []


def test_nothing_is_kept_of_a_plugin_that_works(
    run: Run, write_plugin: Callable[[str, str], None], tmp_path: Path
) -> None:
    """After the command, and while another one is at work."""
    write_plugin(
        "good",
        "import pathlib\n"
        "@hookimpl\ndef holdall_deploy_check(plan):\n"
        "    words = [sys.executable, '-m', 'holdall', 'list']\n"
        "    done = subprocess.run(words, capture_output=True)\n"
        "    assert b'at work' not in done.stderr, done.stderr\n",
    )
    assert run("deploy", "skill:a", "--to", "project", plugins="good").returncode == 0
    assert list((tmp_path / "state/holdall/plugins-at-work").iterdir()) == []


@pytest.mark.parametrize("catches", [False, True])
def test_the_users_interrupt_ends_the_command(
    environment: dict[str, str],
    write_plugin: Callable[[str, str], None],
    tmp_path: Path,
    catches: bool,
) -> None:
    """Also where the plugin at work catches it; nothing is left half done."""
    body = "        time.sleep(60)\n"
    if catches:
        body = f"        try:\n    {body}        except BaseException: pass\n"
    write_plugin(
        "slow",
        "import time\n@hookimpl\ndef holdall_deploy_check(plan):\n"
        "    open('waiting', 'w').close()\n    if True:\n" + body,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "holdall", "deploy", "skill:a", "--to", "project"],
        env={**environment, "HOLDALL_PLUGINS": "slow"},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "waiting").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted; nothing is left half finished" in err
    assert not (tmp_path / "project/.claude/skills/a").exists()
