"""Checks the server with Triton's perf_analyzer; the last line is the count."""

import json
import pathlib
import re
import tempfile

from harness import expect, expect_equal
from measurement import Analyzer
from program import PROGRAM, PROTOCOL, run_checks

# Its model takes one instance at a time; that of add-batch takes a batch.
SINGLE, BATCHED = "add.add_common", "add-batch"


def add_checks(checks, told):
    analyzer = Analyzer(told)

    def measures(title, loads, model, *options):
        checks.run(title, expect_loads, analyzer, loads, model, options)

    def refuses(title, text, model, *options):
        checks.run(title, expect_refusal, analyzer, text, model, options)

    measures("a range of concurrencies, synchronously", [1, 2, 3, 4], BATCHED, "--concurrency-range", "1:4:1")
    measures("a range of concurrencies, asynchronously", [2, 4], BATCHED, "-a", "--concurrency-range", "2:4:2")
    measures("a model without a batch", [2], SINGLE, "--concurrency-range", "2")
    measures("batches of several instances", [2], BATCHED, "-b", "3", "--concurrency-range", "2")
    measures("rates of requests", [50, 100], BATCHED, "--request-rate-range", "50:100:50")
    measures("a number of requests", [2], BATCHED, "--concurrency-range", "2", "--request-count", "100")
    measures("a version", [1], SINGLE, "-x", "1")
    measures("a percentile", [1], SINGLE, "--percentile", "95")
    measures("a shape of its own", [1], "echo.float32", "--shape", "x:3,5")
    measures("texts", [1], "echo.string", "--shape", "x:1", "--string-data", "Grüße")
    checks.run("what the server counts meanwhile", server_counts, analyzer)
    checks.run("answers are what they should be", answers, analyzer, [2.0, 3.0, 4.0, 5.0])
    checks.run("answers that are not are found", wrong_answers, analyzer)
    refuses("an unknown model", "Request for unknown model: 'nothing' is not found", "nothing")
    refuses("an unknown version", "version 9 is not found", SINGLE, "-x", "9")
    refuses("a batch of a model without one", "the model does not support batching", SINGLE, "-b", "2")
    refuses("a method that fails", "this method always fails", "echo.fail", "--shape", "x:2,2")
    refuses("tracing", "the server does not trace", SINGLE, "--trace-level", "TIMESTAMPS")
    if told.protocol == "grpc":
        measures("streams", [2, 4], BATCHED, "-a", "--streaming", "--concurrency-range", "2:4:2")
        measures("compressed requests", [1], SINGLE, "--grpc-compression-algorithm", "gzip")


def expect_loads(analyzer, loads, model, options):
    rows, printed = analyzer.measured(model, *options)
    of_load = "Request Rate" if "--request-rate-range" in options else "Concurrency"
    # In the order of their throughput.
    expect_equal(sorted(row[of_load] for row in rows), loads, of_load)
    for row in rows:
        expect(row["Inferences/Second"] > 0 and row["p99 latency"] > 0, f"expected answers, given {row}")
    instances = re.findall(r"Inference count: (\d+)", printed)
    expect_equal(len(instances), len(loads), "how often the server was asked for its statistics")


def server_counts(analyzer):
    """The server's counts over a window, which perf_analyzer takes from two answers to ModelStatistics."""
    [row], printed = analyzer.measured(BATCHED, "-b", "4", "--concurrency-range", "2")
    counts = {name: int(re.search(rf"{name} count: (\d+)", printed)[1]) for name in ("Request", "Inference", "Execution", "Successful request")}
    # Requests that are on their way when a window begins or ends: two of them, in three windows.
    expect(abs(counts["Successful request"] - counts["Request"]) <= 12, f"expected each request counted, given {counts}")
    expect_equal(counts["Inference"], 4 * counts["Successful request"], "instances")
    expect(0 < counts["Execution"] <= counts["Inference"], f"given {counts}")
    expect(row["Server Compute Infer"] > 0, f"expected time in the model, given {row}")


def with_data(analyzer, sums):
    data = {
        "data": [{"x1": {"content": [1.0, 2.0, 3.0, 4.0], "shape": [2, 2]}, "x2": {"content": [1.0] * 4, "shape": [2, 2]}}],
        "validation_data": [{"y": {"content": sums, "shape": [2, 2]}}],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "data.json")
        file.write_text(json.dumps(data))
        return analyzer.run(SINGLE, "--input-data", str(file), "--request-count", "50")


def answers(analyzer, sums):
    code, printed = with_data(analyzer, sums)
    expect_equal(code, 0, f"exit code of\n{printed}\n")


def wrong_answers(analyzer):
    """Else the check before would say nothing."""
    code, printed = with_data(analyzer, [2.0, 3.0, 4.0, 6.0])
    expect(code != 0, f"expected an exit code other than 0, given\n{printed}")


def expect_refusal(analyzer, text, model, options):
    code, printed = analyzer.run(model, *options)
    expect(code != 0 and text in printed, f"expected {text!r} and an exit code other than 0, given {code} and\n{printed}")


if __name__ == "__main__":
    run_checks(__doc__, add_checks, options=(PROGRAM, PROTOCOL))
