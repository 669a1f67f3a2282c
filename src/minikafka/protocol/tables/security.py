"""APIs for authentication, ACLs, delegation tokens and SCRAM credentials.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
SaslHandshakeRequest versions 0-1
  mechanism  string

SaslHandshakeResponse versions 0-1
  error_code  int16
  mechanisms  [string]

SaslAuthenticateRequest versions 0-2 flexible 2+
  auth_bytes  bytes

SaslAuthenticateResponse versions 0-2 flexible 2+
  error_code           int16
  error_message        string?
  auth_bytes           bytes
  session_lifetime_ms  int64    1+  ignorable

DescribeAclsRequest versions 0-3 flexible 2+
  resource_type_filter  int8
  resource_name_filter  string?
  pattern_type_filter   int8     1+  = 3
  principal_filter      string?
  host_filter           string?
  operation             int8
  permission_type       int8

DescribeAclsResponse versions 0-3 flexible 2+
  throttle_time_ms     int32
  error_code           int16
  error_message        string?
  resources            [DescribeAclsResource]
    resource_type      int8
    resource_name      string
    pattern_type       int8                    1+  = 3
    acls               [AclDescription]
      principal        string
      host             string
      operation        int8
      permission_type  int8

CreateAclsRequest versions 0-3 flexible 2+
  creations                [AclCreation]
    resource_type          int8
    resource_name          string
    resource_pattern_type  int8           1+  = 3
    principal              string
    host                   string
    operation              int8
    permission_type        int8

CreateAclsResponse versions 0-3 flexible 2+
  throttle_time_ms  int32
  results           [AclCreationResult]
    error_code      int16
    error_message   string?

DeleteAclsRequest versions 0-3 flexible 2+
  filters                 [DeleteAclsFilter]
    resource_type_filter  int8
    resource_name_filter  string?
    pattern_type_filter   int8                1+  = 3
    principal_filter      string?
    host_filter           string?
    operation             int8
    permission_type       int8

DeleteAclsResponse versions 0-3 flexible 2+
  throttle_time_ms     int32
  filter_results       [DeleteAclsFilterResult]
    error_code         int16
    error_message      string?
    matching_acls      [DeleteAclsMatchingAcl]
      error_code       int16
      error_message    string?
      resource_type    int8
      resource_name    string
      pattern_type     int8                      1+  = 3
      principal        string
      host             string
      operation        int8
      permission_type  int8

CreateDelegationTokenRequest versions 0-3 flexible 2+
  owner_principal_type  string?              3+
  owner_principal_name  string?              3+
  renewers              [CreatableRenewers]
    principal_type      string
    principal_name      string
  max_lifetime_ms       int64

CreateDelegationTokenResponse versions 0-3 flexible 2+
  error_code                      int16
  principal_type                  string
  principal_name                  string
  token_requester_principal_type  string  3+
  token_requester_principal_name  string  3+
  issue_timestamp_ms              int64
  expiry_timestamp_ms             int64
  max_timestamp_ms                int64
  token_id                        string
  hmac                            bytes
  throttle_time_ms                int32

RenewDelegationTokenRequest versions 0-2 flexible 2+
  hmac             bytes
  renew_period_ms  int64

RenewDelegationTokenResponse versions 0-2 flexible 2+
  error_code           int16
  expiry_timestamp_ms  int64
  throttle_time_ms     int32

ExpireDelegationTokenRequest versions 0-2 flexible 2+
  hmac                   bytes
  expiry_time_period_ms  int64

ExpireDelegationTokenResponse versions 0-2 flexible 2+
  error_code           int16
  expiry_timestamp_ms  int64
  throttle_time_ms     int32

DescribeDelegationTokenRequest versions 0-3 flexible 2+
  owners            [DescribeDelegationTokenOwner]?
    principal_type  string
    principal_name  string

DescribeDelegationTokenResponse versions 0-3 flexible 2+
  error_code                        int16
  tokens                            [DescribedDelegationToken]
    principal_type                  string
    principal_name                  string
    token_requester_principal_type  string                             3+
    token_requester_principal_name  string                             3+
    issue_timestamp                 int64
    expiry_timestamp                int64
    max_timestamp                   int64
    token_id                        string
    hmac                            bytes
    renewers                        [DescribedDelegationTokenRenewer]
      principal_type                string
      principal_name                string
  throttle_time_ms                  int32

DescribeUserScramCredentialsRequest version 0 flexible 0+
  users   [UserName]?
    name  string

DescribeUserScramCredentialsResponse version 0 flexible 0+
  throttle_time_ms    int32
  error_code          int16
  error_message       string?
  results             [DescribeUserScramCredentialsResult]
    user              string
    error_code        int16
    error_message     string?
    credential_infos  [CredentialInfo]
      mechanism       int8
      iterations      int32

AlterUserScramCredentialsRequest version 0 flexible 0+
  deletions          [ScramCredentialDeletion]
    name             string
    mechanism        int8
  upsertions         [ScramCredentialUpsertion]
    name             string
    mechanism        int8
    iterations       int32
    salt             bytes
    salted_password  bytes

AlterUserScramCredentialsResponse version 0 flexible 0+
  throttle_time_ms  int32
  results           [AlterUserScramCredentialsResult]
    user            string
    error_code      int16
    error_message   string?
"""
