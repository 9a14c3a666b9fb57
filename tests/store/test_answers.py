import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptctl.core.exchange import AnswerKey, Output, Source, Usage
from promptctl.errors import PromptctlError
from promptctl.store.answer_file import set_aside
from promptctl.store.answer_past import StoreStats
from promptctl.store.answer_rows import opened, sealed
from promptctl.store.answers import open_store


def a_request(number: int = 0) -> str:
    return f"r1:{number:064x}"


def a_key(number: int = 0, sample: int = 0, base_url: str = "https://a.test/v1") -> AnswerKey:
    return AnswerKey("openai", base_url, a_request(number), sample)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".promptctl" / "answers.db"


def test_what_was_put_is_found_by_a_store_that_is_opened_later(path: Path):
    output = Output(text="你好\u2028\x00", finish="length", usage=Usage(input=3), tool_calls=({"a": [1]},))
    with_answer = open_store(path)
    with_answer.put(a_key(), output)
    with_answer.close()

    found = open_store(path).get_many([a_key(), a_key(1)])

    assert {key: (answered.answer, answered.source) for key, answered in found.items()} == {
        a_key(): (output, Source.STORE)
    }


def test_looking_up_creates_neither_a_store_nor_its_folder(path: Path):
    store = open_store(path)

    assert store.get_many([a_key()]) == {}
    assert store.samples(a_request()) == []
    assert store.stats() == StoreStats(0, 0, 0, 0, 0)
    assert not path.parent.exists()


def test_the_folder_it_makes_is_ignored_by_git_and_an_existing_one_is_left_alone(path: Path, tmp_path: Path):
    open_store(path).put(a_key(), Output(text="a"))
    open_store(tmp_path / "answers.db").put(a_key(), Output(text="a"))

    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert not (tmp_path / ".gitignore").exists()


def test_a_stored_sample_is_never_replaced(path: Path):
    store = open_store(path)

    assert store.put_many([(a_key(), Output(text="first")), (a_key(), Output(text="second"))]) == 1
    assert store.put_many([(a_key(), Output(text="third")), (a_key(sample=1), Output(text="new"))]) == 1

    texts = [draw.answered.answer.text for draw in store.samples(a_request())]
    assert texts == ["first", "new"]


@pytest.mark.parametrize("other", [a_key(1), a_key(sample=1), a_key(base_url="https://b.test/v1")])
def test_an_answer_is_not_found_under_another_key(path: Path, other: AnswerKey):
    store = open_store(path)
    store.put(a_key(), Output(text="a"))

    assert store.get_many([other]) == {}


def test_imported_outputs_are_found_whatever_the_provider_and_after_asked_ones(path: Path):
    store = open_store(path)
    store.put_imported([(a_request(), 0, Output(text="mine")), (a_request(1), 0, Output(text="other"))])
    store.put(a_key(), Output(text="asked"))

    found = store.get_many([a_key(), a_key(1), a_key(1, base_url="https://b.test/v1")])

    assert [(answered.answer.text, answered.source) for answered in found.values()] == [
        ("asked", Source.STORE),
        ("other", Source.IMPORTED),
        ("other", Source.IMPORTED),
    ]


def test_importing_the_same_again_changes_nothing_and_counts_it(path: Path):
    store = open_store(path)
    outputs = [(a_request(number), 0, Output(text=str(number))) for number in range(3)]

    assert store.put_imported(outputs[:2]) == (2, 0)
    assert store.put_imported(outputs) == (1, 2)
    assert store.stats()[:4] == (0, 3, 3, 0)


def test_another_output_for_an_imported_sample_is_refused_and_nothing_of_the_batch_is_kept(path: Path):
    store = open_store(path)
    store.put_imported([(a_request(), 0, Output(text="a"))])

    with pytest.raises(PromptctlError) as refused:
        store.put_imported([(a_request(1), 0, Output(text="new")), (a_request(), 0, Output(text="b"))])

    assert refused.value.slug == "already-imported"
    assert [draw.answered.answer.text for draw in store.samples(a_request())] == ["a"]
    assert store.samples(a_request(1)) == []


