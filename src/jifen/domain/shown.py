"""How a person reads what the books keep: units with their decimals, and the words for kinds of entries and places of units."""

from __future__ import annotations

KINDS_ZH = {
    "enrol": "入会", "purchase": "消费", "event": "事件", "moment": "时刻", "return": "退货", "void": "撤销", "reverse": "冲正",
    "redeem": "兑换", "reserve": "预留", "commit": "提交预留", "release": "释放预留", "exchange": "换取", "adjust_up": "人工调增",
    "adjust_down": "人工调减", "gift_out": "赠出", "gift_in": "获赠", "carry_out": "转出", "carry_in": "转入",
    "state": "状态变更", "note": "备注", "advance": "到期处理",
}  # fmt: skip
PLACES_ZH = {
    "outside": "批次之外", "open": "未用", "held": "预留中", "gone": "已用", "expired": "已过期", "back": "已退回",
    "in_debt": "欠分",
}  # fmt: skip


def units_shown(units: int, scale: int) -> str:
    """Smallest units as a person reads them: with scale 2, 150 is 1.50."""
    if not scale:
        return f"{units:,}"
    sign = "-" if units < 0 else ""
    return f"{sign}{abs(units) // 10**scale:,}.{abs(units) % 10**scale:0{scale}d}"


def kind_shown(kind: str, language: str) -> str:
    """The word for a kind of entry."""
    return KINDS_ZH[kind] if language == "zh" else kind


def place_shown(place: str, language: str) -> str:
    """The word for where units of a lot stand."""
    return PLACES_ZH[place] if language == "zh" else place
