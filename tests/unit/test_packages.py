"""The runner's version from node_modules, every kind of lock file, and package.json."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path

import pytest

from configguard.project.packages import RunnerVersion, runner_version
from configguard.project.problems import PathProblem
from configguard.source.workspace import Workspace


def write(root: Path, file: str, text: str | dict[str, object]) -> None:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = json.dumps(text, indent=2) if isinstance(text, dict) else textwrap.dedent(text)
    path.write_bytes(plain.encode())


def version(root: Path, folder: str = "") -> RunnerVersion:
    found, problems = runner_version(Workspace(root), folder)
    assert problems == []
    return found


def quoted(root: Path, found: RunnerVersion) -> str:
    """The text that the version was read from."""
    [span] = found.at
    return (root / span.file).read_bytes()[span.start : span.end].decode()


def installed(root: Path, folder: str, text: str) -> None:
    write(root, f"{folder}node_modules/vitest/package.json", {"name": "vitest", "version": text})


def wants(text: str, section: str = "devDependencies") -> dict[str, object]:
    return {"name": "demo", "version": "1.0.0", section: {"vitest": text}}


def test_nothing_is_known_of_an_empty_folder(tmp_path: Path) -> None:
    assert version(tmp_path) == RunnerVersion("none", None, None, None, ())


def test_what_is_installed_nearest_wins(tmp_path: Path) -> None:
    installed(tmp_path, "", "1.6.1")
    installed(tmp_path, "packages/new/", "5.0.0-beta.3")
    write(tmp_path, "package-lock.json", {"packages": {}})
    write(tmp_path, "packages/new/package.json", wants("^4.0.0"))
    found = version(tmp_path, "packages/new/tests/e2e")
    assert (found.source, found.version) == ("installed", "5.0.0-beta.3")
    assert found.file == "packages/new/node_modules/vitest/package.json"
    assert quoted(tmp_path, found) == '"5.0.0-beta.3"'
    assert version(tmp_path, "packages/old").version == "1.6.1"


@pytest.mark.skipif(os.name == "nt", reason="symlinks need rights on Windows")
def test_the_layout_of_pnpm_is_followed_inside_the_root_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    store = "node_modules/.pnpm/vitest@3.2.7"
    write(root, f"{store}/node_modules/vitest/package.json", {"name": "vitest", "version": "3.2.7"})
    (root / "node_modules/vitest").symlink_to(".pnpm/vitest@3.2.7/node_modules/vitest")
    assert version(root).version == "3.2.7"
    write(tmp_path, "outside/package.json", {"name": "vitest", "version": "9.9.9"})
    (root / "pkg/node_modules").mkdir(parents=True)
    (root / "pkg/node_modules/vitest").symlink_to(tmp_path / "outside")
    write(root, "pkg/package.json", wants("^9.0.0"))
    found = version(root, "pkg")
    # Node loads the one outside: the one above, which it would not load, says nothing.
    assert found[:3] == ("manifest", None, "^9.0.0")
    [note] = found.notes
    assert note.message == "pkg/node_modules/vitest leads out of the root and is not followed"


def test_another_package_under_the_name_tells_no_version(tmp_path: Path) -> None:
    other = {"name": "@acme/vitest-fork", "version": "0.1.2"}
    write(tmp_path, "node_modules/vitest/package.json", other)
    found, [problem] = runner_version(Workspace(tmp_path), "")
    assert found.source == "none"
    assert problem.severity == "warning"
    assert "'@acme/vitest-fork'" in problem.message


NPM_3: dict[str, object] = {
    "lockfileVersion": 3,
    "packages": {
        "": {"workspaces": ["packages/*"], "devDependencies": {"vitest": "^3.2.0"}},
        "node_modules/vitest": {"version": "3.2.7", "dev": True},
        "node_modules/vitest/node_modules/vite": {"version": "7.0.0"},
        "packages/foo": {"devDependencies": {"vitest": "^1.6.0"}},
        "packages/foo/node_modules/vitest": {"version": "1.6.1", "dev": True},
        "node_modules/bar": {"resolved": "packages/bar", "link": True},
    },
}


@pytest.mark.parametrize("name", ["package-lock.json", "npm-shrinkwrap.json"])
@pytest.mark.parametrize("lock_version", [2, 3])
def test_npm_lists_paths(tmp_path: Path, name: str, lock_version: int) -> None:
    old = {"vitest": {"version": "0.0.1"}}  # version 2 repeats the list of version 1
    write(tmp_path, name, {**NPM_3, "lockfileVersion": lock_version, "dependencies": old})
    found = version(tmp_path, "tests/e2e")
    assert (found.source, found.version, found.file) == ("lockfile", "3.2.7", name)
    assert quoted(tmp_path, found) == '"3.2.7"'
    assert version(tmp_path, "packages/bar").version == "3.2.7"
    nested = version(tmp_path, "packages/foo/src")
    assert nested.version == "1.6.1"
    assert quoted(tmp_path, nested) == '"1.6.1"'


def test_npm_version_1_lists_names(tmp_path: Path) -> None:
    nested = {"version": "1.0.0", "dependencies": {"vitest": {"version": "0.1.0"}}}
    listed = {"other": nested, "vitest": {"version": "0.34.6", "dev": True}}
    write(tmp_path, "package-lock.json", {"lockfileVersion": 1, "dependencies": listed})
    assert version(tmp_path).version == "0.34.6"


def test_npm_aliases_and_links(tmp_path: Path) -> None:
    alias = {"name": "@acme/vitest-fork", "version": "0.1.2"}
    packages: dict[str, object] = {
        "node_modules/vitest": {"resolved": "packages/vitest", "link": True},
        "packages/vitest": {"version": "4.1.0"},
        "packages/foo/node_modules/vitest": alias,
    }
    write(tmp_path, "package-lock.json", {"packages": packages})
    write(tmp_path, "packages/vitest/package.json", {"name": "vitest", "version": "4.1.0"})
    found = version(tmp_path)
    assert found[:2] == ("lockfile", "4.1.0")
    assert (found.file, quoted(tmp_path, found)) == ("packages/vitest/package.json", '"4.1.0"')
    # The alias is what Node loads there, whatever lies above.
    found, [problem] = runner_version(Workspace(tmp_path), "packages/foo")
    assert found.source == "none"
    assert "@acme/vitest-fork 0.1.2" in problem.message


def test_npm_shrinkwrap_beats_package_lock(tmp_path: Path) -> None:
    for name, text in (("package-lock.json", "1.0.0"), ("npm-shrinkwrap.json", "2.0.0")):
        write(tmp_path, name, {"packages": {"node_modules/vitest": {"version": text}}})
    assert version(tmp_path).version == "2.0.0"


PNPM_9 = """\
    lockfileVersion: '9.0'

    settings:
      autoInstallPeers: true

    catalogs:
      default:
        vitest:
          specifier: ^9.0.0
          version: 9.9.9

    importers:

      .:
        devDependencies:
          typescript:
            specifier: ~5.8.0
            version: 5.8.3
          vitest:
            specifier: 3.2.7
            version: 3.2.7(@types/node@20.1.0)(jsdom@26.0.0)

      packages/foo:
        dependencies:
          vite:
            specifier: ^5.0.0
            version: 5.4.19

      'packages/@it''s/new':
        devDependencies:
          vitest:
            specifier: 'catalog:'
            version: 4.1.12

      packages/linked:
        devDependencies:
          vitest:
            specifier: workspace:*
            version: link:../vitest

    packages:

      vitest@3.2.7:
        resolution: {integrity: sha512-x}