def test_all_draws_of_a_request_come_in_the_order_of_their_samples(path: Path):
    store = open_store(path)
    store.put_many([(a_key(sample=sample), Output(text=str(sample))) for sample in (1000, 0, 2)])
    store.put_imported([(a_request(), 0, Output(text="imported"))])

    draws = [(draw.sample, draw.answered.source, draw.kind) for draw in store.samples(a_request())]

    assert draws == [
        (0, Source.STORE, "openai"),
        (0, Source.IMPORTED, ""),
        (2, Source.STORE, "openai"),
        (1000, Source.STORE, "openai"),
    ]


def test_an_edited_answer_is_a_miss_with_one_warning_and_a_new_one_takes_its_place(path: Path):
    store = open_store(path)
    store.put_many([(a_key(), Output(text="a")), (a_key(1), Output(text="b"))])
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE answers SET value = replace(value, 'a', 'x') WHERE request = ?", (a_request(),)
        )
    connection.close()

    assert [*store.get_many([a_key(), a_key(1)]), *store.get_many([a_key()])] == [a_key(1)]
    assert [warning.split()[0] for warning in store.warnings] == ["[damaged-answer]"]

    assert store.put_many([(a_key(), Output(text="again"))]) == 1
    assert store.get_many([a_key()])[a_key()].answer == Output(text="again")
    assert store.stats().damaged == 1


