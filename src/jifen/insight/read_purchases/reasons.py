"""Why a row or a file is not taken: stable codes with a sentence in English and Chinese.

`{column}` is the column as the file calls it. What the cell held stands beside the sentence, not in it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from jifen.domain.purchase import LINE_NUMBER_MAX, LINES_MAX, QUANTITY_MILLI_MAX
from jifen.domain.texts import CODE, TAGS_MAX, WORDS


class Reason(NamedTuple):
    """A sentence in both languages."""

    en: str
    zh: str


# In the order in which they are looked for: a cell gets the first that fits.
RowCode = Literal[
    "cells_count",
    "missing",
    "unprintable",
    "text_too_long",
    "tags_too_many",
    "number_shortened",
    "not_a_number",
    "too_many_decimals",
    "not_exact",
    "number_too_large",
    "negative",
    "not_a_time",
    "time_without_zone",
    "time_repeated",
    "time_skipped",
    "time_too_old",
    "time_in_future",
    "store_unknown",
    "money_differs",
    "member_ref_kind_wrong",
    "line_number_wrong",
    "payments_wrong",
    "lines_disagree",
    "line_number_repeated",
    "lines_too_many",
    "amount_too_large",
    "quantity_too_large",
    "sums_differ",
    "payments_differ",
    "contradiction",
    "purchase_refused",
]

ROW_REASONS: dict[RowCode, Reason] = {
    "cells_count": Reason(
        "The row has more or fewer cells than the header: perhaps a separator or a quote inside a cell.",
        "该行的单元格数与表头不同；可能是单元格内含有分隔符或引号。",
    ),
    "missing": Reason("{column} is empty; it is required.", "“{column}”为空，此列必填。"),
    "unprintable": Reason(
        "{column} holds a character that is not printed, such as a line break, a tab or a mark without width.",
        "“{column}”含有不可打印的字符，例如换行、制表符或零宽字符。",
    ),
    "text_too_long": Reason(
        f"{{column}} is too long: {WORDS.longest} characters, of a code or a tag {CODE.longest}.",
        f"“{{column}}”过长：最多 {WORDS.longest} 个字符，编码和标签最多 {CODE.longest} 个。",
    ),
    "tags_too_many": Reason(
        f"{{column}} holds more than {TAGS_MAX} tags.", f"“{{column}}”的标签超过 {TAGS_MAX} 个。"
    ),
    "number_shortened": Reason(
        "{column} is a number that a spreadsheet shortened (1.23E+17); export the column as text.",
        "“{column}”被电子表格缩写成了科学计数法（如 1.23E+17）；请把该列按文本导出。",
    ),
    "not_a_number": Reason(
        "{column} is not a number in the form that the mapping says.",
        "“{column}”不是映射文件所述格式的数字。",
    ),
    "too_many_decimals": Reason(
        "{column} has more decimals than can be kept.", "“{column}”的小数位数超出可保存的位数。"
    ),
    "not_exact": Reason(
        "{column} is a binary float that is no exact value at the decimals kept; store it as decimal or text.",
        "“{column}”是二进制浮点数，无法精确到所保存的小数位；请改用十进制或文本。",
    ),
    "number_too_large": Reason("{column} is too large.", "“{column}”数值过大。"),
    "negative": Reason(
        "{column} is below zero; what comes back is a return, not a purchase (discounts: see discount_sign).",
        "“{column}”小于零；退货不是消费（优惠金额的正负号见 discount_sign）。",
    ),
    "not_a_time": Reason(
        "{column} is not a time in the form that the mapping says.", "“{column}”不是映射文件所述格式的时间。"
    ),
    "time_without_zone": Reason(
        "{column} has no zone and the mapping names none.", "“{column}”没有时区，映射文件也未指定时区。"
    ),
    "time_repeated": Reason(
        "{column} happened twice, for the clocks went back; set time.clock_change or write times with their zone.",
        "“{column}”在时钟回拨时出现了两次；请设置 time.clock_change，或写明时区。",
    ),
    "time_skipped": Reason(
        "{column} never happened, for the clocks went forward; set time.clock_change or correct it.",
        "“{column}”在时钟拨快时并不存在；请设置 time.clock_change，或更正该时间。",
    ),
    "time_too_old": Reason("{column} lies before the year 1990.", "“{column}”早于 1990 年。"),
    "time_in_future": Reason("{column} lies in the future.", "“{column}”是将来的时间。"),
    "store_unknown": Reason(
        "{column} is no store of the programme; add the store or correct the code.",
        "“{column}”不是会员计划中的门店；请先添加门店或更正编码。",
    ),
    "money_differs": Reason("{column} is not the programme's money.", "“{column}”与会员计划的货币不同。"),
    "member_ref_kind_wrong": Reason(
        "{column} must be external or card.", "“{column}”只能是 external 或 card。"
    ),
    "line_number_wrong": Reason(
        f"{{column}} is no whole number from 0 to {LINE_NUMBER_MAX:,}.",
        f"“{{column}}”不是 0 到 {LINE_NUMBER_MAX:,} 的整数。",
    ),
    "payments_wrong": Reason(
        '{column} is not JSON of the form [{{"method": "cash", "amount_minor": 1230}}].',
        '“{column}”不是 [{{"method": "cash", "amount_minor": 1230}}] 形式的 JSON。',
    ),
    "lines_disagree": Reason(
        "{column} differs from the row before it of the same purchase.",
        "“{column}”与同一笔消费的上一行不同。",
    ),
    "line_number_repeated": Reason(
        "The same line number stands twice in this purchase, with different content.",
        "同一笔消费中行号重复，且内容不同。",
    ),
    "lines_too_many": Reason(
        f"The purchase has more than {LINES_MAX:,} lines.", f"该笔消费超过 {LINES_MAX:,} 行。"
    ),
    "amount_too_large": Reason(
        "The purchase's amount is above the programme's limit.", "该笔消费的金额超过会员计划的上限。"
    ),
    "quantity_too_large": Reason(
        f"The purchase's quantities add up to more than {QUANTITY_MILLI_MAX // 1000:,}.",
        f"该笔消费的数量合计超过 {QUANTITY_MILLI_MAX // 1000:,}。",
    ),
    "sums_differ": Reason(
        "{column} is not the sum of the purchase's lines.", "“{column}”与各明细行金额之和不相等。"
    ),
    "payments_differ": Reason(
        "{column} does not add up to the purchase's amount.", "“{column}”的合计与消费金额不相等。"
    ),
    "contradiction": Reason(
        "The purchase stands in the files more than once, with different content; "
        "its rows must be next to each other or carry line numbers.",
        "同一笔消费多次出现且内容不同；同一笔消费的各行应相邻，或带有行号。",
    ),
    "purchase_refused": Reason(
        "Another row of this purchase was refused, and a purchase is taken whole or not at all.",
        "该笔消费的另一行被拒绝；一笔消费要么整笔导入，要么不导入。",
    ),
}
assert tuple(ROW_REASONS) == get_args(RowCode)

# Codes travel through columns as one byte each.
NUMBER_OF: dict[RowCode, int] = {code: number for number, code in enumerate(ROW_REASONS, start=1)}
CODE_OF: dict[int, RowCode] = {number: code for code, number in NUMBER_OF.items()}


FileCode = Literal[
    "file_missing",
    "file_empty",
    "file_too_large",
    "file_unreadable",
    "encoding_wrong",
    "quote_open",
    "column_missing",
    "column_twice",
    "column_type",
    "zone_missing",
]

FILE_REASONS: dict[FileCode, Reason] = {
    "file_missing": Reason("There is no such file.", "文件不存在。"),
    "file_empty": Reason("The file is empty.", "文件为空。"),
    "file_too_large": Reason("The file is larger than 2 GiB; split it.", "文件超过 2 GiB，请拆分。"),
    "file_unreadable": Reason("The file cannot be read.", "文件无法读取。"),
    "encoding_wrong": Reason(
        "The text is not in the encoding that the mapping says (utf-8 or gb18030).",
        "文本编码与映射文件不符（utf-8 或 gb18030）。",
    ),
    "quote_open": Reason(
        "A quote opens a cell and is closed only on a later line; set quote: none if quotes mean nothing.",
        "引号在后面的行才闭合；若引号没有特殊含义，请设置 quote: none。",
    ),
    "column_missing": Reason(
        "The mapping names columns that the file does not have.", "映射文件中的列在该文件中不存在。"
    ),
    "column_twice": Reason("A mapped column stands twice in the header.", "表头中有重复的列。"),
    "column_type": Reason(
        "A column has a type that cannot hold what the mapping says.", "列的类型与映射文件所述内容不符。"
    ),
    "zone_missing": Reason(
        "The times carry no zone; name it in the mapping (time.zone).",
        "时间不带时区；请在映射文件中指定 time.zone。",
    ),
}
assert tuple(FILE_REASONS) == get_args(FileCode)


class FileRefused(Exception):
    """A file was refused as a whole, before any of its rows was taken."""

    def __init__(self, code: FileCode, file: str, *, detail: str = "", row: int = 0) -> None:
        self.code = code
        self.file = file
        self.detail = detail
        self.row = row  # 0: no particular row
        reason = FILE_REASONS[code]
        place = f"{file}:{row}" if row else file
        self.message_en = f"{place}: {reason.en}" + (f" {detail}" if detail else "")
        self.message_zh = f"{place}：{reason.zh}" + (detail if detail else "")
        super().__init__(f"{self.message_en} [{code}]")
