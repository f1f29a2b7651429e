"""What a package manager really runs, in each of its versions, against what is derived."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import package_managers
import pytest
from test_real_invocations import STUB, is_equal

from configguard.project.invocations import invocations_of
from configguard.source.text_map import TextMap
from configguard.source.workspace import Workspace
from configguard.syntax.commands import commands_of

NPM = ["npm run x --a b -- --c d", "npm run x --retry=2 b", "npm test --a -- --q"]
PNPM = ["pnpm run x --a b -- --c d", "pnpm x -- --q", "pnpm test -- --q", "pnpm exec -- vitest --a"]
YARN = ["yarn run x --a b", "yarn x b --a", "yarn workspace w x --q", "yarn x -- --a"]
FORMS = {
    "npm-6": ("npm@6.14.18", NPM),
    "npm-10": ("npm@10.9.4", [
        *NPM, "npm t b", "npm run x --workers 1", "npm run-script x -- 'a b'",
        "npm run x -w w -- --q", "npm run x --workspaces -- --q", "npm --prefix packages/w run e2e",
        "npm exec vitest --a b", "npm exec -- vitest --a b", "npm x vitest -- --a",
    ]),
    "pnpm-7": ("pnpm@7.33.7", PNPM),
    "pnpm-8": ("pnpm@8.15.9", PNPM[:3]),
    "pnpm-9": ("pnpm@9.15.9", PNPM),
    "pnpm-10": ("pnpm@10.30.0", [
        *PNPM, "pnpm x --a", "pnpm t b", "pnpm --silent x b", "pnpm vitest --q",
        "pnpm exec vitest --a", "pnpm --filter w x --q", "pnpm -F w exec vitest --q",
        "pnpm -r x --q", "pnpm -r exec vitest", "pnpm -C packages/w e2e",
        "pnpm --dir=packages/w run e2e", "pnpm run x --filter w",
        "pnpm --filter './packages/*' x", "pnpm -w x",
    ]),
    "pnpm-12": ("pnpm@12.21.0", PNPM),
    "yarn-1": ("yarn@1.22.22", [
        *YARN, "yarn x b -- --a", "yarn vitest --a", "yarn --silent run x --a", "yarn test --q",
        "yarn exec vitest -- --a", "yarn --cwd packages/w e2e --q", "yarn workspaces run x --q",
        "yarn run vitest --q",
    ]),
    "yarn-3": ("yarn@3.8.7", YARN),
    "yarn-4": ("yarn@4.18.1", [
        *YARN, "yarn run x --a b -- --c d", "yarn workspaces foreach -A run x",
        "yarn --cwd packages/w e2e", "yarn test --q",
    ]),
    "bun": ("bun@1.3.14", [
        "bun run x --a b -- --c d", "bun run x -- --q", "bun x vitest --q", "bun run vitest --q",
        "bun run --silent x --q", "bun --bun run x --q", "bun --cwd packages/w e2e",
        "bun vitest --q", "bun run test --q", "bunx vitest --q",
    ]),
}  # fmt: skip


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package_managers.install()
    folder = tmp_path_factory.mktemp("stubs")
    for name in ("vitest", "jest"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    return folder


def project(root: Path, stubs: Path, manager: str) -> None:
    """A repository of two packages, whose runners are stubs."""
    scripts = {"x": "vitest run", "prex": "jest pre", "postx": "jest post", "test": "vitest test"}
    for folder, manifest in {
        "": {"name": "root", "workspaces": ["packages/*"], "scripts": scripts},
        "packages/w": {"name": "w", "scripts": {"x": "vitest w", "e2e": "vitest 'w e2e'"}},
    }.items():
        (root / folder / "node_modules").mkdir(parents=True)
        (root / folder / "node_modules" / ".bin").symlink_to(stubs)
        own = {"version": "1.0.0", "packageManager": manager, "private": True}
        (root / folder / "package.json").write_text(json.dumps({**manifest, **own}))
    if manager.startswith("pnpm"):
        (root / "pnpm-workspace.yaml").write_text("packages: ['packages/*']\n")
    if manager.startswith(("yarn@3", "yarn@4")):
        (root / "yarn.lock").write_text("")


@pytest.mark.parametrize("name", FORMS)
def test_what_a_package_manager_runs(name: str, stubs: Path, tmp_path: Path) -> None:
    manager, forms = FORMS[name]
    root = Path(os.path.realpath(tmp_path)) / "project"
    project(root, stubs, manager)
    log = root / "told.jsonl"
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **package_managers.environment("http://127.0.0.1:9", home),
        "PATH": f"{stubs}:{os.environ['PATH']}" if "yarn" in name else os.environ["PATH"],
        "TOLD": str(log),
        "COREPACK_ENABLE_STRICT": "0",
        "pnpm_config_pm_on_fail": "ignore",  # the version that the project names is not here
    }
    if manager.startswith(("yarn@3", "yarn@4")):
        package_managers.run(name, "install", cwd=root, env=environment)
    program = package_managers.CACHE / "node_modules" / package_managers.PROGRAMS[name]
    start = [str(program)] if name in package_managers.NATIVE else ["node", str(program)]
    for form in forms:
        log.write_text("")
        called, *arguments = shlex.split(form)
        own = ["x"] if called == "bunx" else []
        nothing = subprocess.DEVNULL
        subprocess.run(
            [*start, *own, *arguments],
            cwd=root, env=environment, stdin=nothing, capture_output=True, timeout=120,
        )  # fmt: skip
        real = [json.loads(line) for line in log.read_text().splitlines()]
        data = form.encode()
        [command] = commands_of(data, TextMap.straight("ci.yml", 0, len(data))).commands
        found = invocations_of(Workspace(root), command, "", identifier="ci", name="ci")
        ours = list(found.invocations)
        told = f"{name}: {form}: {real}"
        for run in real:
            match = next((one for one in ours if is_equal(one, run, root)), None)
            assert match is not None, f"not derived: {told}"
            ours.remove(match)
        assert ours == [], f"derived, but never run: {told}"
        unknown = [word.reason for one in found.invocations for word in one.argv if not word.reason]
        assert len(unknown) == sum(len(one.argv) for one in found.invocations), told
