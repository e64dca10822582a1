"""The report of a study: one HTML page that opens anywhere, without a network.

`html(page)` is a pure function from small records to text; `tables` makes tables and sentences of
comparisons. All that a page is given is escaped; figures are SVG as `analysis.plots` writes it.
"""

from neurocoord.report.page import Figure, Page, Section, Table, html
from neurocoord.report.tables import answers, comparison_table

__all__ = ["Figure", "Page", "Section", "Table", "answers", "comparison_table", "html"]
