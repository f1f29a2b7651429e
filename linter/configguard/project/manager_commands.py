"""What package managers run: scripts by name, commands of packages, here or in other packages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from configguard.project.arguments import handed_on
from configguard.project.scripts import (
    ManagerInUse,
    all_packages,
    manager_of,
    nearest_package,
    package_at,
    packages_named,
    workspace_root,
)
from configguard.project.ways import Start, Way
from configguard.project.wrappers import Unwrapped, command_name, of_package
from configguard.syntax.shell_words import Word

if TYPE_CHECKING:
    from configguard.project.following import Follower


def _manager(follower: Follower, words: Sequence[Word], way: Way) -> ManagerInUse:
    """The package manager that a command is, with its version as far as the files tell it."""
    name = command_name(words[0])
    used = manager_of(follower.workspace, way.folder.path or "")
    if name in ("yarn", "yarnpkg"):
        return used if used.name in ("yarn", "yarn-berry") else ManagerInUse(None, None)
    if name in ("pnpm", "pn", "pnpx", "pnx"):
        return used if used.name == "pnpm" else ManagerInUse("pnpm", None)
    return ManagerInUse("bun" if name in ("bun", "bunx") else "npm", None)


def places_of(follower: Follower, found: Unwrapped, way: Way) -> list[Way] | None:
    """Where a package manager runs something: here, or in the packages that are named."""
    folder = way.folder.path
    if folder is None:
        return [way]
    if found.root:
        return [way.into(workspace_root(follower.workspace, folder))]
    if found.packages:
        places: list[Way] = []
        for word in found.packages:
            named = None
            if word.text is not None:
                named = packages_named(follower.workspace, folder, word.text)
            if named is None:
                follower.leave("which packages that names is not known", word.origin)
                return None
            places += [way.into(package.folder) for package in named]
        return places
    if found.every:
        return [way.into(one.folder) for one in all_packages(follower.workspace, folder)]
    return [way]


def package_command(follower: Follower, found: Unwrapped, way: Way) -> None:
    """`npx vitest`, `pnpm exec vitest`: a command of an installed package."""
    if found.script is not None:
        follower.shell([found.script], way)
        return
    given = (*found.words, *(found.after or ()))
    if not given:
        return
    if found.row.get("shell-mode"):
        follower.shell(given, way)
        return
    arguments = handed_on(found.row, given[1:], None, _manager(follower, found.command, way))
    for place in places_of(follower, found, way) or ():
        place = place._replace(bins=None)
        runner = of_package(given[0])
        if runner is not None:
            follower.starts.append(Start(runner, tuple(arguments), place))
        else:
            follower.words((given[0], *arguments), place)


def named_script(follower: Follower, found: Unwrapped, way: Way) -> None:
    """`npm run x`, `yarn x`: a script by its name, else a command of a package."""
    name = found.row.get("script-name")
    given = found.words
    if name is None:
        if not given:
            return
        if given[0].text is None:
            follower.leave(str(given[0].reason), given[0].origin)
            return
        name, given = given[0].text, given[1:]
    manager = _manager(follower, found.command, way)
    arguments = handed_on(found.row, given, found.after, manager)
    places = places_of(follower, found, way)
    if places is None:
        return
    if way.folder.path is None:
        follower.leave(f"where {name} is run: {way.folder.reason}", found.command[0].origin)
        return
    for place in places:
        package = nearest_package(follower.workspace, str(place.folder.path))
        if package is not None and name in package.scripts:
            follower.script(package, name, arguments, place, manager)
        elif found.then == "script-or-command" and not found.every and found.words:
            follower.words((found.words[0], *arguments), place._replace(bins=None))
        elif manager.name in ("yarn-berry", None) and ":" in name:
            _global_script(follower, name, arguments, place, manager)


def _global_script(
    follower: Follower, name: str, arguments: Sequence[Word], way: Way, manager: ManagerInUse
) -> None:
    """Yarn 2 and later find a script with a colon in any package, if only one has it."""
    everywhere = all_packages(follower.workspace, str(way.folder.path))
    holders = [one for one in everywhere if name in one.scripts]
    if len(holders) == 1 and manager.name == "yarn-berry":
        follower.script(holders[0], name, arguments, way, manager)


def yarn_workspace(follower: Follower, found: Unwrapped, way: Way) -> None:
    folder = way.folder.path
    name = found.words[0].text if found.words else None
    if folder is None or name is None:
        follower.leave("which package that names is not known", found.command[0].origin)
        return
    for package in packages_named(follower.workspace, folder, name) or ():
        follower.words((found.command[0], *found.words[1:]), way.into(package.folder))


def yarn_workspaces(follower: Follower, found: Unwrapped, way: Way) -> None:
    """`yarn workspaces run x`: that script of every package which has it."""
    folder = way.folder.path
    if folder is None or not found.words:
        return
    here = package_at(follower.workspace, workspace_root(follower.workspace, folder))
    packages = all_packages(follower.workspace, folder)
    if found.every and here is not None:
        packages = [here, *packages]
    for package in packages:
        if found.words[0].text in package.scripts:
            follower.words((found.command[0], *found.words), way.into(package.folder))
