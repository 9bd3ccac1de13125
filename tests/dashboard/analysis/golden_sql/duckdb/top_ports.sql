WITH "fitting_edges" AS NOT MATERIALIZED (SELECT
  "t4"."time",
  "t4"."initiator" AS "src",
  "t4"."responder" AS "dst",
  FALSE AS "src_named",
  FALSE AS "dst_named",
  "t4"."service_port",
  "t4"."protocol",
  "t4"."action",
  "t4"."records",
  "t4"."flows",
  "t4"."packets",
  "t4"."bytes",
  "t4"."return_packets",
  "t4"."return_bytes",
  "t4"."first_seen",
  "t4"."last_seen"
FROM (
  SELECT
    *
  FROM (
    SELECT
      CASE
        WHEN "t0"."initiator_is_src"
        THEN COALESCE("t0"."pkt_srcaddr", "t0"."srcaddr")
        WHEN NOT (
          "t0"."initiator_is_src"
        )
        THEN COALESCE("t0"."pkt_dstaddr", "t0"."dstaddr")
        ELSE NULL
      END AS "initiator",
      CASE
        WHEN "t0"."initiator_is_src"
        THEN COALESCE("t0"."pkt_dstaddr", "t0"."dstaddr")
        WHEN NOT (
          "t0"."initiator_is_src"
        )
        THEN COALESCE("t0"."pkt_srcaddr", "t0"."srcaddr")
        ELSE NULL
      END AS "responder",
      CASE
        WHEN "t0"."initiator_is_src"
        THEN "t0"."src_vpc_id"
        WHEN NOT (
          "t0"."initiator_is_src"
        )
        THEN "t0"."dst_vpc_id"
        ELSE NULL
      END AS "initiator_vpc_id",
      CASE
        WHEN "t0"."initiator_is_src"
        THEN "t0"."dst_vpc_id"
        WHEN NOT (
          "t0"."initiator_is_src"
        )
        THEN "t0"."src_vpc_id"
        ELSE NULL
      END AS "responder_vpc_id",
      CASE
        WHEN "t0"."initiator_is_src"
        THEN "t0"."src_ip4"
        WHEN NOT (
          "t0"."initiator_is_src"
        )
        THEN "t0"."dst_ip4"
        ELSE NULL
      END AS "initiator_ip4",
      CASE
        WHEN "t0"."initiator_is_src"
        THEN "t0"."dst_ip4"
        WHEN NOT (
          "t0"."initiator_is_src"
        )
        THEN "t0"."src_ip4"
        ELSE NULL
      END AS "responder_ip4",
      CASE
        WHEN "t0"."initiator_is_src"
        THEN "t0"."src_ip6"
        WHEN NOT (
          "t0"."initiator_is_src"
        )
        THEN "t0"."dst_ip6"
        ELSE NULL
      END AS "initiator_ip6",
      CASE
        WHEN "t0"."initiator_is_src"
        THEN "t0"."dst_ip6"
        WHEN NOT (
          "t0"."initiator_is_src"
        )
        THEN "t0"."src_ip6"
        ELSE NULL
      END AS "responder_ip6",
      COALESCE("t0"."start", "t0"."end") AS "time",
      "t0"."service_port",
      "t0"."protocol",
      "t0"."action",
      1 AS "records",
      CAST("t0"."is_counted" AS BIGINT) AS "flows",
      CASE WHEN "t0"."is_counted" THEN COALESCE("t0"."packets", 0) ELSE 0 END AS "packets",
      CASE WHEN "t0"."is_counted" THEN COALESCE("t0"."bytes", 0) ELSE 0 END AS "bytes",
      CASE
        WHEN "t0"."is_counted" AND NOT (
          COALESCE("t0"."initiator_is_src", TRUE)
        )
        THEN COALESCE(CASE WHEN "t0"."is_counted" THEN COALESCE("t0"."packets", 0) ELSE 0 END, 0)
        ELSE 0
      END AS "return_packets",
      CASE
        WHEN "t0"."is_counted" AND NOT (
          COALESCE("t0"."initiator_is_src", TRUE)
        )
        THEN COALESCE(CASE WHEN "t0"."is_counted" THEN COALESCE("t0"."bytes", 0) ELSE 0 END, 0)
        ELSE 0
      END AS "return_bytes",
      COALESCE("t0"."start", "t0"."end") AS "first_seen",
      COALESCE("t0"."end", "t0"."start") AS "last_seen"
    FROM "flows" AS "t0"
    WHERE
      (
        (
          (
            COALESCE("t0"."start", "t0"."end") >= $from_1
          )
          AND (
            COALESCE("t0"."start", "t0"."end") < $to_1
          )
        )
        OR (
          (
            COALESCE("t0"."start", "t0"."end") >= $from_2
          )
          AND (
            COALESCE("t0"."start", "t0"."end") < $to_2
          )
        )
      )
      AND "t0"."is_counted" IS NOT NULL
  ) AS "t3"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t1"."initiator",
      "t1"."responder",
      "t1"."initiator_vpc_id",
      "t1"."responder_vpc_id",
      "t1"."initiator_ip4",
      "t1"."responder_ip4",
      "t1"."initiator_ip6",
      "t1"."responder_ip6",
      "t1"."hour_start" AS "time",
      "t1"."service_port",
      "t1"."protocol",
      "t1"."action",
      "t1"."records",
      "t1"."flows",
      "t1"."packets",
      "t1"."bytes",
      "t1"."return_packets",
      "t1"."return_bytes",
      "t1"."first_seen",
      "t1"."last_seen"
    FROM "edges" AS "t1"
    WHERE
      "t1"."hour_start" >= $low
      AND "t1"."hour_start" < $high
  ) AS "t2"
) AS "t4"
WHERE
  COALESCE("t4"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
  AND COALESCE("t4"."service_port" < $typed_2, FALSE)), "t2" AS (
  SELECT
    "t1"."port",
    "t1"."protocol",
    COALESCE(SUM("t1"."records"), 0) AS "records",
    COALESCE(SUM("t1"."flows"), 0) AS "flows",
    COALESCE(SUM("t1"."packets"), 0) AS "packets",
    COALESCE(SUM("t1"."bytes"), 0) AS "bytes",
    COALESCE(SUM("t1"."flows") FILTER(WHERE
      "t1"."action" = 'ACCEPT'), 0) AS "accepted",
    COALESCE(SUM("t1"."flows") FILTER(WHERE
      "t1"."action" = 'REJECT'), 0) AS "rejected",
    COALESCE(SUM("t1"."flows") FILTER(WHERE
      "t1"."action" = 'ACCEPT'), 0) AS "accepted_metric",
    COALESCE(SUM("t1"."flows") FILTER(WHERE
      "t1"."action" = 'REJECT'), 0) AS "rejected_metric"
  FROM (
    SELECT
      "t0"."time",
      "t0"."src",
      "t0"."dst",
      "t0"."src_named",
      "t0"."dst_named",
      "t0"."service_port" AS "port",
      "t0"."protocol",
      "t0"."action",
      "t0"."records",
      "t0"."flows",
      "t0"."packets",
      "t0"."bytes",
      "t0"."return_packets",
      "t0"."return_bytes",
      "t0"."first_seen",
      "t0"."last_seen"
    FROM "fitting_edges" AS "t0"
  ) AS "t1"
  GROUP BY
    1,
    2
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      0 AS "part",
      "t5"."port",
      "t5"."protocol",
      "t5"."records",
      "t5"."flows",
      "t5"."packets",
      "t5"."bytes",
      "t5"."accepted",
      "t5"."rejected",
      "t5"."accepted_metric",
      "t5"."rejected_metric"
    FROM (
      SELECT
        *
      FROM "t2" AS "t3"
      ORDER BY
        "t3"."flows" DESC,
        "t3"."port" ASC,
        "t3"."protocol" ASC
      LIMIT 10
    ) AS "t5"
  ) AS "t7"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      1 AS "part",
      CAST(NULL AS INT) AS "port",
      CAST(NULL AS SMALLINT) AS "protocol",
      "t6"."records",
      "t6"."flows",
      "t6"."packets",
      "t6"."bytes",
      "t6"."accepted",
      "t6"."rejected",
      "t6"."accepted_metric",
      "t6"."rejected_metric"
    FROM (
      SELECT
        COALESCE(SUM("t3"."records"), 0) AS "records",
        COALESCE(SUM("t3"."flows"), 0) AS "flows",
        COALESCE(SUM("t3"."packets"), 0) AS "packets",
        COALESCE(SUM("t3"."bytes"), 0) AS "bytes",
        COALESCE(SUM("t3"."accepted"), 0) AS "accepted",
        COALESCE(SUM("t3"."rejected"), 0) AS "rejected",
        COALESCE(SUM("t3"."accepted_metric"), 0) AS "accepted_metric",
        COALESCE(SUM("t3"."rejected_metric"), 0) AS "rejected_metric"
      FROM "t2" AS "t3"
    ) AS "t6"
  ) AS "t8"
) AS "t9"
ORDER BY
  "t9"."part" ASC,
  "t9"."flows" DESC,
  "t9"."port" ASC,
  "t9"."protocol" ASC
