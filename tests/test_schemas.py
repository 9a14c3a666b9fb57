import json
from pathlib import Path

import jsonschema

from promptctl.api.project import Project
from promptctl.reporters import json as json_reporter
from tests.generate_schemas import RESULT, result_schema


def test_the_published_result_schema_is_the_one_of_the_records():
    assert RESULT.read_text(encoding="utf-8") == result_schema(), "run `python -m tests.generate_schemas`"


def test_a_real_result_follows_the_published_schema(tmp_path: Path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "evals").mkdir()
    (tmp_path / "prompts" / "t.prompt.j2").write_text("One of: yes, no.\nInput: {{ q }}\nLabel:")
    (tmp_path / "evals" / "t.yaml").write_text("- {input: yes please, expected: 'yes'}\n")

    result = Project(tmp_path).test()

    jsonschema.validate(
        json.loads(json_reporter.render(result)), json.loads(RESULT.read_text(encoding="utf-8"))
    )
