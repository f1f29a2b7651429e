"""The formats for programs by their names; each is imported when it is asked for."""

from __future__ import annotations

from configguard.checking.finding import Report
from configguard.report.context import Context

FORMATS = ("json", "sarif", "github", "gitlab", "junit", "markdown")


def machine_text(name: str, report: Report, context: Context) -> str:
    """A report in one of `FORMATS`."""
    if name == "json":
        from configguard.report.formats import check_json

        return check_json(report, context.read)
    if name == "sarif":
        from configguard.report.sarif import sarif

        return sarif(report, context)
    if name == "github":
        from configguard.report.github import github

        return github(report, context)
    if name == "gitlab":
        from configguard.report.gitlab import gitlab

        return gitlab(report, context)
    if name == "junit":
        from configguard.report.junit import junit

        return junit(report, context)
    from configguard.report.markdown import markdown

    return markdown(report, context)
