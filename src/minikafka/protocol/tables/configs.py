"""APIs for configurations, quotas, features and client telemetry.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
DescribeConfigsRequest versions 0-4 flexible 4+
  resources              [DescribeConfigsResource]
    resource_type        int8
    resource_name        string
    configuration_keys   [string]?
  include_synonyms       boolean                    1+
  include_documentation  boolean                    3+

DescribeConfigsResponse versions 0-4 flexible 4+
  throttle_time_ms   int32
  results            [DescribeConfigsResult]
    error_code       int16
    error_message    string?
    resource_type    int8
    resource_name    string
    configs          [DescribeConfigsResourceResult]
      name           string
      value          string?
      read_only      boolean
      config_source  int8                             1+  ignorable = -1
      is_default     boolean                          0
      is_sensitive   boolean
      synonyms       [DescribeConfigsSynonym]         1+  ignorable
        name         string
        value        string?
        source       int8
      config_type    int8                             3+  ignorable
      documentation  string?                          3+  ignorable

AlterConfigsRequest versions 0-2 flexible 2+
  resources        [AlterConfigsResource]
    resource_type  int8
    resource_name  string
    configs        [AlterableConfig]
      name         string
      value        string?
  validate_only    boolean

AlterConfigsResponse versions 0-2 flexible 2+
  throttle_time_ms  int32
  responses         [AlterConfigsResourceResponse]
    error_code      int16
    error_message   string?
    resource_type   int8
    resource_name   string

IncrementalAlterConfigsRequest versions 0-1 flexible 1+
  resources             [AlterConfigsResource]
    resource_type       int8
    resource_name       string
    configs             [AlterableConfig]
      name              string
      config_operation  int8
      value             string?
  validate_only         boolean

IncrementalAlterConfigsResponse versions 0-1 flexible 1+
  throttle_time_ms  int32
  responses         [AlterConfigsResourceResponse]
    error_code      int16
    error_message   string?
    resource_type   int8
    resource_name   string

ListConfigResourcesRequest versions 0-1 flexible 0+
  resource_types  [int8]  1+

ListConfigResourcesResponse versions 0-1 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  config_resources  [ConfigResource]
    resource_name   string
    resource_type   int8              1+  ignorable = 16

DescribeClientQuotasRequest versions 0-1 flexible 1+
  components     [ComponentData]
    entity_type  string
    match_type   int8
    match        string?
  strict         boolean

DescribeClientQuotasResponse versions 0-1 flexible 1+
  throttle_time_ms  int32
  error_code        int16
  error_message     string?
  entries           [EntryData]?
    entity          [EntityData]
      entity_type   string
      entity_name   string?
    values          [ValueData]
      key           string
      value         float64

AlterClientQuotasRequest versions 0-1 flexible 1+
  entries          [EntryData]
    entity         [EntityData]
      entity_type  string
      entity_name  string?
    ops            [OpData]
      key          string
      value        float64
      remove       boolean
  validate_only    boolean

AlterClientQuotasResponse versions 0-1 flexible 1+
  throttle_time_ms  int32
  entries           [EntryData]
    error_code      int16
    error_message   string?
    entity          [EntityData]
      entity_type   string
      entity_name   string?

UpdateFeaturesRequest versions 0-2 flexible 0+
  timeout_ms           int32                   = 60000
  feature_updates      [FeatureUpdateKey]
    feature            string
    max_version_level  int16
    upgrade_type       int8                1+  = 1
    allow_downgrade    boolean             0
  validate_only        boolean             1+

UpdateFeaturesResponse versions 0-2 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  error_message     string?
  results           [UpdatableFeatureResult]  0-1  ignorable
    feature         string
    error_code      int16
    error_message   string?

GetTelemetrySubscriptionsRequest version 0 flexible 0+
  client_instance_id  uuid

GetTelemetrySubscriptionsResponse version 0 flexible 0+
  throttle_time_ms            int32
  error_code                  int16
  client_instance_id          uuid
  subscription_id             int32
  accepted_compression_types  [int8]
  push_interval_ms            int32
  telemetry_max_bytes         int32
  delta_temporality           boolean
  requested_metrics           [string]

PushTelemetryRequest version 0 flexible 0+
  client_instance_id  uuid
  subscription_id     int32
  terminating         boolean
  compression_type    int8
  metrics             bytes

PushTelemetryResponse version 0 flexible 0+
  throttle_time_ms  int32
  error_code        int16
"""
