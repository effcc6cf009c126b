"""Asks the service what its Python callers ask, with grpcio and the client of examples/python-client. One line of JSON for each case.

The world comes as JSON on standard input: target, plain_target, roots, client_id, secret, audience, tokens, direct.
"""

import json
import sys

import grpc
from countersign.auth.v1 import auth_pb2, auth_pb2_grpc
from countersign_client import JWT, Countersign, Refusal

world = json.load(sys.stdin)
roots = open(world["roots"], "rb").read()
tokens = world["tokens"]
audience = world["audience"]


def connect(secret=world["secret"], timeout=20.0, target=world["target"], trusted=roots):
    return Countersign(target, world["client_id"], secret, roots=trusted, timeout=timeout)


def refused(call):
    try:
        call()
    except Refusal as refusal:
        return refusal
    raise AssertionError("it was not refused")


def same(actual, expected):
    assert actual == expected, f"{actual!r}, expected {expected!r}"


def told_in_full(refusal, status, reason):
    same((refusal.status.name, refusal.reason, refusal.domain), (status, reason, "countersign"))
    assert refusal.message and refusal.metadata["diagnostic_id"], "no message or no diagnostic id"


def exchanges():
    answer = service.exchange(tokens["alice"], audience)
    assert answer.access_token.count(".") == 2 and answer.token_type == "Bearer" and answer.expires_in > 0
    assert "billing:invoice:create" in answer.scope.split(), answer.scope
    world["issued"] = answer.access_token


def checks_a_token_of_an_issuer():
    same(service.check(tokens["alice"], "billing:invoice:create", audience).allowed, True)


def checks_an_issued_token():
    decision = service.check(world["issued"], "billing:invoice:read", audience, type="invoice", id="7")
    same((decision.allowed, decision.code), (True, "granted"))


def takes_a_denial_as_an_answer():
    decision = service.check(tokens["bob"], "billing:invoice:approve", audience)
    same((decision.allowed, decision.code), (False, "no_grant"))


def reads_a_bad_field():
    refusal = refused(lambda: service.exchange("not.a.token", audience))
    told_in_full(refusal, "INVALID_ARGUMENT", "TOKEN_MALFORMED")
    same(list(refusal.fields), ["subject_token"])


def reads_where_help_is():
    refusal = refused(lambda: service.exchange("not.a.token", audience))
    assert refusal.help and all(url.startswith(("https://", "http://127.0.0.1")) for url in refusal.help), f"help is {refusal.help}"


def reads_an_expired_token():
    refusal = refused(lambda: service.exchange(tokens["expired"], audience))
    told_in_full(refusal, "INVALID_ARGUMENT", "TOKEN_EXPIRED")
    same(list(refusal.fields), ["subject_token"])


def reads_a_refused_scope():
    refusal = refused(lambda: service.exchange(tokens["bob"], audience, scope="billing:invoice:approve"))
    same((refusal.reason, refusal.domain), ("SCOPE_NOT_HELD", "countersign"))


def reads_when_to_come_again():
    refusal = refused(lambda: service.exchange(tokens["away"], audience))
    told_in_full(refusal, "UNAVAILABLE", "ISSUER_KEYS_UNAVAILABLE")
    assert refusal.retry_after > 0, f"retry after {refusal.retry_after}"


def is_told_how_to_authenticate():
    with connect(secret="wrong") as stranger:
        refusal = refused(lambda: stranger.exchange(tokens["alice"], audience))
    told_in_full(refusal, "UNAUTHENTICATED", "CLIENT_UNAUTHENTICATED")
    assert refusal.trailers["www-authenticate"].startswith("Basic "), refusal.trailers


def keeps_its_deadline():
    with connect(timeout=0.000001) as hurried:
        same(refused(lambda: hurried.exchange(tokens["alice"], audience)).status.name, "DEADLINE_EXCEEDED")


def cannot_send_two_identities():
    refusal = refused(lambda: bare((("authorization", "Basic YTpi"),)))
    same((refusal.status.name, refusal.reason), ("INVALID_ARGUMENT", "CLIENT_AUTHENTICATION_AMBIGUOUS"))


def metadata_is_bounded():
    refusal = refused(lambda: bare((("x-long", "a" * 40_000),)))
    same((refusal.status.name, refusal.reason), ("RESOURCE_EXHAUSTED", "REQUEST_HEADERS_TOO_LARGE"))


def messages_are_bounded():
    same(refused(lambda: service.exchange("a" * 70_000, audience)).status.name, "RESOURCE_EXHAUSTED")


def unknown_metadata_is_ignored():
    bare((("x-request-id", "7"), ("x-bytes-bin", b"\x00\xff")))


def health_is_open_to_all():
    with grpc.secure_channel(world["target"], grpc.ssl_channel_credentials(root_certificates=roots)) as channel:
        same(channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=20), b"\x08\x01")


def trusts_no_other_authority():
    with connect(trusted=open(world["other_roots"], "rb").read(), timeout=5) as misled:
        refusal = refused(lambda: misled.exchange(tokens["alice"], audience))
    same((refusal.status.name, refusal.reason), ("UNAVAILABLE", None))


def sends_no_secret_without_tls():
    """grpcio drops what a plug-in gives where there is no TLS: such a call arrives without credentials or not at all."""
    with connect(target=world["plain_target"], timeout=5) as misled:
        refusal = refused(lambda: misled.exchange(tokens["alice"], audience))
    same((refusal.status.name, refusal.reason), ("UNAVAILABLE", None))


def bare(metadata):
    """A call with metadata of its own beside the credentials of the channel."""
    request = auth_pb2.ExchangeTokenRequest(subject_token=tokens["alice"], subject_token_type=JWT, audience=[audience])
    try:
        return service._service.ExchangeToken(request, metadata=metadata, timeout=20)
    except grpc.RpcError as error:
        raise Refusal(error) from error


CASES = [
    exchanges,
    checks_a_token_of_an_issuer,
    checks_an_issued_token,
    takes_a_denial_as_an_answer,
    reads_a_bad_field,
    reads_where_help_is,
    reads_an_expired_token,
    reads_a_refused_scope,
    reads_when_to_come_again,
    is_told_how_to_authenticate,
    keeps_its_deadline,
    unknown_metadata_is_ignored,
    health_is_open_to_all,
    trusts_no_other_authority,
]
# What a proxy in front decides for itself.
DIRECT = [cannot_send_two_identities, metadata_is_bounded, messages_are_bounded, sends_no_secret_without_tls]

with connect() as service:
    for case in CASES + (DIRECT if world["direct"] else []):
        fault = None
        try:
            case()
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
        print(json.dumps({"name": case.__name__.replace("_", " "), "fault": fault}), flush=True)
