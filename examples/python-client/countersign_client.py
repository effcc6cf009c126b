"""A small client of Countersign over gRPC: exchange a token, ask live, and read a refusal in full.

Needs grpcio and protobuf, and the stubs that protoc makes of the folder `protos` (see README.md).
"""

import base64
import urllib.parse

import grpc
from countersign.auth.v1 import auth_pb2, auth_pb2_grpc
from google.rpc import error_details_pb2, status_pb2

JWT = "urn:ietf:params:oauth:token-type:jwt"


class Refusal(Exception):
    """What Countersign refused, and why. Without `reason` somebody else on the way said no."""

    def __init__(self, error):
        self.status = error.code()
        self.message = error.details()
        self.trailers = dict(error.trailing_metadata() or ())
        self.reason = None
        self.domain = None
        self.metadata = {}
        self.fields = {}
        self.retry_after = None
        self.help = []
        self._read(self.trailers.get("grpc-status-details-bin"))
        super().__init__(f"{self.status.name} {self.reason or ''}: {self.message}")

    def _read(self, packed):
        """`grpc-status-details-bin` holds a google.rpc.Status with one detail of each kind."""
        if packed is None:
            return
        for detail in status_pb2.Status.FromString(packed).details:
            info = error_details_pb2.ErrorInfo()
            bad_request = error_details_pb2.BadRequest()
            retry = error_details_pb2.RetryInfo()
            links = error_details_pb2.Help()
            if detail.Unpack(info):
                self.reason, self.domain, self.metadata = info.reason, info.domain, dict(info.metadata)
            elif detail.Unpack(bad_request):
                self.fields = {each.field: each.description for each in bad_request.field_violations}
            elif detail.Unpack(retry):
                self.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
            elif detail.Unpack(links):
                self.help = [link.url for link in links.links]


class ClientSecret(grpc.AuthMetadataPlugin):
    """Sends id and secret with every call. grpcio sends what a plug-in gives over TLS alone."""

    def __init__(self, client_id, secret):
        parts = (urllib.parse.quote(part, safe="") for part in (client_id, secret))
        self._value = "Basic " + base64.b64encode(":".join(parts).encode()).decode()

    def __call__(self, context, callback):
        callback((("authorization", self._value),), None)


class Countersign:
    """One connection, for all calls of a process. Close it at the end, or use it in a `with`."""

    def __init__(self, target, client_id, secret, roots=None, timeout=5.0):
        """`target` is host:port, `roots` PEM of the authorities to trust (default: the usual ones), `timeout` seconds."""
        tls = grpc.ssl_channel_credentials(root_certificates=roots)
        caller = grpc.metadata_call_credentials(ClientSecret(client_id, secret))
        self._channel = grpc.secure_channel(target, grpc.composite_channel_credentials(tls, caller))
        self._service = auth_pb2_grpc.AuthServiceStub(self._channel)
        self._timeout = timeout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()

    def exchange(self, subject_token, audience, scope=""):
        """The answer with `access_token`, for calls to `audience`."""
        return self._call(
            self._service.ExchangeToken,
            auth_pb2.ExchangeTokenRequest(
                subject_token=subject_token, subject_token_type=JWT, audience=[audience], scope=scope
            ),
        )

    def check(self, token, permission, audience="", **resource):
        """The decision; `resource` as in `type="invoice", id="7"`. A denial is an answer: look at `allowed`, then at `code`."""
        item = auth_pb2.CheckItem(permission=permission)
        if resource:
            item.resource.CopyFrom(auth_pb2.CheckedResource(**resource))
        request = auth_pb2.CheckPermissionRequest(
            subject=auth_pb2.CheckSubject(token=token),
            circumstances=auth_pb2.CheckCircumstances(audience=audience),
            item=item,
        )
        return self._call(self._service.CheckPermission, request).decision

    def _call(self, method, request):
        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            raise Refusal(error) from error
