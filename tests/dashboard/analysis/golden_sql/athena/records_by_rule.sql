WITH "fitting_records" AS (SELECT
  COALESCE("t0"."start", "t0"."end") AS "time",
  CASE
    WHEN "t0"."initiator_is_src"
    THEN COALESCE("t0"."pkt_srcaddr", "t0"."srcaddr")
    WHEN NOT (
      "t0"."initiator_is_src"
    )
    THEN COALESCE("t0"."pkt_dstaddr", "t0"."dstaddr")
    ELSE NULL
  END AS "src",
  CASE
    WHEN "t0"."initiator_is_src"
    THEN COALESCE("t0"."pkt_dstaddr", "t0"."dstaddr")
    WHEN NOT (
      "t0"."initiator_is_src"
    )
    THEN COALESCE("t0"."pkt_srcaddr", "t0"."srcaddr")
    ELSE NULL
  END AS "dst",
  FALSE AS "src_named",
  FALSE AS "dst_named",
  "t0"."service_port",
  "t0"."protocol",
  "t0"."action",
  1 AS "records",
  CAST("t0"."is_counted" AS BIGINT) AS "flows",
  IF("t0"."is_counted", COALESCE("t0"."packets", 0), 0) AS "packets",
  IF("t0"."is_counted", COALESCE("t0"."bytes", 0), 0) AS "bytes",
  IF(
    "t0"."is_counted" AND NOT (
      COALESCE("t0"."initiator_is_src", TRUE)
    ),
    COALESCE(IF("t0"."is_counted", COALESCE("t0"."packets", 0), 0), 0),
    0
  ) AS "return_packets",
  IF(
    "t0"."is_counted" AND NOT (
      COALESCE("t0"."initiator_is_src", TRUE)
    ),
    COALESCE(IF("t0"."is_counted", COALESCE("t0"."bytes", 0), 0), 0),
    0
  ) AS "return_bytes",
  COALESCE("t0"."start", "t0"."end") AS "first_seen",
  COALESCE("t0"."end", "t0"."start") AS "last_seen",
  "t0"."account_id",
  "t0"."interface_id",
  "t0"."srcaddr",
  "t0"."dstaddr",
  "t0"."log_status",
  "t0"."vpc_id",
  "t0"."subnet_id",
  "t0"."instance_id",
  "t0"."type",
  "t0"."pkt_srcaddr",
  "t0"."pkt_dstaddr",
  "t0"."region",
  "t0"."az_id",
  "t0"."pkt_src_aws_service",
  "t0"."pkt_dst_aws_service",
  "t0"."flow_direction",
  "t0"."reject_reason",
  "t0"."initiator_rule",
  "t0"."reporter",
  "t0"."srcport",
  "t0"."dstport",
  "t0"."object_id",
  "t0"."line",
  "t0"."tcp_flags",
  "t0"."traffic_path",
  "t0"."packets" AS "logged_packets",
  "t0"."bytes" AS "logged_bytes",
  "t0"."start",
  "t0"."end",
  "t0"."is_counted"
FROM "flows" AS "t0"
WHERE
  COALESCE("t0"."start", "t0"."end") >= $from_1
  AND COALESCE("t0"."start", "t0"."end") < $to_1
  AND "t0"."is_counted" IS NOT NULL
  AND COALESCE(
    CASE
      WHEN "t0"."initiator_is_src"
      THEN "t0"."src_ip4"
      WHEN NOT (
        "t0"."initiator_is_src"
      )
      THEN "t0"."dst_ip4"
      ELSE NULL
    END BETWEEN $typed_0 AND $typed_1,
    FALSE
  )
  AND COALESCE("t0"."service_port" < $typed_2, FALSE)) SELECT
  *
FROM (
  SELECT
    "t0"."initiator_rule" AS "rule",
    COALESCE(SUM("t0"."records"), 0) AS "records"
  FROM "fitting_records" AS "t0"
  GROUP BY
    1
) AS "t1"
ORDER BY
  "t1"."records" DESC,
  "t1"."rule" ASC
