"""Posts JSON as people do: with requests, and with what Python has itself."""

import json
import urllib.request

import requests


class RequestsPost:
    """One session, so connections are kept."""

    def __init__(self, address):
        self._base = f"http://{address}"
        self._session = requests.Session()
        # A proxy for the machine's way out is none for its own server.
        self._session.trust_env = False

    def __call__(self, path, body):
        response = self._session.post(self._base + path, data=json.dumps(body), timeout=30)
        return response.status_code, response.headers["Content-Type"], response.text


class UrllibPost:
    """A connection for each request."""

    def __init__(self, address):
        self._base = f"http://{address}"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, path, body):
        request = urllib.request.Request(self._base + path, data=json.dumps(body).encode(), method="POST")
        with self._opener.open(request, timeout=30) as response:
            return response.status, response.headers["Content-Type"], response.read().decode()


POSTS = {"rest-requests": RequestsPost, "rest-urllib": UrllibPost}
