"""`scrapy restore` as people run it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GARBLED = "全縣食品安全監(jiān)管工作會議在縣府召開,各鄉(xiāng)鎮(zhèn)負責人參加會議??h委領導講話。"
CLEAN = "全县食品安全监管工作会议在县府召开，各乡镇负责人参加会议。县委领导讲话。"


def run(*args: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "scrapy", "restore", *args]
    return subprocess.run(command, input=given, capture_output=True, cwd=ROOT, timeout=60, check=False)


def test_stdin_to_stdout() -> None:
    done = run(given=GARBLED.encode())
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, CLEAN, b"")


def test_sound_bytes_come_out_as_they_went_in() -> None:
    sound = "第一行\r\n　　苯(benzene)\t亓(qí)某\n".encode()
    assert run(given=sound).stdout == sound


def test_files_and_explanations(tmp_path: Path) -> None:
    source = tmp_path / "article.txt"
    source.write_text(GARBLED, encoding="utf-8")
    done = run("--explain", str(source))
    assert done.stdout.decode() == CLEAN
    lines = done.stderr.decode().splitlines()
    assert any("'??h' → '。縣' (gbk:" in line for line in lines)
    assert any("'(jiān)' → '' (gloss:" in line for line in lines)


def test_json_lines() -> None:
    rows = [{"id": "a", "garbled": GARBLED, "clean": "ignored"}, {"id": 2, "text": "食品"}]
    given = "\n\n".join(json.dumps(row) for row in rows).encode()
    done = run("--jsonl", given=given)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": "a", "text": CLEAN},
        {"id": 2, "text": "食品"},
    ]


def test_json_lines_explained() -> None:
    done = run("--jsonl", "--explain", given=json.dumps({"id": "a", "text": GARBLED}).encode())
    changes = json.loads(done.stdout)["changes"]
    assert GARBLED[changes[0]["position"] :].startswith("??h")


@pytest.mark.parametrize(
    ("args", "given", "says"),
    [
        (["missing.txt"], b"", "can't read missing.txt"),
        ([], b"\xff\xfeabc", "stdin is not UTF-8"),
        (["--jsonl"], b'{"id": 1, "text": "a"}\n{bad\n', "line 2 is not JSON"),
        (["--jsonl"], b'{"text": "a"}\n', "line 1 needs an id and a string"),
        (["--jsonl"], b"[1]\n", "line 1 needs an id and a string"),
        (["--jsonl"], b'{"id": 1, "text": "\xff"}\n', "line 1, is not UTF-8"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(args: list[str], given: bytes, says: str) -> None:
    done = run(*args, given=given)
    error = done.stderr.decode()
    assert done.returncode == 2
    assert says in error
    assert len(error.splitlines()) == 1


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    row = json.dumps({"id": "a", "text": "安全" * 500}) + "\n"
    source.write_text(row * 2000, encoding="utf-8")
    command = [sys.executable, "-m", "scrapy", "restore", "--jsonl", str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(timeout=60)
