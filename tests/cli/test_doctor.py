"""`promptctl doctor`, in a process of its own: what it finds, that it shows no key, how it ends."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.run import Done, promptctl
from tests.repository import Repo

KEY = "sk-verysecret123"
FILES: dict[str, str | None] = {
    "promptctl.toml": '[project]\nmodel = "qwen-plus"\n',
    "prompts/sort.prompt.j2": "Sort {{ ticket }}\n",
}


def project(folder: Path, files: Mapping[str, str | None] | None = None) -> Repo:
    """A committed project whose prompt is answered by a server that needs a key."""
    given = {**FILES, **(files or {})}
    repo = Repo(folder / "shop")
    repo.commit("first", {name: text for name, text in given.items() if text is not None})
    return repo


def doctor(repo: Repo, env: Mapping[str, str | None] | None = None) -> Done:
    return promptctl("doctor", cwd=repo.path, env=env)


def row(done: Done, label: str) -> str:
    """The text behind a label."""
    found = re.search(rf"^{label} +(.*)$", done.out, re.MULTILINE)
    assert found, f"no row {label} in:\n{done.out}"
    return found[1]


def test_outside_a_project_it_shows_versions_and_ends_well(tmp_path: Path):
    done = promptctl("doctor", cwd=tmp_path)

    assert row(done, "Python") == ".".join(map(str, sys.version_info[:3]))
    assert re.match(r"[0-9]+\.", row(done, "openai"))
    assert re.match(r"[0-9]+\.", row(done, "sqlite"))
    assert row(done, "project").startswith("none here; `promptctl init`")
    assert (done.code, done.err) == (0, "")


def test_the_openai_library_is_not_loaded_to_tell_its_version(tmp_path: Path):
    program = (
        "import sys; from promptctl.cli.main import main; main(['doctor']); sys.exit('openai' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project(tmp_path).path, stdout=subprocess.DEVNULL
    )

    assert done.returncode == 0


def test_a_project_on_a_branch_shows_what_test_would_compare(tmp_path: Path):
    repo = project(tmp_path).branch("warmer")

    done = doctor(repo)

    assert row(done, "project") == str(repo.path)
    assert row(done, "configuration") == "promptctl.toml"
    assert row(done, "repository") == f"{repo.path}, branch warmer"
    assert row(done, "default branch") == "main"
    assert row(done, "test compares") == f"main@{repo.head[:7]} → working tree"


def test_without_a_default_branch_the_cure_is_told_and_nothing_counts_as_broken(tmp_path: Path):
    repo = project(tmp_path).branch("topic")
    repo.git("branch", "--delete", "--force", "main")

    done = doctor(repo)

    assert row(done, "default branch") == "main, which is not here"
    assert "[no-base-revision]\n  fix  give `--base REV`, or set `default_branch`" in done.out
    assert done.code == 0


def test_a_shallow_clone_is_named_with_the_depth_that_it_needs(tmp_path: Path):
    repo = project(tmp_path)
    repo.branch("topic").commit("second")
    clone = repo.checkout("main").clone(tmp_path / "clone", depth=1, options=("--branch=topic",))

    done = doctor(clone)

    assert row(done, "repository").endswith(", a shallow clone")
    assert "fetch-depth: 0" in done.out


def test_a_project_in_no_repository_is_scored_alone(tmp_path: Path):
    (tmp_path / "prompts").mkdir()

    done = promptctl("doctor", cwd=tmp_path)

    assert row(done, "repository").startswith("none: head alone is scored")
    assert row(done, "configuration") == "none; the defaults hold"
    assert done.code == 0


def test_a_key_that_is_set_is_found_and_never_shown(tmp_path: Path):
    done = doctor(project(tmp_path), {"DASHSCOPE_API_KEY": KEY})

    assert row(done, "models").startswith("qwen-plus  qwen  https://dashscope.aliyuncs.com/")
    assert row(done, "models").endswith("  key DASHSCOPE_API_KEY found")
    assert KEY not in done.out + done.err
    assert done.out.endswith("no problems found\n")


def test_a_key_that_is_not_set_is_missing_with_the_line_that_sets_it(tmp_path: Path):
    done = doctor(project(tmp_path))

    assert row(done, "models").endswith("  key DASHSCOPE_API_KEY missing")
    assert "[missing-key]\n  at   environment variable DASHSCOPE_API_KEY\n  fix  export DASH" in done.out
    assert done.code == 0


def test_a_key_in_an_env_file_that_git_does_not_ignore_is_missing_and_says_why(tmp_path: Path):
    repo = project(tmp_path, {".env": f"DASHSCOPE_API_KEY={KEY}\n"})

    before = doctor(repo)
    after = doctor(repo.write({".gitignore": ".env\n"}) and _untracked(repo, ".env"))

    assert row(before, "models").endswith(" missing")
    assert "add `.env` to .gitignore" in before.out
    assert row(after, "models").endswith(" found")
    assert KEY not in before.out + after.out


def _untracked(repo: Repo, name: str) -> Repo:
    repo.git("rm", "--cached", "--quiet", name)
    return repo


def test_a_key_that_no_key_can_be_is_told_without_showing_it(tmp_path: Path):
    done = doctor(project(tmp_path), {"DASHSCOPE_API_KEY": "two words"})

    assert row(done, "models").endswith(" unusable")
    assert "[bad-key]" in done.out
    assert "two words" not in done.out


LOCAL = """
[project]
model = "local"
[models]
"local" = "own"
[providers.own]
base_url = "http://{host}:9/v1"
"""


@pytest.mark.parametrize("more", ["", 'key_env = "OWN_KEY"\n'])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "[::1]"])
def test_a_server_on_this_machine_needs_no_key(host: str, more: str, tmp_path: Path):
    done = doctor(project(tmp_path, {"promptctl.toml": LOCAL.format(host=host) + more}))

    assert row(done, "models").startswith(f"local  own  http://{host}:9/v1  key")
    assert row(done, "models").endswith("not needed")
    assert done.out.endswith("no problems found\n")


def test_an_address_that_test_would_refuse_is_refused_without_what_it_hides(tmp_path: Path):
    address = LOCAL.format(host="localhost").replace("/v1", "/v1?token=abcdefgh")

    done = doctor(project(tmp_path, {"promptctl.toml": address}))

    assert "[bad-address]" in done.out
    assert "abcdefgh" not in done.out + done.err
    assert done.code == 2


@pytest.mark.parametrize(
    ("files", "at", "fix"),
    [
        ({"promptctl.toml": '[judge]\nmodel = "m"\n'}, "promptctl.toml", "take it out of the file"),
        (
            {"promptctl.toml": None, "pyproject.toml": "[tool.promptctl.feedback]\na = 1\n"},
            "pyproject.toml",
            "take it out of the file",
        ),
        ({"pyproject.toml": "[tool.promptctl]\n"}, "promptctl.toml", "keep one of them; promptctl.toml wins"),
    ],
)
def test_each_note_on_the_configuration_has_its_file_and_its_own_cure(
    files: dict[str, str | None], at: str, fix: str, tmp_path: Path
):
    done = doctor(project(tmp_path, files))

    assert f"[config-not-read]\n  at   {at}\n  fix  {fix}\n" in done.out


@pytest.mark.parametrize(
    ("pyproject", "said"),
    [
        ("[tool]\npromptctl = {gate = {margin = 0.1}}\n", "[tool.promptctl] in pyproject.toml"),
        ('description = """\n[tool.promptctl]\n"""\n', "none; the defaults hold"),
    ],
)
def test_whether_pyproject_configures_promptctl_is_read_as_toml(pyproject: str, said: str, tmp_path: Path):
    done = doctor(project(tmp_path, {"promptctl.toml": None, "pyproject.toml": pyproject}))

    assert row(done, "configuration") == said


def test_a_model_that_nobody_serves_is_told_with_the_line_to_add(tmp_path: Path):
    done = doctor(project(tmp_path, {"prompts/a.prompt.j2": "---\nmodel: gtp-5\n---\nhi"}))

    assert "no provider is known for the model 'gtp-5'  [unknown-model]" in done.out
    assert done.code == 0


def test_prompts_that_cannot_be_read_are_counted_and_the_rest_is_shown(tmp_path: Path):
    done = doctor(project(tmp_path, {"prompts/a.prompt.j2": "{{"}))

    assert (
        "1 prompt file cannot be read: prompts/a.prompt.j2  [unusable-files]\n  fix  `promptctl lint`"
        in done.out
    )
    assert row(done, "models").startswith("qwen-plus")


def test_a_configuration_that_cannot_be_read_ends_in_2_after_all_that_can_be_said(tmp_path: Path):
    repo = project(tmp_path, {"promptctl.toml": "[project\n"})

    done = doctor(repo)

    assert row(done, "repository") == str(repo.path)
    assert "error: " in done.out
    assert "[bad-toml]\n  at   promptctl.toml:1:9\n  fix  " in done.out
    assert (done.code, done.err) == (2, "")


def test_a_repository_without_the_program_git_ends_in_2(tmp_path: Path):
    (tmp_path / "bin").mkdir()

    done = doctor(project(tmp_path), {"PATH": str(tmp_path / "bin")})

    assert row(done, "git") == "not found"
    assert "[git-missing]" in done.out
    assert done.code == 2


def test_stored_answers_are_counted(tmp_path: Path):
    repo = project(tmp_path, {"promptctl.toml": None, "evals/sort.yaml": "- {input: x, expected: y}\n"})
    ran = promptctl("test", "--no-base", cwd=repo.path)
    assert ran.code == 0, ran.err

    done = doctor(repo)

    assert re.fullmatch(r"\.promptctl/answers\.db: 1 asked, 0 imported, [0-9]+ kB", row(done, "answers"))


def test_a_damaged_store_is_told_and_left_as_it_is(tmp_path: Path):
    repo = project(tmp_path).write({".promptctl/answers.db": "no database at all" * 100})
    before = sorted(repo.path.rglob("answers*"))

    done = doctor(repo)

    assert "[damaged-store]" in done.out
    assert sorted(repo.path.rglob("answers*")) == before


def test_nothing_is_written(tmp_path: Path):
    repo = project(tmp_path)
    before = sorted(path for path in repo.path.rglob("*") if ".git" not in path.parts)

    doctor(repo)

    assert sorted(path for path in repo.path.rglob("*") if ".git" not in path.parts) == before
    assert repo.git("status", "--porcelain") == ""


def test_a_plugin_is_named_without_being_loaded(tmp_path: Path):
    brought = tmp_path / "site" / "pigeon-1.0.dist-info"
    brought.mkdir(parents=True)
    (brought / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon\nVersion: 1.0\n", encoding="utf-8")
    (brought / "entry_points.txt").write_text(
        "[promptctl.checks]\npigeon_says = pigeon:Says\n", encoding="utf-8"
    )
    (tmp_path / "site" / "pigeon.py").write_text("raise SystemExit('loaded')\n", encoding="utf-8")

    done = promptctl("doctor", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")})

    assert row(done, "plugins") == "checks pigeon_says (pigeon:Says)"
    assert done.code == 0


def test_what_git_and_files_say_cannot_act_on_the_terminal(tmp_path: Path):
    repo = project(tmp_path, {"prompts/a.prompt.j2": '---\nmodel: "a\\u001b[2J\\u202eb"\n---\nhi'})
    repo.branch("to\u202epic")

    done = doctor(repo)

    assert "branch to\\u202epic" in done.out
    assert not re.search("[\x1b\u202e]", done.out)


def brings(
    folder: Path, package: str, version: str, metadata: str = "", entry_points: str = ""
) -> dict[str, str]:
    """An environment in which that version of a package seems to be installed, before any other."""
    info = folder / "site" / f"{package}-{version}.dist-info"
    info.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    (info / "METADATA").write_text(head + metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    return {"PYTHONPATH": str(folder / "site")}


NEEDS = "Requires-Dist: click>=8.1.7\nRequires-Dist: openai[aiohttp]<4,>=2\n"


@pytest.mark.parametrize(
    ("package", "version", "said", "fix"),
    [
        ("click", "8.0.4", "older than 8.1.7, which promptctl needs", "pip install 'click>=8.1.7'"),
        ("openai", "4.0.0", "newer than promptctl can use: below 4", "pip install 'openai<4'"),
    ],
)
def test_a_package_that_will_not_do_is_told_with_the_line_that_mends_it(
    package: str, version: str, said: str, fix: str, tmp_path: Path
):
    brings(tmp_path, "promptctl", "0.1.0", NEEDS)

    done = promptctl("doctor", cwd=tmp_path, env=brings(tmp_path, package, version))

    assert row(done, package) == f"{version}, {said}"
    assert f"[unfit-package]\n  fix  {fix}, in this environment\n" in done.out


def test_a_package_newer_than_tested_is_no_problem(tmp_path: Path):
    done = promptctl("doctor", cwd=tmp_path, env=brings(tmp_path, "click", "9.1"))

    assert row(done, "click") == "9.1, newer than tested (8.5)"
    assert done.out.endswith("no problems found\n")


def test_a_python_that_is_not_tested_is_remarked_on(tmp_path: Path):
    classifiers = "".join(f"Classifier: Programming Language :: Python :: 3.{minor}\n" for minor in (8, 9))

    done = promptctl("doctor", cwd=tmp_path, env=brings(tmp_path, "promptctl", "0.1.0", classifiers))

    assert row(done, "Python").endswith(", not tested: 3.8 to 3.9 are")


def test_each_extra_is_installed_or_shows_the_line_that_installs_it(tmp_path: Path):
    metadata = (
        'Provides-Extra: maps\nRequires-Dist: promptctl-nowhere>=1; extra == "maps"\n'
        "Provides-Extra: speed\nRequires-Dist: click>=8; extra == 'speed'\n"
    )

    done = promptctl("doctor", cwd=tmp_path, env=brings(tmp_path, "promptctl", "0.1.0", metadata))

    assert row(done, "extras") == "maps: pip install 'promptctl[maps]'"
    assert "speed: installed\n" in done.out


BROKEN_PLUGINS = {
    "no module": ("checks", "pigeon_says", "nowhere.rules:Says", "there is no module nowhere"),
    "no module inside": ("providers", "pigeon", "pigeon.nowhere:Post", "there is no module pigeon.nowhere"),
    "no class": ("checks", "pigeon_says", "pigeon:Sings", "pigeon has no Sings"),
    "no name": ("checks", "pigeon_says", "pigeon", "it names no class"),
    "name of ours": ("checks", "contains", "pigeon:Says", "is never used: promptctl has that name itself"),
}


@pytest.mark.parametrize(("room", "name", "path", "said"), BROKEN_PLUGINS.values(), ids=BROKEN_PLUGINS)
def test_a_plugin_that_could_not_be_used_is_told_without_running_it(
    room: str, name: str, path: str, said: str, tmp_path: Path
):
    env = brings(tmp_path, "pigeon", "1.0", entry_points=f"[promptctl.{room}]\n{name} = {path}\n")
    (tmp_path / "site" / "pigeon").mkdir()
    (tmp_path / "site" / "pigeon" / "__init__.py").write_text(
        "class Says: pass\nraise SystemExit('loaded')\n", encoding="utf-8"
    )

    done = promptctl("doctor", cwd=tmp_path, env=env)

    assert said in done.out
    assert f"[broken-plugin]\n  at   entry point promptctl.{room}, {path}\n  fix  " in done.out
    assert done.code == 0


def test_two_packages_with_one_name_are_told(tmp_path: Path):
    for package in ("dove", "pigeon"):
        env = brings(tmp_path, package, "1.0", entry_points="[promptctl.checks]\ncoos = json:dumps\n")

    done = promptctl("doctor", cwd=tmp_path, env=env)

    assert "is brought by two packages" in done.out


def test_proxies_are_shown_without_what_they_hide(tmp_path: Path):
    env = {
        "HTTPS_PROXY": "http://ada:s3cret@proxy.example:3128/path?token=s3cret",
        "http_proxy": "proxy.example:8080",
        "ALL_PROXY": "http://s3cret:port:x",
        "NO_PROXY": "localhost",
    }

    done = promptctl("doctor", cwd=tmp_path, env=env)

    assert row(done, "proxies") == "HTTPS_PROXY http://proxy.example:3128"
    assert "HTTP_PROXY http://proxy.example:8080\n" in done.out
    assert "ALL_PROXY set, and no address\n" in done.out
    assert "NO_PROXY localhost\n" in done.out
    assert "s3cret" not in done.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_the_shell_is_found_where_its_help_puts_it(shell: str, tmp_path: Path):
    home = tmp_path / "own"
    file = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/completions/promptctl.fish"}[shell]
    env = {"SHELL": f"/usr/bin/{shell}", "HOME": str(home)}
    (home / file).parent.mkdir(parents=True)
    before = promptctl("doctor", cwd=tmp_path, env=env)
    script = promptctl("completion", shell, cwd=tmp_path).out
    (home / file).write_text(
        script if shell == "fish" else f'eval "$(promptctl completion {shell})"\n', encoding="utf-8"
    )

    after = promptctl("doctor", cwd=tmp_path, env=env)

    assert row(before, "completion").startswith("not installed")
    assert row(after, "completion") == f"{shell}, in {home / file}"


def test_the_terminal_is_told_as_it_is(tmp_path: Path):
    done = promptctl("doctor", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii", "COLUMNS": "99"})

    assert row(done, "terminal") == "ascii, 99 columns, colours off: NO_COLOR is set"


ENV = {
    "none": ({}, None, "none"),
    "ignored": (
        {".env": "A=b\n", ".gitignore": ".env\n"},
        None,
        "found, and Git ignores it: keys are read from it",
    ),
    "in CI": ({".env": "A=b\n", ".gitignore": ".env\n"}, "1", "found, and not read: the variable CI is set"),
    "not ignored": ({".env": "A=b\n"}, None, "found, and not read: Git does not ignore it"),
}


@pytest.mark.parametrize(("files", "ci", "said"), ENV.values(), ids=ENV)
def test_what_becomes_of_the_env_file_is_told(
    files: dict[str, str], ci: str | None, said: str, tmp_path: Path
):
    repo = project(tmp_path, {"promptctl.toml": ""}).write(files)

    done = doctor(repo, {"CI": ci})

    assert row(done, r"\.env") == said
    assert ("[env-not-ignored]" in done.out) == ("does not ignore" in said)


KINDS = {
    "SHA-256": lambda folder: Repo(folder / "shop", object_format="sha256"),
    "a linked worktree": lambda folder: project(folder).worktree(folder / "linked", "main"),
    "a sparse checkout": lambda folder: _configured(project(folder), "core.sparseCheckout", "true"),
    "a partial clone": lambda folder: _configured(project(folder), "remote.origin.promisor", "true"),
}


def _configured(repo: Repo, name: str, value: str) -> Repo:
    repo.git("config", name, value)
    return repo


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_unusual_about_the_repository_is_told(kind: str, tmp_path: Path):
    repo = KINDS[kind](tmp_path)
    repo.commit("more", {name: text for name, text in FILES.items() if text is not None})

    assert f", {kind}" in row(doctor(repo), "repository")


def test_each_model_names_the_prompts_that_use_it(tmp_path: Path):
    more = {f"prompts/p{n}.prompt.j2": "hi" for n in range(5)}

    done = doctor(project(tmp_path, {**more, "prompts/z.prompt.j2": "---\nmodel: gpt-5\n---\nhi"}))

    assert "  for p0, p1, p2, p3 and 2 more\n" in done.out
    assert "  for z\n" in done.out


def test_what_the_project_says_of_a_provider_is_shown_with_what_is_wrong_with_it(tmp_path: Path):
    config = """
