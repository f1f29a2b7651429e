"""Scripts of package.json to the runners they start, with what reaches them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from configguard.project.invocations import Followed, Invocation, invocations, invocations_of
from configguard.resources import data_folder, table
from configguard.source.text_map import TextMap
from configguard.source.workspace import Workspace
from configguard.syntax.commands import commands_of
from unit.test_commands import shown

EMPTY = Path(__file__).parent / "no-such-folder"


def followed(scripts: dict[str, str], **files: str) -> Followed:
    manifest = json.dumps({"name": "root", "scripts": scripts})
    overlay = {"package.json": manifest, **files}
    workspace = Workspace(EMPTY, {file: text.encode() for file, text in overlay.items()})
    return invocations(workspace, [""])


def line(one: Invocation) -> str:
    """An invocation on one line, without its id."""
    mark = {"always": "", "after-success": "&&", "maybe": "?"}[one.reached]
    marks = mark + "&" * one.beside + "G" * one.guarded + "!" * bool(one.doubts)
    folder = "[??]" if one.folder.path is None else f"[{one.folder.path}]" * bool(one.folder.path)
    env = [f"{found.name}={shown(found.value)}" for found in one.assignments]
    argv = "|".join([one.runner, *map(shown, one.argv)])
    return " ".join(part for part in (marks, folder, *env, argv) if part)


def told(script: str, **scripts: str) -> list[str]:
    """What the script `e2e` starts."""
    found = followed({"e2e": script, **scripts}).invocations
    return [line(one) for one in found if one.name == "e2e"]


CASES: list[tuple[str, list[str]]] = [
    ("vitest run --retry=2", ["vitest|run|--retry=2"]),
    ("vitest", ["vitest"]),
    ("vitest list", []),
    ("playwright test -j4 && playwright show-report", ["playwright|test|-j4"]),
    ("playwright install", []),
    ("jest -i", ["jest|-i"]),
    ("./node_modules/.bin/jest -i", ["jest|-i"]),
    ("../../node_modules/.bin/vitest run", ["vitest|run"]),
    ("./bin/vitest run", []),
    ("$RUNNER run", []),
    ("echo vitest", []),
    ("node node_modules/vitest/vitest.mjs run", ["vitest|run"]),
    ("node --experimental-vm-modules node_modules/jest/bin/jest.js -i", ["jest|-i"]),
    ("node --max-old-space-size=4096 --inspect-brk ../node_modules/.bin/jest", ["jest"]),
    ("NODE_OPTIONS='--a --b' jest", ["NODE_OPTIONS=--a --b jest"]),
    ("node scripts/jest.js", []),
    # variables
    ("A=1 vitest run", ["A=1 vitest|run"]),
    ("cross-env A=1 B='x y' vitest run", ["A=1 B=x y vitest|run"]),
    ("cross-env A=\\\"1\\\" vitest run".replace("\\\\", "\\"), ["A=1 vitest|run"]),
    ("cross-env A=$B vitest run -t \"it's\"", ["A=?? vitest|run|-t|?"]),
    ("cross-env-shell A=1 \"vitest run && jest\"", ["A=1 vitest|run", "&& A=1 jest"]),
    ("env -u B A=1 vitest run", ["B=- A=1 vitest|run"]),
    ("A=1 env -i B=2 vitest run", ["A=? B=2 vitest|run"]),
    ("A=1 sudo -E vitest run", ["A=1 vitest|run"]),
    ("A=1 sudo vitest run", ["A=? vitest|run"]),
    ("dotenv -e .env.test -- vitest run --retry=2", ["! vitest|run|--retry=2"]),
    ("dotenv -e .env.test vitest run --retry 2 x", ["! vitest|run|x"]),
    ("dotenv -v A=1 -- vitest", ["! A=1 vitest"]),
    ("dotenvx run -f .env -- vitest run", ["! vitest|run"]),
    ("env-cmd -f .env vitest run --silent", ["! vitest|run|--silent"]),
    # what wraps a command
    ("timeout -k 5 60 vitest run", ["vitest|run"]),
    ("nice -n 10 time -p vitest run", ["vitest|run"]),
    ("xvfb-run -a --server-args='-screen 0' playwright test", ["playwright|test"]),
    ("c8 --reporter=lcov vitest run", ["vitest|run"]),
    ("c8 --new-option x vitest run", []),
    ("percy exec -- playwright test", ["! playwright|test"]),
    ("bash -c 'cd e2e && vitest run'", ["&& [e2e] vitest|run"]),
    ("configguard run -- vitest run", ["G vitest|run"]),
    ("configguard run --wait 10m -- npm run unit", ["G vitest|u"]),
    ("parallel -j 1 --retries 3 vitest run", []),
    ("find . | xargs vitest run", []),
    ("cd e2e && vitest run", ["&& [e2e] vitest|run"]),
    ("cd ../.. && vitest run", ["&& [??] vitest|run"]),
    ("cd \"$DIR\" && vitest run", ["&& [??] vitest|run"]),
    # npx and its like
    ("npx vitest run --retry=2 -- x", ["vitest|run|--retry=2|--|x"]),
    ("npx --yes vitest@3 run", ["vitest|run"]),
    ("npx -c 'vitest run --a'", ["vitest|run|--a"]),
    ("npx playwright test", ["playwright|test"]),
    ("npx @playwright/test test", ["playwright|test"]),
    ("npx --unheard-of x vitest", []),
    ("npm exec vitest --a b", ["vitest|b"]),
    ("npm exec -- vitest --a b", ["vitest|--a|b"]),
    ("npm x vitest -- --a", ["vitest|--a"]),
    ("pnpm exec vitest --a", ["vitest|--a"]),
    ("pnpm dlx vitest@2 run", ["vitest|run"]),
    ("yarn dlx vitest run", ["vitest|run"]),
    ("bunx vitest run", ["vitest|run"]),
    ("bunx --bun vitest -- --q", ["vitest|--q"]),
    # scripts
    ("npm run unit -- --retry=2 'a b'", ["vitest|u|--retry=2|a b"]),
    ("npm run unit --retry=2 b", ["vitest|u|b"]),
    ("npm run unit --workers 1", ["vitest|u|1"]),
    ("npm run unit --loglevel silent", ["vitest|u"]),
    ("npm run unit --works 1", ["vitest|u|1"]),
    ("npm run unit --logl silent", []),
    ("npm -s run-script unit", ["vitest|u"]),
    ("npm test", ["vitest|t"]),
    ("npm t -- -i", ["vitest|t|-i"]),
    ("npm run nothing", []),
    ("npm run $X", []),
    ("npm run unit -- $FLAGS", ["vitest|u|??"]),
    ("A=1 npm run env", ["A=1 B=2 vitest|e"]),
    ("npm run with-env vitest run", ["A=1 vitest|run"]),
    ("npm run long -- --x", ["vitest|a", "&& vitest|b|--x"]),
    ("npm run comment -- --x", ["vitest|c"]),
    ("pnpm unit --a", ["vitest|u|--a"]),
    ("pnpm run unit -- --a", ["vitest|u|--|--a"]),
    ("pnpm test -- --a", ["vitest|t|??|--a"]),
    ("pnpm vitest run", ["vitest|run"]),
    ("yarn unit --a", ["vitest|u|--a"]),
    ("yarn unit -- --a", ["vitest|u|??"]),
    ("yarn run unit", ["vitest|u"]),
    ("yarn vitest run", ["vitest|run"]),
    ("yarn", []),
    ("bun run unit -- --a", ["vitest|u|--a"]),
    ("bun run vitest run", ["vitest|run"]),
    ("bun test", []),
    ("npm run hooked", ["vitest|before", "&& vitest|h", "&& vitest|after"]),
    ("pnpm hooked", ["? vitest|before", "vitest|h", "? vitest|after"]),
    # several
    ("run-s all:*", ["vitest|1", "vitest|2"]),
    ("npm-run-all unit test", ["vitest|u", "&& vitest|t"]),
    ("run-p unit test", ["& vitest|u", "& vitest|t"]),
    ("run-s 'all:*'", ["vitest|1", "vitest|2"]),
    ("run-s 'unit -- --a'", ["vitest|u|--a"]),
    ("concurrently \"vitest run\" 'npm:test' -n a,b", ["& vitest|run", "& vitest|t"]),
    ("concurrently npm:all:*", ["& vitest|1", "& vitest|2", "& vitest|3"]),
    ("start-server-and-test 'node s.js' http://localhost:1 unit", ["vitest|u"]),
    ("start-server-and-test :3000 'vitest run --a'", ["vitest|run|--a"]),
    ("npm run e2e", []),
    ("npm run one & npm run two", ["& vitest|1", "vitest|2"]),
]  # fmt: skip
SCRIPTS = {
    "unit": "vitest u", "test": "vitest t", "env": "B=2 vitest e", "long": "vitest a && vitest b",
    "comment": "vitest c # done", "hooked": "vitest h", "prehooked": "vitest before",
    "posthooked": "vitest after", "all:one": "vitest 1", "all:two": "vitest 2",
    "all:one:deep": "vitest 3", "with-env": "cross-env A=1", "one": "vitest 1", "two": "vitest 2",
}  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), CASES, ids=[script for script, _ in CASES])
def test_what_a_script_starts(script: str, expected: list[str]) -> None:
    assert told(script, **SCRIPTS) == expected


MANAGERS: list[tuple[str, str, list[str]]] = [
    ("pnpm@8.15.9", "pnpm hooked", ["vitest|h"]),
    ("pnpm@9.0.0", "pnpm hooked", ["vitest|before", "&& vitest|h", "&& vitest|after"]),
    ("pnpm@9.0.0", "pnpm test -- -a", ["vitest|t|-a"]),
    ("pnpm@10.1.0", "pnpm test -- -a", ["vitest|t|--|-a"]),
    ("yarn@1.22.22", "yarn unit -- -a", ["vitest|u|-a"]),
    ("yarn@1.22.22", "yarn unit b -- -a", ["vitest|u|b|-a"]),
    ("yarn@1.22.22", "yarn unit -b -- -a", ["vitest|u|??"]),
    ("yarn@1.22.22", "yarn hooked", ["vitest|before", "&& vitest|h", "&& vitest|after"]),
    ("yarn@4.9.0", "yarn unit -- -a", ["vitest|u|--|-a"]),
    ("yarn@4.9.0", "yarn hooked", ["vitest|h"]),
]


@pytest.mark.parametrize(("manager", "script", "expected"), MANAGERS)
def test_what_differs_between_versions(manager: str, script: str, expected: list[str]) -> None:
    manifest = {"packageManager": manager, "scripts": {"e2e": script, **SCRIPTS}}
    workspace = Workspace(EMPTY, {"package.json": json.dumps(manifest).encode()})
    found = invocations(workspace, [""]).invocations
    assert [line(one) for one in found if one.name == "e2e"] == expected


def project(root: Path, **files: Any) -> Workspace:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return Workspace(root)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("npm run unit -w web -- --a", ["[packages/web] vitest|web|--a"]),
        ("npm test --workspaces", ["[packages/api] jest|api", "[packages/web] vitest|web t"]),
        ("npm --prefix packages/web run unit", ["[packages/web] vitest|web"]),
        ("cd packages/web && npm run unit", ["&& [packages/web] vitest|web"]),
        ("pnpm --filter web unit --a", ["[packages/web] vitest|web|--a"]),
        ("pnpm -F './packages/*' test", ["[packages/api] jest|api", "[packages/web] vitest|web t"]),
        ("pnpm -r test", ["[packages/api] jest|api", "[packages/web] vitest|web t"]),
        ("pnpm --filter web... test", []),
        ("pnpm -C packages/web exec vitest run", ["[packages/web] vitest|run"]),
        ("yarn workspace web unit --a", ["[packages/web] vitest|web|--a"]),
        ("yarn workspace web run vitest run", ["[packages/web] vitest|run"]),
        ("yarn workspaces foreach -A run unit", ["[packages/web] vitest|web"]),
        ("yarn --cwd packages/web unit", ["[packages/web] vitest|web"]),
        ("turbo run unit -- --a", ["[packages/web] vitest|web|--a"]),
        ("A=1 turbo test --filter=web", ["[packages/web] A=? vitest|web t"]),
        ("turbo run unit --dry=json", []),
        ("nx unit web", ["! [packages/web] vitest|web"]),
        ("nx run web:unit", ["! [packages/web] vitest|web"]),
        ("nx run-many -t unit", ["! [packages/web] vitest|web"]),
        ("nx e2e shop", ["! [apps/shop] playwright|test"]),
        ("nx many shop", ["&! jest|a", "&! jest|b"]),
        ("nx own shop", []),
        ("nx set shop", []),
        ("nx unit web --watch", []),
        ("lerna run unit --scope web", ["[packages/web] vitest|web"]),
        ("./run.sh", ["&& [packages] vitest|run|??"]),
        ("wireit", ["vitest|first", "vitest|w"]),
    ],
)
def test_what_a_script_starts_in_a_monorepo(
    tmp_path: Path, script: str, expected: list[str]
) -> None:
    root = {
        "name": "root",
        "workspaces": ["packages/*"],
        "scripts": {"e2e": script, "first": "vitest first"},
        "wireit": {"e2e": {"command": "vitest w", "dependencies": ["first"]}},
    }
    web = {"name": "web", "scripts": {"unit": "vitest web", "test": "vitest 'web t'"}}
    api = {"name": "@org/api", "scripts": {"test": "jest api"}}
    run = "nx:run-commands"
    targets = {
        "e2e": {"executor": run, "options": {"command": "playwright test", "cwd": "apps/shop"}},
        "many": {"executor": run, "options": {"commands": ["jest a", {"command": "jest b"}]}},
        "own": {"executor": "@nx/vite:test"},
        "set": {"executor": run, "options": {"command": "jest c", "env": {"A": "1"}}},
    }
    shop = {"name": "shop", "targets": targets}
    workspace = project(
        tmp_path,
        **{
            "package.json": root,
            "packages/web/package.json": web,
            "packages/api/package.json": api,
            "apps/shop/project.json": shop,
            "run.sh": "#!/bin/sh -e\ncd packages\nvitest run \"$@\"\n",
        },
    )  # fmt: skip
    found = invocations(workspace, [""]).invocations
    assert [line(one) for one in found if one.name == "e2e"] == expected


def test_every_word_has_its_place_and_the_way_to_it() -> None:
    scripts = {"e2e": "npm run unit -- --retry=2", "unit": 'cross-env A="1" vitest run'}
    data = json.dumps({"scripts": scripts}).encode()
    workspace = Workspace(EMPTY, {"package.json": data})
    [first, _] = invocations(workspace, [""]).invocations

    def text(span: Any) -> str:
        return data[span.start : span.end].decode()

    assert first.id == "script:.:e2e"
    assert [text(word.span) for word in first.argv] == ["run", "--retry=2"]
    assert [text(span) for span in first.chain] == [
        'cross-env A=\\"1\\" vitest run',
        "npm run unit -- --retry=2",
    ]
    assert text(first.assignments[0].origin[0]) == 'A=\\"1\\"'


@pytest.mark.parametrize(
    ("script", "subcommand"),
    [
        ("vitest", None),
        ("vitest --config ./a/b.ts run x", "run"),
        ("vitest watch", "watch"),
        ("jest --watch", None),
        ("playwright test -c e2e", "test"),
    ],
)
def test_the_subcommand_is_the_first_word(script: str, subcommand: str | None) -> None:
    [one] = followed({"a": script}).invocations
    assert one.subcommand == subcommand


def test_a_second_start_in_one_script_has_a_number() -> None:
    found = followed({"a": "vitest run x && jest"}).invocations
    assert [one.id for one in found] == ["script:.:a", "script:.:a#2"]


@pytest.mark.parametrize(
    ("script", "starts"),
    [
        ("vitest -v", 0), ("vitest run --help", 0), ("vitest run --version", 1), ("jest -h", 0),
        ("jest --version", 0), ("playwright test --version", 0), ("playwright test -V x", 0),
    ],
)  # fmt: skip
def test_help_and_version_start_no_test(script: str, starts: int) -> None:
    """Measured on vitest 3.2.7, jest 29.7.0, Playwright 1.30.0 to 1.65.1."""
    assert len(told(script)) == starts


def test_what_is_not_followed_is_told_with_its_reason() -> None:
    found = followed({"a": "c8 --new-option x vitest run"})
    assert found.invocations == ()
    [left] = found.left
    assert "--new-option" in left.reason


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ('bash -c "vitest run $FLAGS"', "FLAGS"),
        ("$(npm bin)/jest", "another command prints"),
        ("ls | xargs vitest related", "known only when it runs"),
        ("docker run image npx playwright test", "what docker starts"),
        ("npx some-tool vitest run", "what some-tool starts"),
        ("tsx scripts/start.ts jest", "what scripts/start.ts starts"),
        ("turbo run test --newest-option", "--newest-option"),
        ("make e2e", "the makefile"),
        ("node_modules\\.bin\\vitest run", "on Windows alone"),
        (".\\node_modules\\.bin\\jest.cmd", "on Windows alone"),
        ("bash -e <<EOF\nnpx vitest run\nEOF", "reads from its input"),
        ("sh <<< 'npx vitest run'", "reads from its input"),
    ],
)
def test_what_may_run_tests_and_is_not_followed_is_told(script: str, why: str) -> None:
    files = {
        "package.json": json.dumps({"scripts": {"a": script}}).encode(),
        "Makefile": b"e2e:\n\tnpx vitest run\n",
    }
    found = invocations(Workspace(EMPTY, files), [""])
    assert found.invocations == ()
    [left] = found.left
    assert why in left.reason


@pytest.mark.parametrize(
    "script",
    [
        "echo vitest", "rm -rf jest", "npm install vitest", "turbo run build --newest-option",
        "pnpm add -g npm@latest", "turbo run test --color",
        "bash <<EOF\nls\nEOF", "cat > x <<EOF\nnpx vitest run\nEOF", 'bash -c "$BUILD"', "eslint jest playwright", "xargs rm", "make all", "docker build .",
    ],
)  # fmt: skip
def test_what_runs_no_tests_is_not_told(script: str) -> None:
    files = {"package.json": json.dumps({"scripts": {"a": script}}).encode(), "Makefile": b"all:\n"}
    assert invocations(Workspace(EMPTY, files), [""]).left == ()


def test_node_runs_a_script_without_those_around_it() -> None:
    scripts = {"a": "node --run b -- --retry=2", "b": "vitest run", "preb": "jest"}
    found = followed(scripts).invocations
    assert [line(one) for one in found if one.name == "a"] == ["vitest|run|--retry=2"]


def test_a_broken_script_is_told_and_the_others_are_followed() -> None:
    found = followed({"a": "vitest 'run", "b": "vitest run", "c": "echo 'x"})
    assert [one.name for one in found.invocations] == ["b"]
    [problem] = found.problems
    assert problem.message.startswith("package.json, line 1: this script cannot be read")
    assert problem.at


def test_a_broken_manifest_is_told_and_the_others_are_followed() -> None:
    files = {"package.json": b'{"scripts": {"a": "vitest run",}}', "w/package.json": b'{"scripts": {"a": "jest"}}'}  # fmt: skip
    found = invocations(Workspace(EMPTY, files), ["", "w"])
    assert [line(one) for one in found.invocations] == ["[w] jest"]
    assert [problem.file for problem in found.problems] == ["package.json"]


def test_a_command_of_a_workflow() -> None:
    manifest = json.dumps({"scripts": {"e2e": "vitest run"}}).encode()
    workspace = Workspace(EMPTY, {"package.json": manifest})
    text = b"CI=1 npm run e2e -- --retry=3"
    [command] = commands_of(text, TextMap.straight("ci.yml", 40, len(text))).commands
    [found] = invocations_of(
        workspace, command, "", identifier="ci:ci.yml/a/0", name="a"
    ).invocations
    assert line(found) == "CI=1 vitest|run|--retry=3"
    assert (found.kind, found.id, found.argv[1].span.file) == ("ci", "ci:ci.yml/a/0", "ci.yml")


def test_scripts_that_call_each_other_end() -> None:
    scripts = {f"s{index}": f"npm run s{index + 1} && " * 8 + "x" for index in range(12)}
    scripts["s12"] = "vitest run"
    found = followed(scripts)
    assert len(found.invocations) < 5_000
    assert any("too many" in left.reason for left in found.left)


def test_the_table_has_the_shape_of_its_schema() -> None:
    schema = json.loads((data_folder("schema") / "commands.schema.json").read_bytes())
    wrong = Draft202012Validator(schema).iter_errors(table("project/commands"))
    assert [f"{error.json_path}: {error.message}" for error in wrong] == []


PIECES = st.sampled_from(
    ["npm", "run", "npx", "pnpm", "yarn", "a", "b", "vitest", "jest", "playwright", "test", "cross-env",
     "A=1", "--", "-w", "--filter", "--x=y", "-r", "&&", "|", ";", "concurrently", "'npm:*'", "run-s",
     "run-p", "env", "timeout", "bash -c 'npm run b'", "dotenv", "-e", "wireit", "turbo", "$X", "*", "exec",
     "start-server-and-test", "sh", "workspaces", "foreach", "node", "(", ")", "'", "cd x", "-c"]
)  # fmt: skip
COMMAND = st.lists(PIECES, max_size=8).map(" ".join)


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(COMMAND, COMMAND)
def test_nothing_raises_and_places_lie_inside(first: str, second: str) -> None:
    data = json.dumps({"scripts": {"a": first, "b": second}}).encode()
    found = invocations(Workspace(EMPTY, {"package.json": data}), [""])
    for one in found.invocations:
        spans = [*one.chain, *(span for word in one.argv for span in word.origin)]
        spans += [span for known in one.assignments for span in known.origin]
        assert all(0 <= span.start <= span.end <= len(data) for span in spans)
        assert one.chain


ODD: Any = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.just([]), st.just({}),
    st.just([1, "a", {}]), st.just({"a": 1}), st.just({"a": {"command": 1}}), st.just({"a": []}),
)  # fmt: skip


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(ODD, ODD, ODD, ODD, ODD)
def test_odd_manifests_are_read(name: Any, spaces: Any, wireit: Any, manager: Any, nx: Any) -> None:
    scripts = {"a": "wireit", "b": "pnpm -r b && turbo run b && nx b a", "c": "vitest run"}
    manifest = {"name": name, "workspaces": spaces, "packageManager": manager, "scripts": scripts}
    depends = {"a": {"command": "jest", "dependencies": wireit}}
    files = {
        "package.json": {**manifest, "wireit": depends if wireit else wireit},
        "nx.json": {"targetDefaults": nx},
        "apps/a/project.json": {"name": name, "targets": {"b": {"command": nx, "options": spaces}}},
        "odd/package.json": {"scripts": nx, "wireit": spaces},
    }
    overlay = {file: json.dumps(content).encode() for file, content in files.items()}
    found = invocations(Workspace(EMPTY, overlay), ["", "odd"]).invocations
    assert [line(one) for one in found if one.name == "c"] == ["vitest|run"]
