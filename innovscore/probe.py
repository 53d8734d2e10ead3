"""`python -m innovscore.probe [/readyz]`: asks this container's web server, for its health check. 0 when it says 200."""

from __future__ import annotations

import http.client
import os
import sys


def main(path: str) -> int:
    """Ask as the proxy does: with a host name that ALLOWED_HOSTS permits."""
    host = (os.environ.get("ALLOWED_HOSTS") or "127.0.0.1").split(",")[0].strip()
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace")
    except OSError as error:
        print(f"no answer: {error}", file=sys.stderr)
        return 1
    print(answer.status, body)
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "/readyz"))
