WITH "fitting_edges" AS (SELECT
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
  AND COALESCE("t4"."service_port" < $typed_2, FALSE)), "t1" AS (
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
    "t0"."last_seen",
    IF((
      "t0"."src" IS NOT NULL
    ) AND (
      "t0"."dst" IS NOT NULL
    ), 1, 2) AS "part"
  FROM "fitting_edges" AS "t0"
), "t4" AS (
  SELECT
    "t2"."part",
    "t2"."src",
    "t2"."dst",
    "t2"."port",
    "t2"."protocol",
    COALESCE(SUM("t2"."flows"), 0) AS "flows"
  FROM "t1" AS "t2"
  GROUP BY
    1,
    2,
    3,
    4,
    5
), "t13" AS (
  SELECT
    "t12"."part",
    "t12"."kept_src" AS "src",
    "t12"."kept_dst" AS "dst",
    "t12"."kept_port" AS "port",
    "t12"."kept_protocol" AS "protocol",
    COALESCE(SUM("t12"."records"), 0) AS "records",
    COALESCE(SUM("t12"."flows"), 0) AS "flows",
    COALESCE(SUM("t12"."packets"), 0) AS "packets",
    COALESCE(SUM("t12"."bytes"), 0) AS "bytes",
    COALESCE(SUM("t12"."flows") FILTER(WHERE
      "t12"."action" = 'ACCEPT'), 0) AS "accepted",
    COALESCE(SUM("t12"."flows") FILTER(WHERE
      "t12"."action" = 'REJECT'), 0) AS "rejected",
    COALESCE(SUM("t12"."return_packets"), 0) AS "return_packets",
    COALESCE(SUM("t12"."return_bytes"), 0) AS "return_bytes",
    COALESCE(SUM("t12"."bytes") FILTER(WHERE
      "t12"."src_named" AND "t12"."dst_named"), 0) AS "named_bytes",
    MIN("t12"."first_seen") AS "first_seen",
    MAX("t12"."last_seen") AS "last_seen"
  FROM (
    SELECT
      "t3"."time",
      "t3"."src",
      "t3"."dst",
      "t3"."src_named",
      "t3"."dst_named",
      "t3"."port",
      "t3"."protocol",
      "t3"."action",
      "t3"."records",
      "t3"."flows",
      "t3"."packets",
      "t3"."bytes",
      "t3"."return_packets",
      "t3"."return_bytes",
      "t3"."first_seen",
      "t3"."last_seen",
      "t3"."part",
      "t11"."kept_src",
      "t11"."kept_dst",
      "t11"."kept_port",
      "t11"."kept_protocol"
    FROM "t1" AS "t3"
    LEFT OUTER JOIN (
      SELECT
        "t9"."src" AS "kept_src",
        "t9"."dst" AS "kept_dst",
        "t9"."port" AS "kept_port",
        "t9"."protocol" AS "kept_protocol"
      FROM (
        SELECT
          *
        FROM "t4" AS "t5"
        WHERE
          "t5"."part" = 1 AND "t5"."flows" >= $threshold
        ORDER BY
          "t5"."flows" DESC,
          "t5"."src" ASC,
          "t5"."dst" ASC,
          "t5"."port" ASC,
          "t5"."protocol" ASC
        LIMIT 7
      ) AS "t9"
    ) AS "t11"
      ON "t3"."src" = "t11"."kept_src"
      AND "t3"."dst" = "t11"."kept_dst"
      AND COALESCE("t3"."port", -1) = COALESCE("t11"."kept_port", -1)
      AND COALESCE("t3"."protocol", -1) = COALESCE("t11"."kept_protocol", -1)
  ) AS "t12"
  GROUP BY
    1,
    2,
    3,
    4,
    5
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      0 AS "part",
      "t14"."src",
      "t14"."dst",
      "t14"."port",
      "t14"."protocol",
      "t14"."records",
      "t14"."flows",
      "t14"."accepted",
      "t14"."rejected",
      "t14"."packets",
      "t14"."bytes",
      "t14"."return_packets",
      "t14"."return_bytes",
      "t14"."named_bytes",
      "t14"."first_seen",
      "t14"."last_seen",
      1 AS "edges"
    FROM "t13" AS "t14"
    WHERE
      "t14"."src" IS NOT NULL
  ) AS "t15"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t18"."part",
      CAST(NULL AS VARCHAR) AS "src",
      CAST(NULL AS VARCHAR) AS "dst",
      CAST(NULL AS INTEGER) AS "port",
      CAST(NULL AS SMALLINT) AS "protocol",
      "t18"."records",
      "t18"."flows",
      "t18"."accepted",
      "t18"."rejected",
      "t18"."packets",
      "t18"."bytes",
      "t18"."return_packets",
      "t18"."return_bytes",
      "t18"."named_bytes",
      "t18"."first_seen",
      "t18"."last_seen",
      "t18"."edges"
    FROM (
      SELECT
        "t17"."part",
        "t17"."records",
        "t17"."flows",
        "t17"."accepted",
        "t17"."rejected",
        "t17"."packets",
        "t17"."bytes",
        "t17"."return_packets",
        "t17"."return_bytes",
        "t17"."named_bytes",
        "t17"."first_seen",
        "t17"."last_seen",
        "t7"."counted",
        "t7"."edges"
      FROM (
        SELECT
          "t14"."part",
          SUM("t14"."records") AS "records",
          SUM("t14"."flows") AS "flows",
          SUM("t14"."accepted") AS "accepted",
          SUM("t14"."rejected") AS "rejected",
          SUM("t14"."packets") AS "packets",
          SUM("t14"."bytes") AS "bytes",
          SUM("t14"."return_packets") AS "return_packets",
          SUM("t14"."return_bytes") AS "return_bytes",
          SUM("t14"."named_bytes") AS "named_bytes",
          MIN("t14"."first_seen") AS "first_seen",
          MAX("t14"."last_seen") AS "last_seen"
        FROM "t13" AS "t14"
        GROUP BY
          1
      ) AS "t17"
      INNER JOIN (
        SELECT
          "t5"."part" AS "counted",
          COUNT(*) AS "edges"
        FROM "t4" AS "t5"
        GROUP BY
          1
      ) AS "t7"
        ON "t17"."part" = "t7"."counted"
    ) AS "t18"
  ) AS "t19"
) AS "t20"
ORDER BY
  "t20"."part" ASC,
  "t20"."flows" DESC,
  "t20"."src" ASC,
  "t20"."dst" ASC,
  "t20"."port" ASC,
  "t20"."protocol" ASC
