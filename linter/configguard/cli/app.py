"""The `configguard` command. Each command imports what it needs when it runs: starts are fast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperArgument, TyperCommand

from configguard import __version__

app = typer.Typer(
    name="configguard",
    help="Works out what test-runner configs really do, without running them.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Paths = Annotated[
    Optional[list[str]],
    typer.Argument(metavar="PATH", help="Files or folders.", show_default="."),
]
Root = Annotated[
    Optional[Path],
    typer.Option(metavar="DIR", help="The project's root folder; else the git repository's."),
]
LimitsFile = Annotated[
    Optional[Path],
    typer.Option(
        "--limits", metavar="FILE", help="A limits file, in place of .test-resource-limits.json."
    ),
]
SettingsFile = Annotated[
    Optional[Path],
    typer.Option(
        "--settings", metavar="FILE", help="A settings file, in place of configguard.toml."
    ),
]
Cpus = Annotated[
    Optional[int],
    typer.Option(
        min=1, max=4096, metavar="N", help="Judge for a machine of so many CPUs; else for 8."
    ),
]
RulePath = Annotated[
    Optional[list[Path]], typer.Option(metavar="DIR", help="A folder of rules of your own.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Findings and problems only.")]
ShowQuiet = Annotated[bool, typer.Option("--quiet", "-q", help="Suites and problems, no notes.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Notices in full.")]
ShowVerbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Nothing more here: show leaves nothing out.")
]
Color = Annotated[
    str, typer.Option("--color", metavar="WHEN", help="Colours: auto, always or never.")
]
NoGitignore = Annotated[bool, typer.Option("--no-gitignore", help="Look also at what git ignores.")]
Format = Annotated[
    str,
    typer.Option(
        "--output-format",
        metavar="FORMAT",
        help="text, concise, json, sarif, github, gitlab, junit or markdown.",
    ),
]


class Command(TyperCommand):
    """A command whose help names arguments without the types of Python."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for parameter in self.params:
            if isinstance(parameter, TyperArgument):
                parameter.__dict__["display_type_rich"] = lambda ctx: None


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"configguard {__version__}")
        raise typer.Exit