DAMAGE = {
    "garbage": lambda data: b"this is not a database at all" * 100,
    "cut in the middle": lambda data: data[: len(data) // 2],
    "cut inside a page": lambda data: data[:5000],
    "a flipped header": lambda data: b"X" + data[1:],
    "zeroed pages": lambda data: data[:4096] + bytes(len(data) - 4096),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_kept_aside_with_a_warning_and_a_new_one_works(path: Path, damage):
    store = open_store(path)
    output = Output(text="x" * 500)
    store.put_many([(a_key(number), output) for number in range(100)])
    store.close()
    broken = damage(path.read_bytes())
    path.write_bytes(broken)
    store = open_store(path)

    found = store.get_many(a_key(number) for number in range(100))
    store.put(a_key(1000), Output(text="new"))

    assert {answered.answer for answered in found.values()} <= {output}
    assert a_key(1000) in open_store(path).get_many([a_key(1000)])
    [aside] = path.parent.glob("answers.db.damaged-*")
    assert aside.read_bytes() == broken
    assert len(store.warnings) == 1
    assert store.warnings[0].startswith("[damaged-store] ")
    assert f"kept as {aside.name}, {len(found)} answers saved" in store.warnings[0]


@pytest.mark.parametrize("page", [0, 10, -1], ids=["first", "tenth", "last"])
def test_every_answer_outside_a_zeroed_page_is_saved(path: Path, page: int):
    store = open_store(path)
    keys = [a_key(number) for number in range(1000)]
    store.put_many([(key, Output(text="x" * 500)) for key in keys])
    store.put_imported([(a_request(), 7, Output(text="mine"))])
    store.close()
    with sqlite3.connect(path) as connection:
        name = "SELECT pageno FROM dbstat WHERE name = 'answers' AND pagetype = 'leaf' ORDER BY path"
        try:
            leaf = connection.execute(name).fetchall()[page][0]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite does not tell which page is which")
        in_a_page = 1 + 4096 // connection.execute("SELECT min(length(value)) FROM answers").fetchone()[0]
    connection.close()
    data = bytearray(path.read_bytes())
    data[(leaf - 1) * 4096 : leaf * 4096] = bytes(4096)
    path.write_bytes(data)

    found = open_store(path).get_many([*keys, a_key(sample=7)])

    assert 1000 - in_a_page < len(found) < 1001
    assert found[a_key(sample=7)].answer == Output(text="mine")


damages = st.tuples(
    st.sampled_from(["cut", "zero", "swap", "noise"]), st.integers(0, 10**6), st.integers(0, 10**6)
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "answers.db"
    store = open_store(path)
    store.put_many([(a_key(number), Output(text=f"{number} " * 100)) for number in range(100)])
    store.close()
    return path.read_bytes()


@settings(max_examples=40)
@given(damage=damages)
def test_whatever_is_damaged_no_answer_is_wrong_and_the_store_goes_on(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, damage: tuple[str, int, int]
):
    kind, one, other = damage
    data = bytearray(whole)
    first, second = (number % (len(data) // 4096) * 4096 for number in (one, other))
    if kind == "cut":
        del data[one % len(data) :]
    elif kind == "zero":
        data[first : first + 4096] = bytes(4096)
    elif kind == "swap":
        data[first : first + 4096], data[second : second + 4096] = (
            data[second : second + 4096],
            data[first : first + 4096],
        )
    else:
        data[one % len(data)] = other % 256
    path = tmp_path_factory.mktemp("damaged") / "answers.db"
    path.write_bytes(data)
    store = open_store(path)
    keys = [a_key(number) for number in range(101)]

    found = store.get_many(keys)
    store.put_many([(a_key(100), Output(text="new"))])
    store.salvage()

    expected = {a_key(number): f"{number} " * 100 for number in range(100)}
    assert {key: answered.answer.text for key, answered in found.items()}.items() <= expected.items()
    assert keys[100] in store.get_many(keys)
    store.close()


def test_a_database_of_another_program_is_kept_aside(path: Path):
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a)")
    other.commit()
    other.close()

    open_store(path).put(a_key(), Output(text="a"))

    assert len(list(path.parent.glob("answers.db.damaged-*"))) == 1


def test_a_damaged_file_takes_its_journal_along_so_that_it_is_not_played_into_the_new_one(tmp_path: Path):
    path = tmp_path / "answers.db"
    path.write_bytes(b"damaged")
    path.with_name("answers.db-journal").write_bytes(b"its journal")

    aside = set_aside(path, path.stat().st_ino)

    assert aside is not None
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        aside.name: b"damaged",
        f"{aside.name}-journal": b"its journal",
    }


def test_a_file_that_a_faster_process_has_already_replaced_is_left_alone(tmp_path: Path):
    path = tmp_path / "answers.db"
    path.write_bytes(b"new")

    assert set_aside(path, path.stat().st_ino + 1) is None
    assert path.read_bytes() == b"new"


def test_an_empty_file_is_a_new_store(path: Path):
    path.parent.mkdir()
    path.touch()
    store = open_store(path)

    assert store.get_many([a_key()]) == {}
    store.put(a_key(), Output(text="a"))
    assert a_key() in store.get_many([a_key()])
    assert store.warnings == []


def test_a_store_that_another_process_has_replaced_is_opened_again(path: Path):
    store = open_store(path)
    store.put(a_key(), Output(text="a"))
    path.rename(path.with_name("elsewhere"))

    store.put(a_key(1), Output(text="b"))

    assert list(open_store(path).get_many([a_key(), a_key(1)])) == [a_key(1)]


def test_a_newer_store_is_refused_by_the_release_that_reads_it_and_is_not_touched(path: Path):
    open_store(path).put(a_key(), Output(text="a"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
        connection.execute("UPDATE about SET value = '3.4.0' WHERE name = 'needs'")
    connection.close()
    before = path.read_bytes()

    for use in (lambda store: store.get_many([a_key()]), lambda store: store.prepare()):
        with pytest.raises(PromptctlError) as refused:
            use(open_store(path))
        assert refused.value.slug == "newer-store"
        assert refused.value.exit_code == 2
        assert "promptctl 3.4.0" in (refused.value.fix or "")
    assert path.read_bytes() == before


def test_a_store_opened_for_reading_is_read_and_refuses_to_be_written(path: Path):
    open_store(path).put(a_key(), Output(text="a"))
    store = open_store(path, readonly=True)

    assert a_key() in store.get_many([a_key()])
    with pytest.raises(PromptctlError, match="cannot be written") as refused:
        store.put(a_key(1), Output(text="b"))
    assert refused.value.slug == "cannot-write"


def test_a_folder_that_cannot_be_made_is_said_before_the_first_call(tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(PromptctlError) as refused:
        open_store(tmp_path / "file" / "answers.db").prepare()

    assert (refused.value.slug, refused.value.exit_code) == ("cannot-write", 2)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
@pytest.mark.parametrize("writable_file", [False, True])
def test_a_read_only_folder_is_said_before_the_first_call_and_can_still_be_read(writable_file: bool):
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"promptctl-read-only-{os.getpid()}-{writable_file}"
    path = folder / "answers.db"
    folder.mkdir(mode=0o755)
    try:
        store = open_store(path)
        store.put(a_key(), Output(text="a"))
        store.close()
        path.chmod(0o666 if writable_file else 0o644)
        child = os.fork()
        if not child:
            os._exit(_as_another_user(path))

        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        path.unlink()
        folder.rmdir()


def _as_another_user(path: Path) -> int:
    try:
        os.setuid(65534)
        store = open_store(path)
        if a_key() not in store.get_many([a_key()]):
            return 2
        store.prepare()
    except PromptctlError as error:
        return 0 if error.slug == "cannot-write" else 3
    except BaseException:
        return 4
    return 5


WRITER = """
import sys
from promptctl.core.exchange import AnswerKey, Output
from promptctl.store.answers import open_store
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_store(path)
for number in range(count):
    mine = AnswerKey("openai", name, f"r1:{number:064x}", 0)
    shared = AnswerKey("openai", "shared", f"r1:{number:064x}", 0)
    store.put_many([(mine, Output(text=name)), (shared, Output(text=name))])
    assert mine in store.get_many([mine])
    print(number, flush=True)
"""


def a_writer(path: Path, name: str, count: int = 100) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_that_make_and_fill_one_store_at_once_lose_nothing(path: Path):
    writers = [a_writer(path, "one"), a_writer(path, "two")]
    said = [writer.communicate(timeout=120) for writer in writers]

    assert [err for _, err in said] == ["", ""]
    store = open_store(path)
    assert store.stats()[:3] == (300, 0, 100)
    assert store.warnings == []


def test_a_store_that_is_damaged_under_the_hands_of_two_processes_goes_on_for_both(path: Path):
    # A line each, then a wait: both are in the middle of it when the file is damaged.
    program = (
        WRITER.replace("    assert mine in store.get_many([mine])\n", "")
        + "    number or sys.stdin.readline()\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path), name, "150"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go on\n")
        writer.stdin.flush()
    with path.open("rb+") as file:
        file.write(b"not a database " * (path.stat().st_size // 15))
    said = [writer.communicate(timeout=120) for writer in writers]

    assert [(writer.returncode, err) for writer, (_, err) in zip(writers, said, strict=True)] == [(0, "")] * 2
    assert list(path.parent.glob("answers.db.damaged-*"))
    last = [AnswerKey("openai", name, a_request(149), 0) for name in ("one", "two")]
    assert len(open_store(path).get_many(last)) == 2
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_what_was_acknowledged_survives_kill_9(path: Path):
    for round_ in range(8):
        writer = a_writer(path, f"round {round_}", 10_000)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.02 * round_)
        writer.kill()
        acknowledged = writer.communicate()[0].count("\n") + 1

        keys = [
            AnswerKey("openai", f"round {round_}", a_request(number), 0) for number in range(acknowledged)
        ]
        assert len(open_store(path).get_many(keys)) == acknowledged
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_twenty_thousand_answers_are_looked_up_in_a_few_statements(path: Path):
    store = open_store(path)
    keys = [a_key(number) for number in range(20_000)]
    store.put_many([(key, Output(text="an answer of some length " * 10)) for key in keys])
    statements: list[str] = []
    with store._file._lock:
        store._file._connected().set_trace_callback(statements.append)

    found = store.get_many(keys)

    assert len(found) == 20_000
    assert len([said for said in statements if said.startswith("SELECT")]) <= 2 * 20_000 / 500


def test_it_is_safe_against_power_loss_and_keeps_everything_in_one_file(path: Path):
    store = open_store(path)
    store.put(a_key(), Output(text="a"))

    with store._file._lock:
        connection = store._file._connected()
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]

    assert settings == ["delete", 2]
    assert sorted(file.name for file in path.parent.iterdir()) == [".gitignore", "answers.db"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
any_text = st.text(st.characters(codec=None))  # lone surrogates too


@given(
    text=any_text,
    reasoning=st.none() | any_text,
    calls=st.lists(st.dictionaries(any_text, json_values), max_size=2),
)
def test_every_output_comes_back_as_it_was(text: str, reasoning: str | None, calls: list[dict[str, object]]):
    output = Output(text=text, reasoning=reasoning, tool_calls=tuple(calls))

    assert opened(*sealed(output)) == output


@given(value=st.binary() | st.text() | st.none(), sha256=st.text() | st.none())
def test_anything_else_in_a_row_is_not_an_output(value: object, sha256: object):
    assert opened(value, sha256) is None


def test_a_field_of_a_later_release_does_not_lose_the_answer():
    import hashlib

    value = b'{"text":"a","later":1}'

    assert opened(value, hashlib.sha256(value).hexdigest()) == Output(text="a")
