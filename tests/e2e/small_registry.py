"""A small registry with the referrers API of OCI distribution 1.1, in memory: what docker-registry of Debian lacks. Tests may
bend any answer through `answer`, and read in `requests` what was asked."""
import hashlib
import http.server
import json
import re
import threading
import urllib.parse

INDEX = "application/vnd.oci.image.index.v1+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class SmallRegistry:
    def __init__(self, referrers=True, page=2, filters=True):
        self.referrers, self.page, self.filters = referrers, page, filters
        self.blobs, self.manifests, self.tags = {}, {}, {}   # manifests: digest → (media type, body)
        self.uploads, self.requests = {}, []
        self.answer = None    # answer(request) → (status, headers, body), or None for the usual one
        self.lock = threading.Lock()
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                registry.requests.append((self.command, self.path, dict(self.headers.items())))
                with registry.lock:
                    status, headers, body = (registry.answer and registry.answer(self)) or registry.usual(self)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def usual(self, request):
        url = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/v2/":
            return 200, {}, b"{}"
        match = re.fullmatch(r"/v2/(.+?)/(blobs/uploads/?|blobs|manifests|referrers|tags/list)(?:/?([^/]*))", url.path)
        if not match:
            return 404, {}, b"{}"
        name, kind, last = match.groups()
        return getattr(self, "on_" + kind.split("/")[0] + ("_uploads" if "uploads" in kind else ""))(request, name, last, query)

    def on_blobs_uploads(self, request, name, upload, query):
        if request.command == "POST":
            upload = str(len(self.uploads))
            self.uploads[upload] = b""
        else:
            self.uploads[upload] += request.body
        if request.command == "PUT":
            if digest(self.uploads[upload]) != query["digest"]:
                return 400, {}, b"{}"
            self.blobs[query["digest"]] = self.uploads[upload]
            return 201, {}, b""
        return 202, {"Location": f"/v2/{name}/blobs/uploads/{upload}?state=x"}, b""

    def on_blobs(self, request, name, wanted, query):
        return (200, {}, self.blobs[wanted]) if wanted in self.blobs else (404, {}, b"{}")

    def on_manifests(self, request, name, reference, query):
        reference = urllib.parse.unquote(reference)
        if request.command == "PUT":
            own = digest(request.body)
            self.manifests[own] = (request.headers["Content-Type"], request.body)
            if not reference.startswith("sha256:"):
                self.tags[reference] = own
            subject = json.loads(request.body).get("subject")
            return 201, {"OCI-Subject": subject["digest"]} if subject and self.referrers else {}, b""
        own = self.tags.get(reference, reference)
        if own not in self.manifests:
            return 404, {}, b"{}"
        if request.command == "DELETE":
            self.tags.pop(reference, None)
            if reference == own:
                del self.manifests[own]
            return 202, {}, b""
        media_type, body = self.manifests[own]
        return 200, {"Content-Type": media_type, "Docker-Content-Digest": own}, body

    def on_tags(self, request, name, _, query):
        return 200, {"Content-Type": "application/json"}, json.dumps({"name": name, "tags": sorted(self.tags)}).encode()

    def on_referrers(self, request, name, subject, query):
        if not self.referrers:
            return 404, {}, b"404 page not found"
        found = []
        for own, (media_type, body) in sorted(self.manifests.items()):
            manifest = json.loads(body)
            if manifest.get("subject", {}).get("digest") == subject:
                found.append({"mediaType": media_type, "digest": own, "size": len(body), "annotations": manifest.get("annotations", {}),
                              "artifactType": manifest.get("artifactType") or manifest["config"]["mediaType"]})
        headers = {"Content-Type": INDEX}
        if self.filters and "artifactType" in query:
            found = [entry for entry in found if entry["artifactType"] == query["artifactType"]]
            headers["OCI-Filters-Applied"] = "artifactType"
        start = int(query.get("from", 0))
        if start + self.page < len(found):
            headers["Link"] = f'<{request.path.split("?")[0]}?from={start + self.page}>; rel="next"'
        page = {"schemaVersion": 2, "mediaType": INDEX, "manifests": found[start:start + self.page]}
        return 200, headers, json.dumps(page).encode()
