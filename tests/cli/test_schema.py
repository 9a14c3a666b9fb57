"""`promptctl schema`, in a process of its own."""

import json
from pathlib import Path

import jsonschema
import pytest

from promptctl.cli.schema import KINDS
from tests.cli.run import promptctl
from tests.generate_schemas import MADE


def test_every_schema_that_is_made_can_be_printed():
    assert set(KINDS) == set(MADE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_printed_as_json_that_any_terminal_can_show(kind: str, tmp_path: Path):
    done = promptctl("schema", kind, cwd=tmp_path, env={"LC_ALL": "C", "PYTHONUTF8": "0"})

    assert (done.code, done.err) == (0, "")
    assert done.out.isascii()
    assert json.loads(done.out) == json.loads(json.dumps(MADE[kind]()))


def test_an_unknown_kind_names_those_that_are_known(tmp_path: Path):
    done = promptctl("schema", "suites", cwd=tmp_path)

    assert (done.code, done.out) == (2, "")
    assert "'suite', 'case', 'header', 'config', 'result'" in done.err


def test_a_check_of_an_installed_package_is_completed_and_never_imported(tmp_path: Path):
    (tmp_path / "shop-1.0.dist-info").mkdir()
    (tmp_path / "shop-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n"
    )
    (tmp_path / "shop-1.0.dist-info" / "entry_points.txt").write_text(
        "[promptctl.checks]\nno_shouting = shop:NoShouting\n"
    )
    (tmp_path / "shop.py").write_text("raise SystemExit('it was imported')\n")

    done = promptctl("schema", "case", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})

    schema = jsonschema.Draft7Validator(json.loads(done.out))
    case = {"input": "a", "checks": ["no_shouting", {"no_shouting": {"at_most": 3}}]}
    assert schema.is_valid(case)
    assert not jsonschema.Draft7Validator(MADE["case"]()).is_valid(case)
