"""The README and the documents: short enough, with links that lead somewhere and commands that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from scrapy.cmdline import ScrapyArgumentParser, _get_commands_dict
from scrapy.utils.project import get_project_settings

ROOT = Path(__file__).resolve().parents[2]
MAX_README_LINES = 180
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "crawler" / "docs").glob("*.md")], key=lambda path: path.relative_to(ROOT).as_posix()
)
COMMANDS = _get_commands_dict(get_project_settings(), inproject=True)


def shell_lines(path: Path) -> list[str]:
    """The lines of the `sh` blocks, without prompts and continuations; of a transcript only what is typed."""
    found: list[str] = []
    for block in re.findall(r"^```sh\n(.*?)^```", path.read_text("utf-8"), re.M | re.S):
        lines = block.replace("\\\n", " ").splitlines()
        typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        found += typed or lines
    return found


def scrapy_calls(line: str) -> list[list[str]]:
    """The arguments of each `scrapy` that a shell line calls."""
    calls = [shlex.split(inner)[1:] for inner in re.findall(r"\$\((scrapy [^)]*)\)", line)]
    current: list[str] | None = None
    for word in shlex.split(line, comments=True):
        if word in {"|", "&&", "||", ";", ">", "<"}:
            current = None
        elif current is not None:
            current.append(word)
        elif word == "scrapy" or word.endswith("/scrapy"):
            current = []
            calls.append(current)
    return calls


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_is_short(name):
    assert len((ROOT / name).read_text("utf-8").splitlines()) <= MAX_README_LINES


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_exists_and_knows_its_options(path, capsys):
    for line in shell_lines(path):
        for name, *words in scrapy_calls(line):
            if name.startswith("-") or not name.islower():
                continue
            assert name in COMMANDS, line
            command = COMMANDS[name]
            command.settings = get_project_settings()
            parser = ScrapyArgumentParser(conflict_handler="resolve")
            command.add_options(parser)
            _, arguments = parser.parse_known_args(words)
            assert not [word for word in arguments if word.startswith("--")], line


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)", path.read_text("utf-8")):
        file = path.parent / target if target else path
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.M)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{target}#{anchor}"


def test_both_readmes_show_the_same_commands():
    english, chinese = (
        [re.sub(r"\s+#.*", "", line) for line in shell_lines(ROOT / name)] for name in ("README.md", "README.zh-CN.md")
    )
    assert english == chinese
    assert len(english) > 15
