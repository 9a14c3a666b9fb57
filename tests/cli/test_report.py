"""`promptctl report`: options that would be ignored are refused."""

from pathlib import Path

from promptctl.reporters import json as json_reporter
from tests.builders import a_table
from tests.cli.run import promptctl
from tests.reporters.results import a_result, a_suite_result


def test_json_has_no_room_for_an_explanation(tmp_path: Path):
    result = a_result(a_suite_result(a_table(50)))
    (tmp_path / "r.json").write_text(json_reporter.render(result), "utf-8")

    done = promptctl("report", "r.json", "--explain", "--format", "json", cwd=tmp_path)

    assert done.code == 2
    assert done.out == ""
    assert len(done.err.splitlines()) == 3
    assert "--explain and --format json exclude each other  [usage]" in done.err
    assert promptctl("report", "r.json", "--format", "json", cwd=tmp_path).code == 0
