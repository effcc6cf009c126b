-- Asks Countersign about each request before it goes on. See docs/guides/gateways.md.
local address = os.getenv("COUNTERSIGN_URL") .. "/v1/forward-auth"
-- "Basic <base64 of id:secret>" of the client that this gateway is.
local gateway = os.getenv("COUNTERSIGN_GATEWAY")

local told = {
  "x-countersign-subject", "x-countersign-tenant", "x-countersign-policy-version",
  "x-countersign-permission", "x-countersign-decision",
}

core.register_action("countersign", { "http-req" }, function(txn)
  -- Whatever goes wrong below lets nothing through.
  txn:set_var("txn.countersign_status", 503)
  local asked = {
    ["x-countersign-gateway"] = { gateway },
    ["x-original-uri"] = { txn.f:pathq() },
    ["x-original-method"] = { txn.f:method() },
  }
  -- Every one that came: two are refused.
  local sent = txn.http:req_get_headers()["authorization"]
  if sent ~= nil then
    asked["authorization"] = {}
    for _, value in pairs(sent) do table.insert(asked["authorization"], value) end
  end
  local answer = core.httpclient():get{ url = address, headers = asked, timeout = 1000 }
  if answer == nil then return end
  local first = function(name)
    local values = answer.headers[name]
    return values and (values[0] or values[1])
  end
  if answer.status == 401 then txn:set_var("txn.countersign_challenge", first("www-authenticate") or "Bearer") end
  if answer.status == 200 then
    for _, name in ipairs(told) do txn.http:req_set_header(name, first(name) or "") end
    -- With the mode headers there is none: then the token goes no further than here.
    local token = first("x-countersign-authorization")
    if token then txn.http:req_set_header("authorization", token) else txn.http:req_del_header("authorization") end
  end
  txn:set_var("txn.countersign_status", answer.status)
end)
