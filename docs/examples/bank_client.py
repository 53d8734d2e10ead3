"""A small decision engine of a bank: it walks one loan of the sandbox park from the token to the repayment.

    python docs/examples/bank_client.py --url http://127.0.0.1:8000 --client-id ... --key key.pem

Needs jwcrypto and a program registered for the sandbox (docs/bank-api.md). The people named by --maker, --checker,
--ops and --ops2 are those of the bank that its program acts for; four eyes hold for it as for them.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jwcrypto import jwk, jwt

AUDIENCE = "urn:innovscore:bank-api"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHM = {"EC": "ES256", "RSA": "PS256", "OKP": "EdDSA"}
TRIES = 5
LATE = 45
"""Days after which a first monthly instalment is overdue."""


class Refused(Exception):
    """The platform said no; `code` is what programs go by."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail', '')}")
        self.status, self.code = status, problem.get("code", "")


@dataclass
class Bank:
    """The API with a token that renews itself."""

    url: str
    park: str
    client_id: str
    key: jwk.JWK
    token: str = ""
    ends: float = 0

    def statement(self, subject: str) -> str:
        """A short-lived statement signed with the bank's key: who calls, or which person acts."""
        claims = {
            "iss": self.client_id, "sub": subject, "aud": AUDIENCE, "exp": int(time.time()) + 120, "jti": str(uuid.uuid4()),
        }  # fmt: skip
        made = jwt.JWT(header={"alg": ALGORITHM[self.key.export_public(as_dict=True)["kty"]]}, claims=claims)
        made.make_signed_token(self.key)
        return str(made.serialize())

    def get(self, path: str) -> dict[str, Any]:
        """Read something."""
        return self._call("GET", path, None, {})

    def post(self, path: str, body: dict[str, Any], *, etag: str = "") -> dict[str, Any]:
        """Do something exactly once: retries carry the same key."""
        headers = {"Idempotency-Key": str(uuid.uuid4())} | ({"If-Match": f'"{etag}"'} if etag else {})
        return self._call("POST", path, body, headers)

    def step(self, application: int, verb: str, person: str, **body: Any) -> dict[str, Any]:
        """A person's step on the version of the application that is current now."""
        etag = self.get(f"applications/{application}")["etag"]
        body["actor_token"] = self.statement(person)
        return self.post(f"applications/{application}:{verb}", body, etag=etag)

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> dict[str, Any]:
        url = f"{self.url}/api/bank/v1/parks/{self.park}/{path}"
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(TRIES):
            own = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
            try:
                return send(method, url, data, own | headers)
            except Refused as problem:
                waits = problem.status in (429, 503) or problem.code == "idempotency_in_flight"
                if not waits or attempt == TRIES - 1:
                    raise
                time.sleep(2**attempt)
        raise AssertionError("not reached")

    def _token(self) -> str:
        if time.time() > self.ends - 30:
            form = {
                "grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": self.statement(self.client_id),
            }  # fmt: skip
            data = urllib.parse.urlencode(form).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = send("POST", f"{self.url}/api/bank/v1/token", data, headers)
            self.token, self.ends = answer["access_token"], time.time() + answer["expires_in"]
        return self.token


def send(method: str, url: str, data: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
    """One request; raises Refused with the problem."""
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310  # the caller's own address
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        text = error.read()
        problem = json.loads(text) if text.startswith(b"{") else {"detail": text.decode(errors="replace")}
        raise Refused(error.code, problem) from error


def is_genuine(secret: str, headers: dict[str, str], body: bytes, now: float) -> bool:
    """What a receiver of webhooks has to check: the signature over id.timestamp.body, at most five minutes old.

    Keep webhook-id for a day and ignore a message that came before; a gap in `sequence` means that one is missing.
    """
    if abs(now - int(headers["webhook-timestamp"])) > 300:
        return False
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split())


def proof_holds(proof: dict[str, Any]) -> bool:
    """Join the leaf with its sisters up to the root of the snapshot."""
    current = bytes.fromhex(proof["leaf"])
    for one in proof["path"]:
        other = bytes.fromhex(one["hash"])
        pair = other + current if one["side"] == "left" else current + other
        current = hashlib.sha256(b"\x01" + pair).digest()
    return bool(current.hex() == proof["snapshot_root"])


def offer_for(card: dict[str, Any], quote: dict[str, Any], applied: str) -> tuple[str, str]:
    """The rule of this little bank: what was applied for, within the quote; a better score makes it cheaper."""
    amount = min(applied, quote["amount"], key=float)
    return amount, "0.0345" if float(card["score"]["total"]) >= 60 else "0.0450"


