"""Run the studies in full and write what they found into docs/results; `make reference-results`.

    python docs/make_reference_results.py                 # hours; the same command goes on
    python docs/make_reference_results.py --pages         # of what is done so far; runs nothing
    python docs/make_reference_results.py --quick         # the whole path in minutes, elsewhere

Trials lie in results/reference/NAME, a folder of `neurocoord study run` that may be stopped in any
way. For each study docs/results gets a page, its figures and a table of every comparison.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from neurocoord import report as reports
from neurocoord import study as studies
from neurocoord.analysis import plots
from neurocoord.results import atomic_path
from neurocoord.study import parts
from neurocoord.study.catalog import STUDIES, load_study
from neurocoord.study.workers import cost

PAGES = Path(__file__).resolve().parent / "results"
TRIALS = Path("results")
MOST_BYTES = 1_000_000  # of all that is written into the docs
EVERY_S = 60.0  # a line about what is done so often
COLUMNS = (
    "part", "measure", "unit", "baseline", "condition", "n", "baseline_mean", "difference",
    "low", "high", "percent", "percent_low", "percent_high", "g", "p_holm", "q", "could_have_seen",
    "matters_from", "p_equivalence", "finding",
)  # fmt: skip


def do(name: str, module: ModuleType, folder: Path, quick: bool, workers: int | None) -> None:
    """Run what the folder of a study lacks, and write its table there."""
    opened = studies.open_study(module.study(quick), folder, command=_command())
    whole = sum(cost(job.config) for job in opened.jobs)
    begun, spent, first, last = time.monotonic(), 0.0, 0.0, -EVERY_S

    def on_done(outcome: studies.Outcome, n: int, of: int) -> None:
        nonlocal spent, first, last
        spent += cost(outcome.config)
        now = time.monotonic() - begun
        if now < 1.0:
            first = spent  # it was there already
        if now - last >= EVERY_S or n == of:
            last, done = now, spent - first
            left = (
                f", about {max(0.0, now / done * (whole - spent) / 60):.0f} min left"
                if done
                else ""
            )
            print(f"{name}: {n} of {of} trials, {now / 60:.0f} min{left}", flush=True)

    outcomes, _ = studies.perform(
        opened, n_workers=workers, on_done=on_done, on_damage=lambda line: print(line, flush=True)
    )
    for line in studies.write_tables(folder, outcomes):
        print(f"{name}: not written: {line}")


def publish(name: str, module: ModuleType, folder: Path, out: Path) -> list[Path]:
    """Report of a study's folder, as far as it has come, there and as page, figures and table."""
    loaded = studies.load(folder)
    told: parts.Report = module.told(loaded)
    parts.write_report(folder, loaded.run, told)
    failed = sum(bool(done.error) for done in loaded.trials)
    planned = len(loaded.run.config["study"]["order"])
    trials = f"{len(loaded.trials)} of {planned}, {failed} without an outcome"
    page = told.page._replace(provenance={**told.page.provenance, "Trials": trials})
    if len(loaded.trials) < planned:
        people = len({done.subject for done in loaded.trials})
        unfinished = (
            f"Not finished: {len(loaded.trials)} of {planned} trials are done, which come subject "
            f"by subject ({people} so far)."
        )
        page = page._replace(answer=[unfinished, *page.answer])
    out.mkdir(parents=True, exist_ok=True)
    written = [out / f"{name}.md", out / f"{name}.csv"]
    with atomic_path(written[0]) as path:
        table = f"Every comparison: [{name}.csv]({name}.csv)."
        page = page._replace(method=[*page.method, table])
        path.write_text(reports.markdown(page, figures=f"{name}_"), encoding="utf-8")
    with atomic_path(written[1]) as path:
        _write_comparisons(path, told)
    for figure_name, figure in told.figures.items():
        written.append(out / f"{name}_{figure_name}.svg")
        with atomic_path(written[-1]) as path:
            plots.save(figure, path)
    return written


def _write_comparisons(path: Path, told: parts.Report) -> None:
    """Every pair of every measure that the page shows."""
    shown = {m for group in told.groups for m in group.labels}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for group in told.groups:
            for c in group.comparisons:
                for p in c.pairs if c.measure in shown & set(group.labels) else ():
                    numbers = (
                        p.mean_first, p.mean_difference, p.ci_low, p.ci_high, p.percent,
                        p.percent_low, p.percent_high, p.g_z, p.p_holm, p.q,
                        p.smallest_detectable, p.margin, p.p_equivalence,
                    )  # fmt: skip
                    words = (c.task, c.measure, c.unit, p.first, p.second, p.n)
                    writer.writerow((*words, *(f"{x:.4g}" for x in numbers), p.finding))


def write_index(names: Sequence[str], out: Path) -> Path:
    """The page that leads to the others."""
    lines = [
        "# Reference results",
        "",
        "The studies of `neurocoord study list` in full, with every number of their comparisons.",
        "Made by `make reference-results`, never by hand.",
        "",
    ]
    for name in names:
        lines.append(f"- [{name}]({name}.md): {load_study(name).QUESTION}")
    with atomic_path(out / "README.md") as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return out / "README.md"


def _command() -> list[str]:
    return ["python", "docs/make_reference_results.py", *sys.argv[1:]]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small studies, into results alone")
    parser.add_argument("--pages", action="store_true", help="pages of what is done; runs nothing")
    parser.add_argument("--only", nargs="+", choices=STUDIES, default=STUDIES, metavar="STUDY")
    parser.add_argument("--workers", type=int, help="trials at a time; default: one for each core")
    parser.add_argument("--trials", type=Path, help="folder of the trials, of each study one")
    parser.add_argument("--out", type=Path, help="folder of the pages; default: docs/results")
    given = parser.parse_args()
    trials = given.trials or TRIALS / ("reference-quick" if given.quick else "reference")
    out = given.out or (trials / "pages" if given.quick else PAGES)
    written = []
    for name in given.only:
        module = load_study(name)
        if not given.pages:
            do(name, module, trials / name, given.quick, given.workers)
        written += publish(name, module, trials / name, out)
    written.append(write_index([name for name in STUDIES if (out / f"{name}.md").exists()], out))
    n_bytes = sum(path.stat().st_size for path in out.iterdir())
    for path in written:
        print(f"{path}  {path.stat().st_size / 1e3:.0f} kB")
    if n_bytes > MOST_BYTES:
        sys.exit(f"make_reference_results: {n_bytes} bytes in {out}, over {MOST_BYTES}")


if __name__ == "__main__":  # workers are new processes, which read this file again
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("make_reference_results: stopped; the same command goes on")
    except (ValueError, OSError) as failure:
        sys.exit(f"make_reference_results: {failure}")
