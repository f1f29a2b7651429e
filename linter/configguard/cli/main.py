"""The `configguard` command: plain command lines at once, all others through typer."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; the process ends with the contract's exit codes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A name that the terminal cannot show is escaped, never a traceback.
            reconfigure(errors="backslashreplace")
    try:
        raise SystemExit(_run(sys.argv[1:]))
    except BrokenPipeError:
        # The reader (`head`) has gone: nothing is left to say, also not while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as fault:
        print(f"configguard: cannot go on: {fault.strerror or fault}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(2) from None
    except Exception as fault:
        if "CONFIGGUARD_DEBUG" in os.environ:
            raise
        advice = "Set CONFIGGUARD_DEBUG=1 to see where, and report it."
        print(f"configguard: a bug of its own: {fault!r}. {advice}", file=sys.stderr)
        raise SystemExit(2) from None


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["run"]:
        from configguard.cli.run import run_guarded

        code = run_guarded(arguments[1:])
        for stream in filter(None, (sys.stdout, sys.stderr)):  # none where it came closed
            stream.flush()
        # Taking a forked interpreter apart costs an eighth of a short run, and nothing needs it.
        os._exit(code)
    from configguard.cli.plain import plain_check

    request = plain_check(arguments)
    if request is not None:
        from configguard.cli.check import run_check

        code = run_check(*request)
        sys.stdout.flush()
        return code
    from configguard.cli.app import app

    app()
    return 0
