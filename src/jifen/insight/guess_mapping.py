"""What the columns of a file seem to be, by their names and first cells: a mapping to begin from, for a person to correct.

A guess is never taken for granted: nothing is imported before somebody has seen it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

PURCHASES: Final[Mapping[str, tuple[str, ...]]] = {
    "business_no": ("business_no", "receipt", "receipt_no", "receipt_number", "receipt_id", "order_no", "order_id", "basket_id",
                    "transaction_id", "transaction_no", "ticket",
                    "小票号", "小票", "单号", "订单号", "流水号", "交易号", "业务单号"),
    "occurred_at": ("occurred_at", "time", "datetime", "timestamp", "date", "transaction_timestamp", "sold_at", "paid_at",
                    "时间", "交易时间", "消费时间", "支付时间", "下单时间", "日期", "交易日期"),
    "amount": ("amount", "paid", "net", "net_amount", "sales_value", "line_amount", "实付", "实付金额", "实收", "金额", "行金额"),
    "source": ("source", "system", "来源", "来源系统"),
    "member_ref": ("member_ref", "member", "member_id", "card", "card_no", "card_number", "customer", "customer_id",
                   "household_id",
                   "会员号", "会员卡号", "卡号", "会员编号", "会员"),
    "store": ("store", "shop", "store_id", "store_code", "branch", "门店", "门店号", "门店编码", "店号"),
    "till": ("till", "register", "pos", "terminal", "收银机", "收银台", "款台", "机号"),
    "cashier": ("cashier", "operator", "收银员"),
    "channel": ("channel", "渠道"),
    "money": ("money", "currency", "币种"),
    "purchase_amount": ("purchase_amount", "total", "receipt_total", "order_total", "小票总额", "小票金额",
        "总额", "合计", "订单金额"),
    "payment_method": ("payment_method", "payment", "tender", "支付方式", "付款方式"),
    "payments": ("payments",),
    "line_number": ("line_number", "line", "line_no", "行号", "序号"),
    "sku": ("sku", "item", "item_code", "item_id", "product_id", "product_code", "barcode", "ean", "商品编码", "商品编号", "货号",
            "条码"),
    "name": ("name", "item_name", "product", "product_name", "description", "商品名称", "商品", "品名"),
    "category": ("category", "department", "品类", "类别", "分类"),
    "brand": ("brand", "品牌"),
    "quantity": ("quantity", "qty", "count", "数量", "件数"),
    "discount": ("discount", "rebate", "折扣", "优惠", "优惠金额"),
    "cost": ("cost", "成本"),
    "tags": ("tags", "标签"),
    "line_tags": ("line_tags", "item_tags", "商品标签"),
}  # fmt: skip
"""Field of a purchase -> what such a column is called, in small letters with _ for blanks."""
OPENING: Final[Mapping[str, tuple[str, ...]]] = {
    "member_ref": PURCHASES["member_ref"],
    "units": ("units", "points", "balance", "amount", "积分", "余额", "积分余额", "可用积分"),
    "currency": ("currency", "wallet", "积分种类"),
    "expires_on": ("expires_on", "valid_until", "expiry", "expires", "expiry_date", "expiration", "有效期", "有效期至", "到期日",
                   "过期日", "失效日期"),
    "earned_on": ("earned_on", "earned", "date", "created", "获得日期", "积分日期", "入账日期"),
    "reference": ("reference", "lot", "lot_id", "batch", "id", "批次", "批次号"),
}  # fmt: skip
FIELDS: Final = {"purchases": PURCHASES, "opening": OPENING}
TIMES: Final = (
    "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y",
)  # fmt: skip


def guessed_mapping(
    what: str, header: Sequence[str], rows: Sequence[Sequence[str | None]], *, is_text: bool
) -> dict[str, Any]:
    """A mapping of the columns, without what nobody can guess: who numbered the receipts, a constant currency, a zone.

    Shape
        rows      the first rows as text
        is_text   whether the cells are text (CSV) and not values of a type (Parquet)
    """
    columns = _columns(FIELDS[what], header)
    cells = {name: [row[at] for row in rows if at < len(row) and row[at]] for at, name in enumerate(header)}

    def of(field: str) -> list[str]:
        return [str(cell) for cell in cells.get(columns.get(field, ""), [])]

    mapping: dict[str, Any] = {"columns": columns, "constants": {}}
    if what == "opening":
        if is_text:
            mapping["dates"] = {"format": _time_format(of("expires_on") or of("earned_on"))}
            mapping["units"] = _numbers(of("units"))
        return mapping
    mapping["rows_are"] = _rows_are(columns, of("business_no"))
    if is_text:
        mapping["time"] = {"format": _time_format(of("occurred_at"))}
        mapping["amounts"] = _numbers(of("amount"))
        discounts = of("discount")
        if discounts and all(cell.lstrip().startswith("-") or not cell.strip("0.,") for cell in discounts):
            mapping["discount_sign"] = (
                "negative" if any(cell.startswith("-") for cell in discounts) else "positive"
            )
    return mapping


def tells_offset(cells: Sequence[str]) -> bool:
    """Whether times carry their offset from UTC, so that no zone need be named."""
    return bool(cells) and all(re.search(r"(Z|[+-]\d\d:?\d\d)$", cell.strip()) for cell in cells)


def _plain(name: str) -> str:
    return re.sub(r"[\s\-./]+", "_", re.sub(r"[（(【\[].*", "", name.strip().lower())).strip("_")


def _columns(fields: Mapping[str, Sequence[str]], header: Sequence[str]) -> dict[str, str]:
    """Field -> column, each used once: names that are the same first, then names that hold one another."""
    found: dict[str, str] = {}
    free = {name: _plain(name) for name in header if list(header).count(name) == 1 and _plain(name)}
    for is_same in (True, False):
        # Of names that hold one another the longer says more: 会员卡号 before 卡号.
        names = [(alias, field) for field, aliases in fields.items() for alias in aliases]
        for alias, field in names if is_same else sorted(names, key=lambda one: -len(one[0])):
            if field in found or (not is_same and len(alias) < (2 if not alias.isascii() else 5)):
                continue
            column = next(
                (name for name, plain in free.items() if (plain == alias if is_same else alias in plain)),
                None,
            )
            if column is not None:
                found[field] = column
                del free[column]
    return {field: found[field] for field in fields if field in found}


def _rows_are(columns: Mapping[str, str], numbers: Sequence[str]) -> str:
    tells_lines = any(field in columns for field in ("sku", "name", "line_number", "quantity"))
    return "lines" if tells_lines or len(set(numbers)) < len(numbers) else "purchases"


def _time_format(cells: Sequence[str]) -> str:
    texts = [cell.strip() for cell in cells]
    if not texts:
        return "iso"
    if all(re.fullmatch(r"\d{10}", text) for text in texts):
        return "unix_seconds"
    if all(re.fullmatch(r"\d{13}", text) for text in texts):
        return "unix_milliseconds"
    if all(re.match(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d|$)", text) for text in texts):
        return "iso"
    fits = [one for one in TIMES if all(_is_time(text, one) for text in texts)]
    return fits[0] if fits else "iso"


def _is_time(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)  # noqa: DTZ007  only whether it fits
    except ValueError:
        return False
    return True


def _numbers(cells: Sequence[str]) -> dict[str, str]:
    """How numbers are written: 1,234.56 or 1.234,56 or 1234.56."""
    marks = {"decimal": ".", "thousands": ""}
    if any(re.search(r"\d,\d{1,2}$", cell) for cell in cells):
        marks["decimal"] = ","
        marks["thousands"] = "." if any(re.search(r"\d\.\d{3}\b", cell) for cell in cells) else ""
    elif any(re.search(r"\d,\d{3}\b", cell) for cell in cells):
        marks["thousands"] = ","
    return marks
