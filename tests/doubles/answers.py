"""What a provider can be told to do with a request, and HTTP by hand: bytes of an answer, a POST of JSON."""
import http.client
import json

REASONS = {200: "OK", 201: "Created", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


class Code:
    """HTTP 200 with this code (contract 5)."""

    def __init__(self, code, retry_after=None, **members):
        self.body = {"code": code, **members}
        if retry_after is not None:
            self.body["retry_after"] = retry_after


class Status:
    """Another HTTP status, perhaps with Retry-After."""

    def __init__(self, status, retry_after=None, body=b"busy"):
        self.status, self.retry_after, self.body = status, retry_after, body


class Raw:
    """HTTP 200 with exactly these bytes as body."""

    def __init__(self, body, content_type="application/json"):
        self.body = body.encode() if isinstance(body, str) else body
        self.content_type = content_type


class Wire:
    """Exactly these bytes on the connection, then it is closed: no HTTP at all, or half of it."""

    def __init__(self, data):
        self.data = data


class Close:
    """Read the request, close without an answer."""


class Reset:
    """Read the request, reset the connection."""


class Hang:
    """Read the request, never answer."""


class Late:
    """Do ${what} after ${seconds}."""

    def __init__(self, seconds, what=None):
        self.seconds, self.what = seconds, what


def http_bytes(status, body, content_type="application/json", extra=""):
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\nContent-Type: {content_type}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def post_json(url, value, headers=None, timeout=20):
    """POST ${value} (JSON, or bytes as they are); returns (status, parsed body or bytes)."""
    from urllib.parse import urlsplit
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        data = answer.read()
    finally:
        connection.close()
    try:
        return answer.status, json.loads(data)
    except ValueError:
        return answer.status, data
