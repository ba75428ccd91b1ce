"""Runs perf_analyzer once and reads what it says."""

import csv
import pathlib
import subprocess
import tempfile

from harness import expect, expect_equal

TIME_LIMIT = 60
# Any three short windows will do: what is checked is that it measures, not how steadily. There are many tries because
# on a busy machine one may see no answer at all.
WINDOWS = ["--measurement-interval", "300", "--stability-percentage", "999", "--max-trials", "30"]


class Analyzer:
    def __init__(self, told):
        self.protocol = told.protocol
        self._command = [told.program, "-u", told.address, "-i", told.protocol]

    def run(self, model, *options):
        """Exit code, and all that it printed."""
        done = subprocess.run(
            [*self._command, "-m", model, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT,
        )
        return done.returncode, done.stdout

    def measured(self, model, *options):
        """What it wrote for each load, as numbers by the names of its columns."""
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder, "report.csv")
            code, printed = self.run(model, *WINDOWS, *options, "-f", str(report))
            expect_equal((code, report.exists()), (0, True), f"exit code and report of\n{printed}\n")
            rows = list(csv.DictReader(report.read_text().splitlines()))
        # Others are of a machine too busy to keep up with what was asked for.
        for warning in ("failed", "missing statistics"):
            expect(warning not in printed, f"expected no {warning!r}, given\n{printed}")
        return [{name: float(value) for name, value in row.items() if value} for row in rows], printed
