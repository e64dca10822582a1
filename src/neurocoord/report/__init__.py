"""The report of a study: one HTML page that opens anywhere, without a network.

`html(page)` is a pure function from small records to text, `markdown(page)` another; `tables` and
`overview` make tables and sentences of comparisons. All that a page is given is escaped; figures
are SVG as `analysis.plots` writes it.
"""

from neurocoord.report.markdown import markdown
from neurocoord.report.overview import Group, class_answers, measure_answers, overview_table
from neurocoord.report.page import Figure, Page, Section, Table, html
from neurocoord.report.tables import answers, comparison_table

__all__ = [
    "Figure",
    "Group",
    "Page",
    "Section",
    "Table",
    "answers",
    "class_answers",
    "comparison_table",
    "html",
    "markdown",
    "measure_answers",
    "overview_table",
]
