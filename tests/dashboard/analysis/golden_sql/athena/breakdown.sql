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
  AND COALESCE("t4"."service_port" < $typed_2, FALSE)), "t2" AS (
  SELECT
    "t1"."protocol",
    "t1"."action",
    COALESCE(SUM("t1"."records"), 0) AS "records",
    COALESCE(SUM("t1"."flows"), 0) AS "flows",
    COALESCE(SUM("t1"."packets"), 0) AS "packets",
    COALESCE(SUM("t1"."bytes"), 0) AS "bytes",
    COALESCE(SUM("t1"."flows") FILTER(WHERE
      "t1"."action" = 'ACCEPT'), 0) AS "accepted",
    COALESCE(SUM("t1"."flows") FILTER(WHERE
      "t1"."action" = 'REJECT'), 0) AS "rejected"
  FROM (
    SELECT
      "t0"."time",
      "t0"."src",
      "t0"."dst",
      "t0"."src_named",
      "t0"."dst_named",
      "t0"."service_port",
      "t0"."protocol",
      COALESCE("t0"."action", 'NONE') AS "action",
      "t0"."records",
      "t0"."flows",
      "t0"."packets",
      "t0"."bytes",
      "t0"."return_packets",
      "t0"."return_bytes",
      "t0"."first_seen",
      "t0"."last_seen",
      "t0"."service_port" AS "port"
    FROM "fitting_edges" AS "t0"
  ) AS "t1"
  GROUP BY
    1,
    2
), "t11" AS (
  SELECT
    IF("t10"."protocol_other", CAST(NULL AS SMALLINT), "t10"."protocol") AS "protocol",
    "t10"."action",
    "t10"."records",
    "t10"."flows",
    "t10"."packets",
    "t10"."bytes",
    "t10"."accepted",
    "t10"."rejected",
    "t10"."protocol_other"
  FROM (
    SELECT
      "t4"."protocol",
      "t4"."action",
      "t4"."records",
      "t4"."flows",
      "t4"."packets",
      "t4"."bytes",
      "t4"."accepted",
      "t4"."rejected",
      "t9"."protocol_key" IS NULL AS "protocol_other"
    FROM "t2" AS "t4"
    LEFT OUTER JOIN (
      SELECT
        COALESCE(CAST("t7"."protocol" AS VARCHAR), '') AS "protocol_key"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t3"."protocol",
            SUM("t3"."flows") AS "size"
          FROM "t2" AS "t3"
          GROUP BY
            1
        ) AS "t5"
        ORDER BY
          "t5"."size" DESC,
          "t5"."protocol" ASC
        LIMIT 8
      ) AS "t7"
    ) AS "t9"
      ON COALESCE(CAST("t4"."protocol" AS VARCHAR), '') = "t9"."protocol_key"
  ) AS "t10"
)
SELECT
  *
FROM (
  SELECT
    "t20"."protocol",
    "t20"."protocol_other",
    "t20"."action",
    "t20"."action_other",
    SUM("t20"."records") AS "records",
    SUM("t20"."flows") AS "flows",
    SUM("t20"."packets") AS "packets",
    SUM("t20"."bytes") AS "bytes",
    SUM("t20"."accepted") AS "accepted",
    SUM("t20"."rejected") AS "rejected"
  FROM (
    SELECT
      "t19"."protocol",
      IF("t19"."action_other", CAST(NULL AS VARCHAR), "t19"."action") AS "action",
      "t19"."records",
      "t19"."flows",
      "t19"."packets",
      "t19"."bytes",
      "t19"."accepted",
      "t19"."rejected",
      "t19"."protocol_other",
      "t19"."action_other"
    FROM (
      SELECT
        "t13"."protocol",
        "t13"."action",
        "t13"."records",
        "t13"."flows",
        "t13"."packets",
        "t13"."bytes",
        "t13"."accepted",
        "t13"."rejected",
        "t13"."protocol_other",
        "t18"."action_key" IS NULL AS "action_other"
      FROM "t11" AS "t13"
      LEFT OUTER JOIN (
        SELECT
          COALESCE("t16"."action", '') AS "action_key"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t12"."action",
              SUM("t12"."flows") AS "size"
            FROM "t11" AS "t12"
            GROUP BY
              1
          ) AS "t14"
          ORDER BY
            "t14"."size" DESC,
            "t14"."action" ASC
          LIMIT 8
        ) AS "t16"
      ) AS "t18"
        ON COALESCE("t13"."action", '') = "t18"."action_key"
    ) AS "t19"
  ) AS "t20"
  GROUP BY
    1,
    2,
    3,
    4
) AS "t21"
ORDER BY
  "t21"."flows" DESC,
  "t21"."protocol" ASC,
  "t21"."protocol_other" ASC,
  "t21"."action" ASC,
  "t21"."action_other" ASC