"""
PNPM_6 = """\
    lockfileVersion: '6.0'

    devDependencies:
      '@types/node':
        specifier: ^20.0.0
        version: 20.1.0
      vitest:
        specifier: ^0.34.0
        version: 0.34.6(jsdom@22.1.0)

    packages:

      /vitest@0.34.6(jsdom@22.1.0):
        resolution: {integrity: sha512-x}
        dependencies:
          vitest: 9.9.9
"""
PNPM_5 = """\
    lockfileVersion: 5.4

    specifiers:
      vitest: ^0.34.0

    devDependencies:
      vitest: 0.34.6_jsdom@22.1.0

    packages:

      /vitest/0.34.6_jsdom@22.1.0:
        resolution: {integrity: sha512-x}
"""
PNPM_5_IMPORTERS = """\
    lockfileVersion: 5.3
    importers:
      .:
        specifiers:
          vitest: ^0.34.0
        devDependencies:
          vitest: 0.34.6
      packages/foo:
        specifiers:
          vitest: ^1.0.0
        devDependencies:
          vitest: /vitest/1.6.1_abc
"""
PNPM_TWO_DOCUMENTS = """\
    ---
    lockfileVersion: '9.0'

    importers:

      .:
        packageManagerDependencies:
          pnpm:
            specifier: 11.0.0
            version: 11.0.0

    ---
    lockfileVersion: '9.0'

    importers:

      .:
        devDependencies:
          vitest:
            specifier: ^5.0.0
            version: 5.1.1
