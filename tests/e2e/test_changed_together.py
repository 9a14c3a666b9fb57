"""A change of a prompt's text and of its settings or model: said, with the run that tells them apart."""

from pathlib import Path

from tests.e2e.parity import PROMPT, a_project
from tests.e2e.shop import compared


def test_settings_that_changed_with_the_text_are_named_with_the_run_that_shows_them_alone(tmp_path: Path):
    repo = a_project(tmp_path).branch("change")
    repo.write(
        {"prompts/parity.prompt.j2": "---\nparams: {temperature: 0.9, stop: ['a b']}\n---\nEven? {{ item }}"}
    )

    [note] = compared(repo.path).suite["notes"]

    command = "promptctl test parity --param temperature=0.5,stop=null"
    assert (
        note == f'settings temperature 0.5 → 0.9, stop unset → ["a b"]; `{command}` shows what they do alone'
    )
    alone = compared(repo.path, *command.split()[2:])
    assert (alone.code, alone.suite["trade"]["head"]) == (0, "temperature=0.5,stop=null")


def test_settings_or_a_model_that_changed_alone_need_no_further_run(tmp_path: Path):
    repo = a_project(tmp_path).branch("change")

    repo.write({"prompts/parity.prompt.j2": PROMPT.replace("0.5", "0.9")})
    assert compared(repo.path).suite["notes"] == ["settings temperature 0.5 → 0.9, and the text is the same"]
    repo.write({"prompts/parity.prompt.j2": PROMPT.replace("params", "model: large\nparams")})
    assert compared(repo.path).suite["notes"] == ["model small → large, and the text is the same"]


def test_a_model_that_changed_with_text_and_settings_is_told_apart_from_both(tmp_path: Path):
    repo = a_project(tmp_path).branch("change")
    repo.write(
        {"prompts/parity.prompt.j2": "---\nmodel: large\nparams: {temperature: 0.9}\n---\nEven? {{ item }}"}
    )

    assert compared(repo.path).suite["notes"] == [
        "model small → large; `--model small` shows what the rest of the change does",
        "settings temperature 0.5 → 0.9; `promptctl test parity --param temperature=0.5` shows what they do alone",
    ]
