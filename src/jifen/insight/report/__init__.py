"""The report of a back-test: a page that a manager reads in three minutes, a workbook, and JSON, all from one `Result`.

`html_page(result, language=...)` gives the text of the page, `excel_bytes(result, language=...)` the workbook, `result.to_json`
the JSON. `write_report` chooses by the file's name and never leaves half a file behind.
"""

from jifen.insight.report.excel import excel_bytes
from jifen.insight.report.page import html_page
from jifen.insight.report.write import UnknownReport, write_report

__all__ = ["UnknownReport", "excel_bytes", "html_page", "write_report"]
