"""Asks TensorFlow Serving's REST API as its tutorials do, with requests and with urllib; the last line is the count."""

from example import add_example_check
from models import add_model_checks
from predict import add_predict_checks
from program import run_checks


def add_checks(checks, told):
    for add in (add_predict_checks, add_model_checks, add_example_check):
        add(checks, told.address)


if __name__ == "__main__":
    run_checks(__doc__, add_checks)
