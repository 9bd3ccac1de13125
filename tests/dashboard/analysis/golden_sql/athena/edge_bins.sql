WITH "fitting_edges" AS (SELECT
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
  COALESCE("t0"."end", "t0"."start") AS "last_seen"
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
    "t1"."src",
    "t1"."dst",
    "t1"."port",
    "t1"."protocol",
    "t1"."bin_start",
    COALESCE(SUM("t1"."flows"), 0) AS "flows"
  FROM (
    SELECT
      "t0"."time",
      "t0"."src",
      "t0"."dst",
      "t0"."src_named",
      "t0"."dst_named",
      "t0"."service_port",
      "t0"."protocol",
      "t0"."action",
      "t0"."records",
      "t0"."flows",
      "t0"."packets",
      "t0"."bytes",
      "t0"."return_packets",
      "t0"."return_bytes",
      "t0"."first_seen",
      "t0"."last_seen",
      "t0"."time" - (
        "t0"."time" % 300
      ) AS "bin_start",
      "t0"."service_port" AS "port"
    FROM "fitting_edges" AS "t0"
    WHERE
      "t0"."src" IS NOT NULL AND "t0"."dst" IS NOT NULL AND "t0"."time" IS NOT NULL
  ) AS "t1"
  GROUP BY
    1,
    2,
    3,
    4,
    5
) AS "t2"
ORDER BY
  "t2"."src" ASC,
  "t2"."dst" ASC,
  "t2"."port" ASC,
  "t2"."protocol" ASC,
  "t2"."bin_start" ASC
