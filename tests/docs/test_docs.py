"""What the documents say can be found: links, decisions, words, commands, laws, tables."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
from sqlalchemy import CheckConstraint
from tests.docs import database_page

from jifen.cli import app
from jifen.present.laws import law_title
from jifen.store.laws import LAWS
from jifen.store.tables import metadata

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")


def _tracked() -> list[Path]:
    assert (ROOT / ".git").exists(), "these tests are run in a checkout"
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in told.stdout.split("\0") if name and (ROOT / name).is_file()]


def _pages() -> list[Path]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    assert len(found) > 30, "the pages were not found"
    return sorted(found)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _slugs(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    slugs = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        slugs.add(kept.replace(" ", "-"))
    return slugs


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    lost = []
    for pair in LINK.findall(text):
        target = pair[0] or pair[1]
        if re.match(r"[a-z]+:", target) or target == "NNNN-slug.md":
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in _slugs(found)):
            lost.append(target)
    assert not lost


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`((?:src|tests|docs|examples)/[\w./-]+)`", page.read_text(encoding="utf-8")))
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]


def test_no_page_is_an_island() -> None:
    linked = set()
    for page in _pages():
        for pair in LINK.findall(page.read_text(encoding="utf-8")):
            path = (pair[0] or pair[1]).partition("#")[0]
            if path and ":" not in path:
                linked.add((page.parent / path).resolve())
    alone = [_name(page) for page in _pages() if page.resolve() not in linked]
    assert not alone, "link them, from docs/index.md for example"


# -- decisions ---------------------------------------------------------------------------------------------------------


def test_every_decision_has_its_own_number_and_stands_in_the_list() -> None:
    pages = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    numbers = [path.name[:4] for path in pages]
    assert len(set(numbers)) == len(numbers), "a number stands twice"
    listed = re.findall(
        r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", (DECISIONS / "README.md").read_text(encoding="utf-8"), re.M
    )
    missing = [
        f"| [{path.name[:4]}]({path.name}) | {_title(path).partition(' ')[2]} |"
        for path in pages
        if (path.name[:4], path.name) not in [(number, name) for number, name, _ in listed]
    ]
    assert not missing, "add to docs/decisions/README.md:\n" + "\n".join(missing)
    assert [number for number, _, _ in listed] == sorted(numbers)


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda path: path.name[:4])
def test_a_decision_says_its_number_and_fits_a_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert _title(path).startswith(path.name[:4] + " ")
    assert text.count("\n") <= 70


# -- words -------------------------------------------------------------------------------------------------------------

WORDS = """
programme 会员计划
revision 版本
person 个人
member 会员
household 家庭
currency 积分种类
account 账户
posting 分录
entry 凭证
lot 批次
purchase 消费
line 明细
return 退货
earn 累积
redeem 兑换
expire 过期
adjust 调整
claw back 扣回
transfer 转赠
pending 待生效
available 可用
held 冻结
earn rule 积分规则
base 基础积分
bonus 额外积分
multiplier 倍数
cap 上限
stacking 叠加
tier 等级
qualifying 成长值
grace 保级期
downgrade 降级
reward 礼品
redemption 兑换
fulfilment 履约
coupon 优惠券
campaign 活动
audience 人群
holdout 对照组
liability 积分负债
breakage 沉没
refusal 拒绝原因
occurred_at 发生时间
recorded_at 入账时间
event 事件
hit 命中
slice 份额
hold 冻结
chain 分录链
book date 账面日期
ladder 等级阶梯
reach 达标值
window 滚动窗口
review 定级复核
business number 业务单号
receipt of nobody 无主小票
checkpoint 检查点
"""


def test_the_glossary_holds_every_word_in_both_languages() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]
    missing = []
    for pair in WORDS.strip().splitlines():
        english, _, chinese = pair.rpartition(" ")
        if not any(re.search(rf"\b{re.escape(english)}\b", row[0]) and chinese in row[1] for row in rows):
            missing.append(pair)
    assert not missing
    assert not [row for row in rows if len(row) != 4 or not row[2]], "a row without its meaning"


def test_a_word_stands_once_in_the_first_column_of_the_glossary() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    firsts = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    firsts = [first for first in firsts if first != "word"]
    assert len(firsts) == len(set(firsts))


# -- commands ----------------------------------------------------------------------------------------------------------


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_what_a_page_makes_can_be_made(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z-]+)", text)
    )
    assert named <= _targets()


def test_the_two_commands_stand_in_both_readmes() -> None:
    for name in ("README.md", "README.zh.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(r"^make demo\b", text, re.MULTILINE)
        assert re.search(r"^make test\b", text, re.MULTILINE)


def _spoken(page: Path) -> list[str]:
    """Commands that stand in code: fenced lines, and inline code that begins with jifen."""
    text = page.read_text(encoding="utf-8")
    fenced = [line for block in FENCE.findall(text) for line in block.splitlines()]
    inline = [f"`{code}" for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]
    found = []
    for line in fenced + inline:
        start = re.match(r"^`?(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?jifen ([a-z].*)", line)
        if start:
            found.append(start.group(1).partition("  ")[0].partition(" #")[0].strip())
    return found


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    wrong = []
    for spoken in _spoken(page):
        words = spoken.split()
        command: Any = typer.main.get_command(app)
        while words and hasattr(command, "commands"):
            named = command.commands.get(words[0].partition("|")[0])
            # A group may have a command that is meant when none is named, as `jifen snapshot FOLDER`.
            command = named or command.commands.get(getattr(command, "default_command", ""))
            words = words[1:] if named else words
        if command is None:
            wrong.append(spoken)
            continue
        # What follows `--` is for another program.
        asked = {
            word.partition("=")[0]
            for word in " ".join(words).partition(" -- ")[0].split()
            if word.startswith("--")
        }
        known = {
            option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]
        }
        if asked - known - {"--", "--help"}:
            wrong.append(spoken)
    assert not wrong


# -- both halves -------------------------------------------------------------------------------------------------------


def test_the_chinese_readme_is_the_english_one() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
    assert len(re.findall(r"^## ", english, re.M)) == len(re.findall(r"^## ", chinese, re.M))
    for call in ("purchases:quote", "/v1/purchases -H", "purchases:return"):
        assert call in english
        assert call in chinese
    figures = re.findall(r"^  [a-z].*\d,\d{3}.*$", english, re.MULTILINE)
    assert figures
    assert all(figure in chinese for figure in figures)


def test_the_shop_owners_page_has_the_same_parts_in_both_languages() -> None:
    text = (ROOT / "docs" / "shop-owner.md").read_text(encoding="utf-8")
    english, _, chinese = text.partition("## 中文")
    assert english.count("\n### ") == chinese.count("\n### ") > 5
    assert english.count("\n```") == chinese.count("\n```")


# -- reference ---------------------------------------------------------------------------------------------------------


def test_the_page_of_laws_holds_each_law_with_each_of_its_checks() -> None:
    text = (ROOT / "docs" / "reference" / "laws.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert len(parts) == len(LAWS)
    for part, law in zip(parts, LAWS, strict=True):
        assert part.startswith(f"{law.number}. {law_title(law.number, 'en')}\n")
        assert law_title(law.number, "zh") in part
        told = {line.removeprefix("- Check: ") for line in part.splitlines() if line.startswith("- Check: ")}
        assert {name for name, _ in law.checks} <= told, law.number
        extra = told - {name for name, _ in law.checks}
        assert all(law.number == 4 and "replayed" in check for check in extra), extra
        assert "\n- Constraints: " in part
        assert "\n- Tests: `tests/" in part
        assert law.tested_by is None or f"`{law.tested_by}" in part


def test_the_constraints_that_the_laws_name_exist() -> None:
    text = (ROOT / "docs" / "reference" / "laws.md").read_text(encoding="utf-8")
    said = " ".join(re.findall(r"^- Constraints: (.*(?:\n  .*)*)", text, re.MULTILINE))
    tables = metadata.tables.values()
    known = {
        str(one.name) for table in tables for one in table.constraints if isinstance(one, CheckConstraint)
    }
    known |= {str(index.name) for table in tables for index in table.indexes} | {
        table.name for table in tables
    }
    named = set(re.findall(r"`([a-z_]+)`", said))
    assert len(named) > 15
    assert named <= known


def test_the_page_of_the_database_is_fresh() -> None:
    written = database_page.PAGE.read_text(encoding="utf-8")
    assert written == database_page.page(), "run: python -m tests.docs.database_page"


# -- pictures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "pictures").glob("*.svg")), ids=lambda path: path.name
)
def test_a_picture_is_told_in_words_serves_the_dark_and_asks_nothing_of_the_network(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    picture = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert picture.findtext(f"{space}title")
    assert picture.findtext(f"{space}desc")
    assert "prefers-color-scheme: dark" in text
    assert "<script" not in text
    assert not re.search(r"(?:href|url)\s*[=(]\s*[\"']?(?!#)", text.replace("url(#", "#("))
    assert min(int(size) for size in re.findall(r'font-size="(\d+)"', text)) >= 13, "too small for a phone"


# -- what must not be there --------------------------------------------------------------------------------------------

# Put together here, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of one machine": re.compile(
        "/" + r"(?:work/(?:main|shared)|root|home/[a-z]+|Users/[A-Za-z]+)" + "/"
    ),
    "the host of a registry": re.compile(
        "|".join(
            ["pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.org", "proxy" + r"\.golang\.org"]
        )
        + "|"
        + r"https?://[\w.-]*(?:artifactory|nexus|/simple/)"
        + "|-"
        + r"-(?:extra-)?index-url[ =]https?:"
    ),
}


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for what, pattern in FORBIDDEN.items():
            hit = pattern.search(text)
            if hit and path != Path(__file__):
                found.append(f"{_name(path)}: {what}: {hit.group(0)}")
    assert not found
