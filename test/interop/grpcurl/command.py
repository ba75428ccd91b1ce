"""Runs grpcurl once, which learns all schemas from the server."""

import json
import subprocess

from harness import expect, expect_equal

TIME_LIMIT = 30


class Grpcurl:
    def __init__(self, told):
        self._program = told.program
        self._address = told.address

    def run(self, *arguments, options=(), text=None):
        """Exit code, standard output and standard error."""
        done = subprocess.run(
            [self._program, "-plaintext", "-max-time", "20", *options, self._address, *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
        )
        return done.returncode, done.stdout, done.stderr

    def say(self, *arguments):
        """What it prints when all is well."""
        code, printed, problem = self.run(*arguments)
        expect_equal((code, problem), (0, ""), "exit code and error")
        return printed

    def call(self, method, message, *options):
        """The answer to a JSON message."""
        code, printed, problem = self._invoke(method, json.dumps(message), options)
        expect_equal((code, problem), (0, ""), "exit code and error")
        return json.loads(printed)

    def call_all(self, method, messages):
        """The answers to all messages of a stream."""
        code, printed, problem = self._invoke(method, "\n".join(map(json.dumps, messages)))
        expect_equal((code, problem), (0, ""), "exit code and error")
        decoder, answers, rest = json.JSONDecoder(), [], printed.strip()
        while rest:
            answer, end = decoder.raw_decode(rest)
            answers.append(answer)
            rest = rest[end:].lstrip()
        return answers

    def error(self, method, text):
        """What it says when a call fails."""
        code, printed, problem = self._invoke(method, text)
        expect(code != 0, f"expected an error, given {printed}")
        return problem

    def _invoke(self, method, text, options=()):
        return self.run(method, options=("-d", "@", *options), text=text)
