"""As much of a W&B server as `wandb sync` needs: it takes everything and remembers it."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_VIEWER = {"id": "v", "entity": "me", "username": "me", "email": "", "flags": "{}", "teams": {"edges": []}}


class Server(ThreadingHTTPServer):
    """`runs` holds the variables with which each run was made, by id; `history` the lines that were uploaded."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runs: dict[str, dict[str, Any]] = {}
        self.history: dict[str, list[dict[str, Any]]] = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path.endswith("/file_stream"):
            self._keep_lines(self.path.split("/")[-2], json.loads(body)["files"] if b'"files"' in body else {})
            self._answer({"limits": {}})
        else:
            request = json.loads(body)
            self._answer({"data": self._data(request["query"], request.get("variables") or {})})

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self._answer({})

    def do_GET(self) -> None:
        self._answer({})

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def _keep_lines(self, run: str, files: dict[str, Any]) -> None:
        for line in files.get("wandb-history.jsonl", {}).get("content", []):
            self.server.history.setdefault(run, []).append(json.loads(line))

    def _data(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        if "upsertBucket" in query:
            known = self.server.runs.setdefault(variables["name"], {})
            known.update({key: value for key, value in variables.items() if value is not None})
            project = {"id": "p", "name": "suite", "entity": {"id": "e", "name": "me"}}
            bucket = {"id": "b", "name": variables["name"], "displayName": "x", "config": "{}", "summaryMetrics": "{}"}
            return {"upsertBucket": {"bucket": {**bucket, "historyLineCount": 0, "project": project}, "inserted": True}}
        if "createRunFiles" in query:
            names = [{"name": name, "uploadUrl": f"{self.server.url}/up/{name}"} for name in variables["files"]]
            return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": names}}
        return {"viewer": _VIEWER, "serverInfo": {"features": []}}

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
