#!/bin/sh
# Makes the folder `gen` from the protos. Needs protoc; its plug-ins are pinned in go.mod. PROTOS names another folder of protos.
set -eu
cd "$(dirname "$0")"
protos=${PROTOS:-../../protos}
here=$(go list -m)
plugins=$(mktemp -d)
trap 'rm -rf "$plugins"' EXIT
go build -o "$plugins/" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
rm -rf gen && mkdir gen
auth=Mcountersign/auth/v1/auth.proto=$here/gen/countersign/auth/v1
behavior=Mgoogle/api/field_behavior.proto=google.golang.org/genproto/googleapis/api/annotations
protoc -I "$protos" --plugin="$plugins/protoc-gen-go" --plugin="$plugins/protoc-gen-go-grpc" \
  --go_out=gen --go_opt="$auth,$behavior,module=$here/gen" --go-grpc_out=gen --go-grpc_opt="$auth,$behavior,module=$here/gen" \
  countersign/auth/v1/auth.proto