"""


@pytest.mark.parametrize(
    ("text", "folder", "expected"),
    [
        (PNPM_9, "", "3.2.7"),
        (PNPM_9, "packages/foo/tests", "3.2.7"),
        (PNPM_9, "packages/@it's/new", "4.1.12"),
        (PNPM_6, "", "0.34.6"),
        (PNPM_6, "tests/e2e", "0.34.6"),
        (PNPM_5, "", "0.34.6"),
        (PNPM_5_IMPORTERS, "", "0.34.6"),
        (PNPM_5_IMPORTERS, "packages/foo", "1.6.1"),
        (PNPM_TWO_DOCUMENTS, "", "5.1.1"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_pnpm_in_every_version(
    tmp_path: Path, text: str, folder: str, expected: str, newline: str
) -> None:
    write(tmp_path, "pnpm-lock.yaml", textwrap.dedent(text).replace("\n", newline))
    found = version(tmp_path, folder)
    assert (found.source, found.version) == ("lockfile", expected)
    assert quoted(tmp_path, found) == expected


def test_the_place_in_a_pnpm_lock_is_the_version_not_the_specifier(tmp_path: Path) -> None:
    write(tmp_path, "pnpm-lock.yaml", PNPM_9)
    [span] = version(tmp_path).at
    before = (tmp_path / "pnpm-lock.yaml").read_bytes()[: span.start]
    assert before.endswith(b" version: ")


YARN_CLASSIC = """\
    # yarn lockfile v1


    "@scope/vitest@^9.0.0":
      version "9.9.9"

    vitest-mock@^1.0.0:
      version "1.0.0"
      dependencies:
        vitest "^9.0.0"

    vitest@^1.6.0:
      version "1.6.1"

    vitest@^3.0.0, vitest@^3.2.0:
      version "3.2.7"
"""
YARN_BERRY = """\
    # This file is generated by running "yarn install" inside your project.

    __metadata:
      version: 8
      cacheKey: 10c0

    "demo@workspace:.":
      version: 0.0.0-use.local
      resolution: "demo@workspace:."
      dependencies:
        vitest: "npm:^3.2.0"
      languageName: unknown

    "old@workspace:packages/old":
      version: 0.0.0-use.local
      resolution: "old@workspace:packages/old"
      dependencies:
        vitest: "npm:^1.6.0"
      languageName: unknown

    "vitest@npm:@acme/vitest-fork@^1.0.0":
      version: 9.9.9
      resolution: "@acme/vitest-fork@npm:9.9.9"

    "vitest@npm:^1.6.0":
      version: 1.6.1
      resolution: "vitest@npm:1.6.1"

    "vitest@npm:^3.0.0, vitest@npm:^3.2.0":
      version: 3.2.7
      resolution: "vitest@npm:3.2.7"
      bin:
        vitest: vitest.mjs