def walk(bank: Bank, people: argparse.Namespace, say: Callable[[str], object]) -> None:
    """One loan from the application that waits to the first repayment."""
    application = waiting(bank, people.firm)
    number = application["id"]
    say(
        f"application {application['number']}: {application['amount']} yuan, {application['term_months']} months"
    )
    bank.step(number, "ack", people.maker, note="已电话联系")
    dossier = bank.get(f"applications/{number}/dossier")
    card = dossier["card"]
    say(f"{card['id']['name']}: {card['score']['total']} points, quote {dossier['quote']['amount']}")
    proof = bank.get(f"snapshots/{card['score']['snapshot']}/proof?consent={application['consent']}")
    say(f"proof of the score's snapshot holds: {proof_holds(proof)}")
    amount, rate = offer_for(card, dossier["quote"], application["amount"])
    proposed = bank.step(
        number, "propose", people.maker, amount=amount, rate=rate, term_months=application["term_months"]
    )
    seen = proposed["decision"]["content_hash"]
    try:
        bank.step(number, "decide", people.maker, outcome="approve", content_hash=seen)
    except Refused as problem:
        say(f"the maker cannot decide: {problem.code}")
    bank.step(number, "decide", people.checker, outcome="approve", content_hash=seen)
    say(f"approved: {amount} at {rate}")
    lend(bank, people, number, (amount, rate), say)


def lend(
    bank: Bank, people: argparse.Namespace, number: int, offer: tuple[str, str], say: Callable[[str], object]
) -> None:
    """Contract, payment by two people; then the sandbox's clock runs on until interest is overdue, and all is paid."""
    amount, rate = offer
    today, tag = day_of(bank.get("clock")), uuid.uuid4().hex[:8]
    bank.step(
        number, "recordContract", people.ops, number=f"HT-{tag}", amount=amount, rate=rate, starts_on=str(today),
        ends_on=str(today + dt.timedelta(days=365)),
    )  # fmt: skip
    say("contract recorded; waiting for the firm to sign")
    until(lambda: bank.get(f"applications/{number}/loan")["status"] == "contracted")
    made = bank.step(
        number, "recordDisbursement", people.ops, amount=amount, value_date=str(today), bank_ref=f"DK-{tag}"
    )
    payment = made["disbursements"][-1]["id"]
    try:
        bank.step(number, "confirmDisbursement", people.ops, disbursement=payment)
    except Refused as problem:
        say(f"the person who recorded the payment cannot confirm it: {problem.code}")
    loan = bank.step(number, "confirmDisbursement", people.ops2, disbursement=payment)
    say(f"paid out: {loan['outstanding']} outstanding, {len(loan['schedule'])} instalments")
    later = day_of(bank.post("clock:advance", {"days": LATE}))
    loan = bank.get(f"applications/{number}/loan")
    due = loan["due"]
    say(
        f"{later}, {LATE} days later: {loan['status']}, interest {due['interest']} and penalty {due['penalty']} due"
    )
    loan = bank.step(
        number, "recordRepayment", people.ops, principal=amount, interest=due["interest"], penalty=due["penalty"],
        value_date=str(later), bank_ref=f"HK-{tag}",
    )  # fmt: skip
    say(f"repaid: {loan['status']}, {loan['outstanding']} outstanding")


def day_of(clock: dict[str, Any]) -> dt.date:
    """The calendar day of the sandbox park, which may be ahead of ours."""
    return dt.datetime.fromisoformat(clock["now"]).date()


def waiting(bank: Bank, firm: str) -> dict[str, Any]:
    """An application of a firm whose name begins so."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        for row in bank.get("applications?status=screened&limit=100")["items"]:
            if row["uscc"]:
                card = bank.get(f"enterprises/{row['uscc']}/scorecard?consent={row['consent']}&groups=id")
                if card["id"]["name"].startswith(firm):
                    found.append(row)
                    return True
        return False

    until(look)
    return found[0]


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Ask every other second (a real engine waits for the webhook)."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("the sandbox did not move in time")
        time.sleep(2)


def main() -> None:
    parser = argparse.ArgumentParser(description="Walks a loan through the bank API.")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--park", default="sandbox")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--key", type=Path, required=True, help="PEM file of the private key")
    parser.add_argument("--firm", default="ent-approve", help="beginning of the firm's name")
    parser.add_argument("--maker", default="bank.maker@demo")
    parser.add_argument("--checker", default="bank.check@demo")
    parser.add_argument("--ops", default="bank.ops@demo")
    parser.add_argument("--ops2", default="bank.check@demo", help="second person of the operations")
    options = parser.parse_args()
    key = jwk.JWK.from_pem(options.key.read_bytes())
    bank = Bank(options.url.rstrip("/"), options.park, options.client_id, key)
    try:
        walk(bank, options, lambda text: sys.stdout.write(f"{text}\n"))
    except Refused as problem:
        raise SystemExit(str(problem)) from problem


if __name__ == "__main__":
    main()
