"""How a programme is written: the document, its checks, its plan, and its way into compiled meaning."""