"""


@pytest.mark.parametrize("text", [YARN_CLASSIC, YARN_BERRY], ids=["classic", "berry"])
def test_yarn_answers_the_range_of_the_manifest(tmp_path: Path, text: str) -> None:
    write(tmp_path, "yarn.lock", text)
    write(tmp_path, "package.json", {**wants("^3.2.0"), "workspaces": ["packages/*"]})
    write(tmp_path, "packages/old/package.json", wants("^1.6.0"))
    found = version(tmp_path)
    assert (found.source, found.version, found.range) == ("lockfile", "3.2.7", "^3.2.0")
    assert quoted(tmp_path, found) == "3.2.7"
    assert version(tmp_path, "packages/old/tests").version == "1.6.1"


def test_yarn_without_a_matching_range(tmp_path: Path) -> None:
    one = '\nvitest@^3.0.0:\n  version "3.2.7"\n'
    write(tmp_path, "yarn.lock", one)
    assert version(tmp_path).version == "3.2.7"
    write(tmp_path, "package.json", wants("catalog:"))
    assert version(tmp_path).version == "3.2.7"
    write(tmp_path, "package.json", wants("^4.0.0"))  # the lock file is behind
    assert version(tmp_path)[:3] == ("manifest", None, "^4.0.0")
    write(tmp_path, "package.json", "{}")
    write(tmp_path, "yarn.lock", YARN_CLASSIC)
    assert version(tmp_path).source == "none"


def test_bun_allows_trailing_commas_and_comments(tmp_path: Path) -> None:
    text = """\
        {
          "lockfileVersion": 1,
          "workspaces": {
            "": { "name": "demo", "devDependencies": { "vitest": "^3.2.0", }, },
            "packages/foo": { "name": "@acme/foo", /* , } */ }, // ours
          },
          "packages": {
            "vitest": ["vitest@3.2.7", "", { "bin": "vitest.mjs", }, "sha512-x"],
            "@acme/foo/vitest": ["vitest@1.6.1", "", {}, "sha512-y"],
          },
        }
    """
    write(tmp_path, "bun.lock", text)
    write(tmp_path, "package.json", wants("^3.2.0"))
    write(tmp_path, "packages/foo/package.json", {**wants("^1.6.0"), "name": "@acme/foo"})
    found = version(tmp_path)
    assert (found.version, quoted(tmp_path, found)) == ("3.2.7", '"vitest@3.2.7"')
    assert version(tmp_path, "packages/foo/tests").version == "1.6.1"


@pytest.mark.parametrize(
    "section", ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]
)
def test_a_manifest_gives_a_range(tmp_path: Path, section: str) -> None:
    write(tmp_path, "package.json", wants("3.2.7", section))
    write(tmp_path, "tests/package.json", {"name": "tests"})
    found = version(tmp_path, "tests")
    assert found[:4] == ("manifest", None, "3.2.7", "package.json")
    assert quoted(tmp_path, found) == '"3.2.7"'


def test_a_peer_range_counts_only_where_nothing_else_does(tmp_path: Path) -> None:
    write(tmp_path, "package.json", wants("^3.2.0"))
    write(tmp_path, "plugin/package.json", wants(">=1", "peerDependencies"))
    assert version(tmp_path, "plugin").range == "^3.2.0"


def test_a_lock_file_far_above_does_not_speak_for_a_manifest_with_its_own(tmp_path: Path) -> None:
    write(tmp_path, "package-lock.json", NPM_3)
    write(tmp_path, "alone/package.json", wants("^4.0.0"))
    write(tmp_path, "alone/package-lock.json", {"packages": {"": {}}})
    assert version(tmp_path, "alone").range == "^4.0.0"
    write(tmp_path, "alone/package.json", {"name": "alone"})
    assert version(tmp_path, "alone").version == "3.2.7"


def problems_of(root: Path) -> list[PathProblem]:
    found, problems = runner_version(Workspace(root), "")
    assert (found.source, found.range) == ("manifest", "^3.2.0")
    return problems


@pytest.mark.parametrize(
    ("file", "text", "line", "reason"),
    [
        ("package-lock.json", '{\n  "packages": {,\n', 2, "it is not JSON"),
        ("package-lock.json", "[]", 1, "it holds no JSON object"),
        ("package-lock.json", "", 1, "it is not JSON"),
        ("package-lock.json", "[" * 100_000, 1, "it is nested too deeply"),
        ("package-lock.json", '{"x": ' + "1" * 5000 + "}", 1, "it cannot be read"),
        ("package-lock.json", "{\n<<<<<<< HEAD\n}", 2, "unfinished merge"),
        ("node_modules/vitest/package.json", "{\n\n!", 3, "it is not JSON"),
        ("pnpm-lock.yaml", "hello\n", 1, "no pnpm lock file"),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    devDependencies:\n      vitest: [\n",
            6,
            "it is not YAML",
        ),
        ("yarn.lock", 'vitest@^3.2.0:\n  resolved "x"\n', 1, "this entry has no version"),
        ("bun.lock", '{\n  "packages": {"a": [}\n}', 2, "it is not JSON"),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_the_next_source_asked(
    tmp_path: Path, file: str, text: str, line: int, reason: str
) -> None:
    write(tmp_path, "package.json", wants("^3.2.0"))
    write(tmp_path, file, text)
    [problem] = problems_of(tmp_path)
    assert problem.severity == "error"
    assert problem.file == file
    assert problem.message.startswith(f"{file}, line {line}: ")
    assert reason in problem.message
    document = Workspace(tmp_path).read(file)
    assert not isinstance(document, tuple)
    assert document.position(problem.at[0].start).line == line


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    write(tmp_path, "package.json", wants("^3.2.0"))
    (tmp_path / "yarn.lock").write_bytes(b"\xff")
    [problem] = problems_of(tmp_path)
    assert problem.message == (
        "yarn.lock: it is not UTF-8: byte 1 (0xff); write it anew with `yarn install`"
    )


def test_a_broken_manifest_does_not_hide_the_one_above(tmp_path: Path) -> None:
    write(tmp_path, "package.json", wants("^3.2.0"))
    write(tmp_path, "pkg/package.json", '{\n  "name": "é", oops\n}')
    found, [problem] = runner_version(Workspace(tmp_path), "pkg")
    assert found.range == "^3.2.0"
    assert problem.message.startswith("pkg/package.json, line 2: it is not JSON")
    assert (tmp_path / "pkg/package.json").read_bytes()[problem.at[0].start :].startswith(b"oops")


@pytest.mark.parametrize(
    "text",
    [
        '{"packages": []}',
        '{"packages": {"node_modules/vitest": []}}',
        '{"packages": {"node_modules/vitest": {"version": 3}}}',
        '{"dependencies": {"vitest": "3.2.7"}}',
        '{"packages": {"vitest": []}, "workspaces": 1}',
        '{"packages": {"vitest": [1]}, "workspaces": {"": []}}',
    ],
)
@pytest.mark.parametrize("name", ["package-lock.json", "bun.lock"])
def test_a_lock_file_of_another_shape_tells_no_version(
    tmp_path: Path, name: str, text: str
) -> None:
    write(tmp_path, name, text)
    found, _ = runner_version(Workspace(tmp_path), "")
    assert found.source == "none"


@pytest.mark.parametrize(
    "text", ["{}", '{"devDependencies": []}', '{"devDependencies": {"vitest": 3}}']
)
def test_a_manifest_of_another_shape_tells_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, "package.json", text)
    assert version(tmp_path).source == "none"


def test_an_unsaved_manifest_counts(tmp_path: Path) -> None:
    write(tmp_path, "package.json", wants("^3.2.0"))
    workspace = Workspace(tmp_path)
    assert runner_version(workspace, "")[0].range == "^3.2.0"
    changed = b'\xef\xbb\xbf{"dependencies": {"vitest": "^4"}}'
    edited = workspace.with_overlay({"package.json": changed})
    assert runner_version(edited, "")[0].range == "^4"


def notes_of(found: RunnerVersion) -> list[str]:
    return [note.message for note in found.notes]


def test_what_is_installed_decides_and_a_lock_file_that_differs_is_told(tmp_path: Path) -> None:
    installed(tmp_path, "", "2.1.9")
    write(tmp_path, "package.json", wants("^3.2.0"))
    found = version(tmp_path)
    assert found[:2] == ("installed", "2.1.9")
    assert notes_of(found) == [
        "vitest 2.1.9 is installed, but package.json asks for ^3.2.0: what is installed is judged"
    ]
    write(tmp_path, "package-lock.json", NPM_3)
    found = version(tmp_path)
    assert found[:2] == ("installed", "2.1.9")
    assert notes_of(found) == [
        "vitest 2.1.9 is installed, but package-lock.json has 3.2.7: what is installed is judged"
    ]
    [span] = found.notes[0].at
    assert (tmp_path / span.file).read_bytes()[span.start : span.end] == b'"3.2.7"'
    installed(tmp_path, "", "3.2.7")
    assert version(tmp_path).notes == ()


def test_a_broken_lock_file_beside_what_is_installed_is_a_warning(tmp_path: Path) -> None:
    installed(tmp_path, "", "2.1.9")
    write(tmp_path, "package-lock.json", "{")
    found, [problem] = runner_version(Workspace(tmp_path), "")
    assert (found.version, problem.severity) == ("2.1.9", "warning")


def test_what_is_installed_nearest_but_broken_does_not_give_way_to_one_above(
    tmp_path: Path,
) -> None:
    installed(tmp_path, "", "1.6.1")
    write(tmp_path, "pkg/node_modules/vitest/package.json", "{")
    write(tmp_path, "pkg/package.json", wants("^3.2.0"))
    found, [problem] = runner_version(Workspace(tmp_path), "pkg")
    assert found[:3] == ("manifest", None, "^3.2.0")
    assert problem.message.endswith("; install again")


TWO_LOCKS: dict[str, str | dict[str, object]] = {
    "package-lock.json": {"packages": {"": {}, "node_modules/vitest": {"version": "3.2.7"}}},
    "yarn.lock": 'vitest@^3.1.0:\n  version "3.1.4"\n',
}


def test_lock_files_that_disagree_say_nothing_unless_one_is_named(tmp_path: Path) -> None:
    for file, text in TWO_LOCKS.items():
        write(tmp_path, file, text)
    write(tmp_path, "package.json", wants("^3.1.0"))
    found = version(tmp_path)
    assert found[:3] == ("manifest", None, "^3.1.0")
    assert notes_of(found) == [
        "package-lock.json (3.2.7) and yarn.lock (3.1.4) disagree, and no packageManager says"
        " which is used"
    ]
    write(tmp_path, "package.json", {**wants("^3.1.0"), "packageManager": "yarn@1.22.22"})
    assert version(tmp_path)[:2] == ("lockfile", "3.1.4")
    engines = {"packageManager": {"name": "npm"}}
    write(tmp_path, "package.json", {**wants("^3.1.0"), "devEngines": engines})
    assert version(tmp_path)[:2] == ("lockfile", "3.2.7")
    write(tmp_path, "yarn.lock", 'vitest@^3.1.0:\n  version "3.2.7"\n')
    write(tmp_path, "package.json", wants("^3.1.0"))
    assert version(tmp_path)[:2] == ("lockfile", "3.2.7")


CATALOG_FILES: dict[str, tuple[str | dict[str, object], str]] = {
    "pnpm": (
        """\
        packages: [packages/*]
        catalog:
          'vitest': "^3.2.0"  # the tests
        catalogs:
          old: { vitest: ~1.6.0 }
        """,
        "pnpm-workspace.yaml",
    ),
    "yarn": ("catalog: {vitest: ^3.2.0}\ncatalogs:\n  old:\n    vitest: ~1.6.0\n", ".yarnrc.yml"),
    "bun": (
        {"catalog": {"vitest": "^3.2.0"}, "catalogs": {"old": {"vitest": "~1.6.0"}}},
        "package.json",
    ),
    "bun workspaces": (
        {
            "workspaces": {
                "catalog": {"vitest": "^3.2.0"},
                "catalogs": {"old": {"vitest": "~1.6.0"}},
            }
        },
        "package.json",
    ),
}


@pytest.mark.parametrize("kind", CATALOG_FILES)
def test_a_catalog_gives_the_range_and_its_place(tmp_path: Path, kind: str) -> None:
    text, file = CATALOG_FILES[kind]
    write(tmp_path, file, text)
    write(tmp_path, "packages/a/package.json", wants("catalog:"))
    write(tmp_path, "packages/b/package.json", wants("catalog:old"))
    write(tmp_path, "packages/c/package.json", wants("catalog:none"))
    found = version(tmp_path, "packages/a")
    assert found[:4] == ("manifest", None, "^3.2.0", "packages/a/package.json")
    listed, named = found.at
    assert (listed.file, named.file) == ("packages/a/package.json", file)
    place = (tmp_path / file).read_bytes()[named.start : named.end]
    assert place.strip(b"'\"") == b"^3.2.0"
    assert version(tmp_path, "packages/b").range == "~1.6.0"
    found = version(tmp_path, "packages/c")
    assert found[:3] == ("manifest", None, None)


def test_a_broken_catalog_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, "pnpm-workspace.yaml", "packages: []\ncatalog: [\n")
    write(tmp_path, "package.json", wants("catalog:"))
    found, [problem] = runner_version(Workspace(tmp_path), "")
    assert found[:3] == ("manifest", None, None)
    assert problem.message.startswith("pnpm-workspace.yaml, line 3: it is not YAML")


@pytest.mark.parametrize(
    ("forced", "expected"),
    [
        ({"pnpm": {"overrides": {"vitest": "3.1.4"}}}, "3.1.4"),
        ({"pnpm": {"overrides": {"vitest@^3": "3.1.4"}}}, None),
        ({"pnpm": {"overrides": {"vitest@^3.2.0": "3.1.4"}}}, "3.1.4"),
        ({"pnpm": {"overrides": {"parent>vitest": "3.1.4"}}}, "^3.2.0"),
        # Only some package managers read these.
        ({"overrides": {"vitest": "3.1.4"}}, None),
        ({"resolutions": {"vitest": "3.1.4"}}, None),
        ({"packageManager": "npm@10", "overrides": {"vitest": "3.1.4"}}, "3.1.4"),
        ({"packageManager": "npm@10", "overrides": {"vitest": {".": "3.1.4"}}}, "3.1.4"),
        ({"packageManager": "npm@10", "overrides": {"vitest": {"vite": "5"}}}, "^3.2.0"),
        ({"packageManager": "npm@10", "resolutions": {"vitest": "3.1.4"}}, "^3.2.0"),
        ({"packageManager": "yarn@1", "resolutions": {"**/vitest": "3.1.4"}}, "3.1.4"),
        ({"packageManager": "npm@10", "overrides": {"vitest": "$vite"}}, None),
        (
            {
                "packageManager": "npm@10",
                "dependencies": {"vitest": "~3.1.0"},
                "overrides": {"vitest": "$vitest"},
            },
            "~3.1.0",
        ),
    ],
)
def test_an_override_of_the_root_gives_the_range(
    tmp_path: Path, forced: dict[str, object], expected: str | None
) -> None:
    write(tmp_path, "package.json", {"workspaces": ["packages/*"], **forced})
    write(tmp_path, "packages/a/package.json", wants("^3.2.0"))
    found = version(tmp_path, "packages/a")
    assert found[:3] == ("manifest", None, expected)
    assert found.at[0].file == "packages/a/package.json"
    assert (len(found.at) == 2) is (expected != "^3.2.0")


def test_a_lock_file_covers_only_the_packages_it_lists(tmp_path: Path) -> None:
    write(tmp_path, "package-lock.json", NPM_3)
    write(tmp_path, "examples/alone/package.json", wants("^3.0.0"))
    found = version(tmp_path, "examples/alone")
    assert (found[:3], found.notes) == (("manifest", None, "^3.0.0"), ())


def test_the_binary_lock_file_of_bun_is_told(tmp_path: Path) -> None:
    write(tmp_path, "package.json", wants("^3.2.0"))
    write(tmp_path, "bun.lockb", "\x00")
    found = version(tmp_path)
    assert found[:3] == ("manifest", None, "^3.2.0")
    assert "bun.lockb is binary and is not read" in notes_of(found)[0]
    write(tmp_path, "bun.lock", '{"packages": {"vitest": ["vitest@3.2.7"]}}')
    assert version(tmp_path)[:2] == ("lockfile", "3.2.7")
    assert version(tmp_path).notes == ()
