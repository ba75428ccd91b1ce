"""The lines of the tutorials: json.dumps of a dictionary, posted."""

import json
import urllib.error
import urllib.request

import requests

HEADERS = {"content-type": "application/json"}


class Server:
    def __init__(self, address):
        self.models = f"http://{address}/v1/models/"

    def post(self, path, **request):
        return requests.post(self.models + path, data=json.dumps(request), headers=HEADERS, timeout=50)

    def predict(self, model, **request):
        """Predictions or outputs, whichever form the request has."""
        response = self.post(f"{model}:predict", **request)
        response.raise_for_status()
        # As in the tutorials, by the module json: it knows NaN and Infinity, requests' own may not.
        reply = json.loads(response.text)
        return reply["predictions" if "instances" in request else "outputs"]

    def get(self, path):
        response = requests.get(self.models + path, timeout=50)
        return response.status_code, response.json()

    def open(self, path, request):
        """By urllib: status and reply."""
        data = json.dumps(request).encode()
        call = urllib.request.Request(self.models + path, data=data, headers=HEADERS)
        try:
            with urllib.request.urlopen(call, timeout=50) as response:
                return response.status, json.loads(response.read().decode("utf-8"))
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read().decode("utf-8"))