[project]
model = "local-1"
[models]
"local-*" = "house"
[providers.house]
base_url = "http://10.0.0.7:8000/v1"
allow_http = true
dialect = "qwen"
stream = "always"
internal = true
requests_per_minute = 90
ca_file = "certs/house.pem"
headers = {X-Secret = "hidden"}
"""

    done = doctor(project(tmp_path, {"promptctl.toml": config}))

    assert row(done, "models").split("  ")[3:] == [
        *("key not needed", "internal", "speaks as qwen", "streams always", "trusts certs/house.pem"),
        *("plain http allowed", "at most 90 requests a minute", "headers X-Secret"),
    ]
    assert "[bad-ca-file]" in done.out + done.err
    assert "hidden" not in done.out + done.err


def test_the_routes_of_the_project_are_shown(tmp_path: Path):
    config = '[models]\n"local-*" = "vllm"\n"doubao-reply" = {provider = "doubao", name = "ep-1"}\n'

    done = doctor(project(tmp_path, {"promptctl.toml": config}))

    assert row(done, "routes") == "local-* → vllm"
    assert "doubao-reply → doubao as ep-1\n" in done.out


def test_a_store_that_another_process_holds_is_told_soon_with_what_to_do(tmp_path: Path):
    repo = project(tmp_path, {"promptctl.toml": None, "evals/sort.yaml": "- {input: x, expected: y}\n"})
    assert promptctl("test", "--no-base", cwd=repo.path).code == 0
    holder = sqlite3.connect(repo.path / ".promptctl" / "answers.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    done = promptctl("doctor", cwd=repo.path, timeout=25)

    holder.close()
    assert "database is locked  [cannot-read]" in done.out
    assert "fix  another promptctl writes to it" in done.out


def test_a_store_of_a_later_promptctl_is_left_alone(tmp_path: Path):
    repo = project(tmp_path).write({".promptctl/.gitignore": "*\n"})
    newer = sqlite3.connect(repo.path / ".promptctl" / "answers.db")
    newer.execute("PRAGMA user_version = 99")
    newer.execute("CREATE TABLE t (x)")
    newer.close()

    done = doctor(repo)

    assert "[newer-store]" in done.out


def test_runs_without_a_result_are_counted(tmp_path: Path):
    repo = project(tmp_path).write(
        {".promptctl/runs/a/result.json": "{}", ".promptctl/runs/b/manifest.json": "{}"}
    )

    assert (
        row(doctor(repo), "runs") == ".promptctl/runs: 2 runs, 1 without a result: killed, or still under way"
    )


def test_as_json_it_says_the_same_and_nothing_else(tmp_path: Path):
    repo = project(tmp_path)

    done = promptctl("doctor", "--json", cwd=repo.path, env={"OPENAI_API_KEY": KEY})

    told = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert told["project"] == str(repo.path)
    assert told["models"][0]["key"] == "missing"
    assert told["models"][0]["prompts"] == ["sort"]
    assert told["packages"]["openai"]
    assert [problem["slug"] for problem in told["problems"]] == ["missing-key"]
    assert KEY not in done.out


def test_as_json_a_broken_project_ends_in_2_too(tmp_path: Path):
    repo = project(tmp_path, {"promptctl.toml": "[project\n"})

    done = promptctl("doctor", "--json", cwd=repo.path)

    assert json.loads(done.out)["problems"][0]["at"] == "promptctl.toml:1:9"
    assert done.code == 2


def test_git_is_installed_here_or_these_tests_prove_nothing():
    assert shutil.which("git")
