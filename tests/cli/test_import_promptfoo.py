"""A promptfoo configuration through the real command: what it says, and that the cases run afterwards."""

import json
from pathlib import Path

from tests.cli.run import Done, promptctl

CONFIG = """\
prompts: [file://sort.txt]
providers: [openai:gpt-4o-mini, openai:gpt-4o]
defaultTest:
  assert: [{type: word-count, value: {max: 2}}]
tests:
  - vars: {ticket: Where is my parcel?}
    assert: [{type: icontains, value: Delivery}]
  - description: odd
    vars: {ticket: 我要退款}
    assert: [{type: equals, value: refund}, {type: "llm-rubric\\e[2J", value: is kind}]
"""


def test_a_configuration_is_taken_over_and_its_cases_are_asked(tmp_path: Path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "promptfooconfig.yaml").write_text(CONFIG)
    (tmp_path / "old" / "sort.txt").write_text("Sort: {{ ticket }}\n")

    done = promptctl("import", "old", cwd=tmp_path)

    assert done == Done(
        0,
        """\
old/promptfooconfig.yaml   promptfoo
  wrote  prompts/sort.prompt.j2
  wrote  evals/sort.yaml
  proved  4 of 4 requests equal
  note  old/promptfooconfig.yaml:2:13: openai:gpt-4o-mini: promptfoo sends temperature: 0 and max_tokens: 1024 \
where nothing is said, so it is written down
  left out  old/promptfooconfig.yaml:2:33: provider openai:gpt-4o — `promptctl test --model gpt-4o` asks it
  left out  old/promptfooconfig.yaml:10:45: assertion llm-rubric\\x1b[2J — did you mean "llm-rubric"? \
promptfoo has no such type
1 prompt, 2 cases imported; 2 things left out
""",
        "in no known format, passed over: old/sort.txt\n",
    )
    assert promptctl("lint", cwd=tmp_path) == Done(0, "1 prompt, 1 suite, 2 cases: no errors\n", "")

    (tmp_path / "promptctl.toml").write_text(
        '[models]\n"*" = "scripted"\n[providers.scripted]\nkind = "scripted"\nscript = "script.json"\n'
    )
    (tmp_path / "script.json").write_text('{"default": "a delivery"}')
    run = promptctl("test", "--no-base", "--json", "result.json", cwd=tmp_path)

    assert run.code in (0, 1), run.err
    [suite] = json.loads((tmp_path / "result.json").read_text())["suites"]
    found = {one["case"].split("-")[0]: one["head"][0]["outcome"] for one in suite["results"]}
    assert found == {"where": "pass", "odd": "fail"}