@app.callback()
def configguard(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Works out what test-runner configs really do, without running them."""
    del version


@app.command(cls=Command)
def check(
    paths: Paths = None,
    fix: Annotated[bool, typer.Option("--fix", help="Write the safe fixes.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: the unsafe ones too.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would do.")] = False,
    output_format: Format = "text",
    select: Annotated[
        Optional[list[str]], typer.Option(metavar="RULES", help="Only these rules, by commas.")
    ] = None,
    ignore: Annotated[
        Optional[list[str]], typer.Option(metavar="RULES", help="Not these rules, by commas.")
    ] = None,
    extend_select: Annotated[
        Optional[list[str]],
        typer.Option(metavar="RULES", help="These rules too, whatever the settings say."),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="SEVERITY",
            help="error, warning or info: the least that makes the exit code 1.",
        ),
    ] = "error",
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Findings exit 0.")] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Counts of each rule in place of findings.")
    ] = False,
    output_file: Annotated[
        Optional[Path], typer.Option(metavar="FILE", help="Write the report there.")
    ] = None,
    baseline: Annotated[
        Optional[Path],
        typer.Option(
            metavar="FILE", help="A file of known findings: only new and worse ones are told."
        ),
    ] = None,
    write_baseline: Annotated[
        Optional[Path],
        typer.Option(metavar="FILE", help="Write all findings there, to be known."),
    ] = None,
    rule_path: RulePath = None,
    stdin_filename: Annotated[
        Optional[str],
        typer.Option(metavar="FILE", help="With the path -: the file that standard input is."),
    ] = None,
    show_suppressed: Annotated[
        bool, typer.Option("--show-suppressed", help="List also what is hidden, and by what.")
    ] = False,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Skip named files that are no configs.")
    ] = False,
    no_gitignore: NoGitignore = False,
    limits: LimitsFile = None,
    settings: SettingsFile = None,
    cpus: Cpus = None,
    root: Root = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = "auto",
) -> None:
    """Check configs against the limits.

    Exit codes: 0 nothing at or above --fail-on; 1 findings (with --fix: those that remain; with
    --diff: also where there would be changes); 2 wrong usage, or input that could not be read.
    """
    from configguard.cli.check import run_check
    from configguard.cli.requests import CheckRequest, Request

    common = Request(
        tuple(paths or ["."]),
        root,
        limits,
        cpus,
        quiet,
        verbose,
        color,
        skip_unknown=skip_unknown,
        gitignore=not no_gitignore,
        settings=settings,
    )
    request = CheckRequest(
        fix=fix,
        unsafe=unsafe_fixes,
        diff=diff,
        output_format=output_format,
        select=_names(select),
        ignore=_names(ignore),
        fail_on=fail_on,
        exit_zero=exit_zero,
        show_suppressed=show_suppressed,
        statistics=statistics,
        baseline=baseline,
        write_baseline=write_baseline,
        output_file=output_file,
        stdin_filename=stdin_filename,
        extend_select=_names(extend_select) or (),
        rule_paths=tuple(rule_path or ()),
    )
    raise typer.Exit(run_check(common, request))


@app.command(cls=Command)
def show(
    paths: Paths = None,
    output_format: Annotated[
        str, typer.Option("--output-format", metavar="FORMAT", help="text or json.")
    ] = "text",
    no_gitignore: NoGitignore = False,
    limits: LimitsFile = None,
    settings: SettingsFile = None,
    cpus: Cpus = None,
    root: Root = None,
    quiet: ShowQuiet = False,
    verbose: ShowVerbose = False,
    color: Color = "auto",
) -> None:
    """Print the effective settings of each suite, and where each value comes from.

    Exit codes: 0; 2 wrong usage, or input that could not be read.
    """
    from configguard.cli.requests import Request
    from configguard.cli.show import run_show

    common = Request(
        tuple(paths or ["."]),
        root,
        limits,
        cpus,
        quiet,
        verbose,
        color,
        gitignore=not no_gitignore,
        settings=settings,
    )
    raise typer.Exit(run_show(common, output_format))


@app.command(cls=Command)
def rules(
    names: Annotated[
        Optional[list[str]], typer.Argument(metavar="RULE", help="Only these rules.")
    ] = None,
    test: Annotated[
        bool,
        typer.Option(
            "--test", help="Run the Bad, Good and fixed examples of your own rules (or of RULE)."
        ),
    ] = False,
    output_format: Annotated[
        str, typer.Option("--output-format", metavar="FORMAT", help="text or json.")
    ] = "text",
    rule_path: RulePath = None,
    root: Root = None,
) -> None:
    """List the rules, your own (rule-paths in the settings) among them.

    Exit codes: 0; with --test 1 where an example does not hold; 2 a wrong option or rule file.
    """
    from configguard.cli.rules import run_rules

    raise typer.Exit(run_rules(names or (), output_format, rule_path or (), root, test=test))


@app.command(cls=Command)
def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's id.")],
    rule_path: RulePath = None,
    root: Root = None,
) -> None:
    """Print one rule's page."""
    from configguard.cli.rules import run_explain

    raise typer.Exit(run_explain(rule, rule_path or (), root))


@app.command(cls=Command)
def init(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without a question.")] = False,
    only: Annotated[
        Optional[list[str]],
        typer.Option(metavar="PARTS", help="Of limits, scripts, pre-commit, ci: only these."),
    ] = None,
    source: Annotated[
        Optional[str],
        typer.Option(
            metavar="REPO", help="The git repository that hooks and CI take configguard of."
        ),
    ] = None,
    rev: Annotated[
        Optional[str],
        typer.Option(metavar="REV", help="A tag or commit of it; else the tag of this version."),
    ] = None,
    settings: SettingsFile = None,
    root: Root = None,
) -> None:
    """Propose a limits file, guarded scripts, a pre-commit hook and a CI step; then write them."""
    from configguard.cli.init import InitRequest, run_init
    from configguard.cli.requests import Request

    wanted = InitRequest(yes, _names(only), source, rev)
    raise typer.Exit(run_init(Request(root=root, settings=settings), wanted))


@app.command("new-rule", cls=Command)
def new_rule(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="The id: lower case words with hyphens.")
    ],
    rule_path: Annotated[
        Optional[Path],
        typer.Option(metavar="DIR", help="The folder of rules that it goes into."),
    ] = None,
    root: Root = None,
) -> None:
    """Make the folder of a new rule."""
    from configguard.cli.rules import run_new_rule

    raise typer.Exit(run_new_rule(rule, rule_path, root))


@app.command()
def run(
    command: Annotated[list[str], typer.Argument(help="[OPTIONS] -- what to run.")],
) -> None:
    """Run a command under limits, and leave nothing of it behind."""
    # `cli/run_request` reads it, and has its help: what stands behind -- must arrive untouched.
    raise AssertionError(command)


runs = typer.Typer(help="List and show recorded runs.", no_args_is_help=True)
app.add_typer(runs, name="runs")


@runs.command("list")
def runs_list(
    output_format: Annotated[str, typer.Option("--output-format", help="text or json.")] = "text",
    root: Root = None,
) -> None:
    """List the recorded runs, the newest first."""
    from configguard.cli.runs import run_runs_list

    raise typer.Exit(run_runs_list(root, output_format))


@runs.command("show")
def runs_show(
    run: Annotated[str, typer.Argument(help="An id, how it begins, or `last`.")],
    output_format: Annotated[str, typer.Option("--output-format", help="text or json.")] = "text",
    root: Root = None,
) -> None:
    """Show one recorded run."""
    from configguard.cli.runs import run_runs_show

    raise typer.Exit(run_runs_show(run, root, output_format))


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list them.")] = False,
) -> None:
    """End what earlier guarded runs left behind: of this user, and of runs that are gone."""
    from configguard.cli.runs import run_sweep

    raise typer.Exit(run_sweep(dry_run=dry_run))


def _names(given: Optional[list[str]]) -> Optional[tuple[str, ...]]:
    """`--select a,b --select c` as names; None where the option was not given."""
    if given is None:
        return None
    return tuple(name.strip() for part in given for name in part.split(",") if name.strip())
