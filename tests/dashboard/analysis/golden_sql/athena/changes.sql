WITH "compared_edges" AS (SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t6"."time",
      "t6"."initiator" AS "src",
      "t6"."responder" AS "dst",
      FALSE AS "src_named",
      FALSE AS "dst_named",
      "t6"."service_port",
      "t6"."protocol",
      "t6"."action",
      "t6"."records",
      "t6"."flows",
      "t6"."packets",
      "t6"."bytes",
      "t6"."return_packets",
      "t6"."return_bytes",
      "t6"."first_seen",
      "t6"."last_seen",
      TRUE AS "is_now"
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
      ) AS "t4"
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
    ) AS "t6"
    WHERE
      COALESCE("t6"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
      AND COALESCE("t6"."service_port" < $typed_2, FALSE)
  ) AS "t8"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t7"."time",
      "t7"."initiator" AS "src",
      "t7"."responder" AS "dst",
      FALSE AS "src_named",
      FALSE AS "dst_named",
      "t7"."service_port",
      "t7"."protocol",
      "t7"."action",
      "t7"."records",
      "t7"."flows",
      "t7"."packets",
      "t7"."bytes",
      "t7"."return_packets",
      "t7"."return_bytes",
      "t7"."first_seen",
      "t7"."last_seen",
      FALSE AS "is_now"
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
          COALESCE("t0"."start", "t0"."end") >= $base_from_1
          AND COALESCE("t0"."start", "t0"."end") < $base_to_1
          AND "t0"."is_counted" IS NOT NULL
      ) AS "t5"
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
          "t1"."hour_start" >= $base_low
          AND "t1"."hour_start" < $base_high
      ) AS "t3"
    ) AS "t7"
    WHERE
      COALESCE("t7"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
      AND COALESCE("t7"."service_port" < $typed_2, FALSE)
  ) AS "t9"
) AS "t10"), "t1" AS (
  SELECT
    "t0"."src",
    "t0"."dst",
    "t0"."protocol",
    "t0"."flows",
    "t0"."bytes",
    "t0"."packets",
    "t0"."is_now",
    "t0"."service_port" AS "port",
    IF(COALESCE("t0"."action" = 'ACCEPT', FALSE), "t0"."flows", 0) AS "accepted",
    IF(COALESCE("t0"."action" = 'REJECT', FALSE), "t0"."flows", 0) AS "rejected"
  FROM "compared_edges" AS "t0"
), "t5" AS (
  SELECT
    "t4"."src",
    "t4"."dst",
    "t4"."port",
    "t4"."protocol",
    COALESCE("t4"."flows", 0) AS "flows",
    COALESCE("t4"."flows_before", 0) AS "flows_before",
    "t4"."flows" IS NULL AS "is_gone",
    "t4"."flows_before" IS NULL AS "is_added",
    COALESCE("t4"."flows", 0) - (
      CAST((
        CAST(COALESCE("t4"."flows_before", 0) AS DOUBLE) * 933775
      ) AS DOUBLE) / 1000000
    ) AS "difference",
    CASE
      WHEN "t4"."flows_before" IS NULL
      THEN 0
      WHEN "t4"."flows" IS NULL
      THEN 1
      WHEN COALESCE("t4"."flows", 0) > (
        CAST((
          CAST(COALESCE("t4"."flows_before", 0) AS DOUBLE) * 933775
        ) AS DOUBLE) / 1000000
      )
      THEN 2
      WHEN COALESCE("t4"."flows", 0) < (
        CAST((
          CAST(COALESCE("t4"."flows_before", 0) AS DOUBLE) * 933775
        ) AS DOUBLE) / 1000000
      )
      THEN 3
      ELSE 4
    END AS "change"
  FROM (
    SELECT
      "t2"."src",
      "t2"."dst",
      "t2"."port",
      "t2"."protocol",
      SUM("t2"."flows") FILTER(WHERE
        "t2"."is_now") AS "flows",
      SUM("t2"."flows") FILTER(WHERE
        NOT (
          "t2"."is_now"
        )) AS "flows_before"
    FROM "t1" AS "t2"
    GROUP BY
      1,
      2,
      3,
      4
  ) AS "t4"
  WHERE
    "t4"."src" IS NOT NULL
    AND "t4"."dst" IS NOT NULL
    AND GREATEST(COALESCE("t4"."flows", 0), COALESCE("t4"."flows_before", 0)) >= $threshold
)
SELECT
  *
FROM (
  SELECT
    "t16"."part",
    CASE
      WHEN "t16"."change" = 0
      THEN 'added'
      WHEN "t16"."change" = 1
      THEN 'gone'
      WHEN "t16"."change" = 2
      THEN 'grew'
      WHEN "t16"."change" = 3
      THEN 'shrank'
      WHEN "t16"."change" = 4
      THEN 'same'
      ELSE NULL
    END AS "change",
    "t16"."src",
    "t16"."dst",
    "t16"."port",
    "t16"."protocol",
    "t16"."flows",
    "t16"."flows_before",
    "t16"."bytes",
    "t16"."bytes_before",
    "t16"."packets",
    "t16"."packets_before",
    "t16"."accepted",
    "t16"."accepted_before",
    "t16"."rejected",
    "t16"."rejected_before",
    "t16"."difference",
    "t16"."edges"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        0 AS "part",
        "t14"."change",
        "t14"."src",
        "t14"."dst",
        "t14"."port",
        "t14"."protocol",
        COALESCE("t14"."flows", 0) AS "flows",
        COALESCE("t14"."flows_before", 0) AS "flows_before",
        COALESCE("t14"."bytes", 0) AS "bytes",
        COALESCE("t14"."bytes_before", 0) AS "bytes_before",
        COALESCE("t14"."packets", 0) AS "packets",
        COALESCE("t14"."packets_before", 0) AS "packets_before",
        COALESCE("t14"."accepted", 0) AS "accepted",
        COALESCE("t14"."accepted_before", 0) AS "accepted_before",
        COALESCE("t14"."rejected", 0) AS "rejected",
        COALESCE("t14"."rejected_before", 0) AS "rejected_before",
        "t14"."difference",
        1 AS "edges"
      FROM (
        SELECT
          "t13"."src",
          "t13"."dst",
          "t13"."port",
          "t13"."protocol",
          "t13"."change",
          "t13"."difference",
          SUM("t13"."flows") FILTER(WHERE
            "t13"."is_now") AS "flows",
          SUM("t13"."flows") FILTER(WHERE
            NOT (
              "t13"."is_now"
            )) AS "flows_before",
          SUM("t13"."bytes") FILTER(WHERE
            "t13"."is_now") AS "bytes",
          SUM("t13"."bytes") FILTER(WHERE
            NOT (
              "t13"."is_now"
            )) AS "bytes_before",
          SUM("t13"."packets") FILTER(WHERE
            "t13"."is_now") AS "packets",
          SUM("t13"."packets") FILTER(WHERE
            NOT (
              "t13"."is_now"
            )) AS "packets_before",
          SUM("t13"."accepted") FILTER(WHERE
            "t13"."is_now") AS "accepted",
          SUM("t13"."accepted") FILTER(WHERE
            NOT (
              "t13"."is_now"
            )) AS "accepted_before",
          SUM("t13"."rejected") FILTER(WHERE
            "t13"."is_now") AS "rejected",
          SUM("t13"."rejected") FILTER(WHERE
            NOT (
              "t13"."is_now"
            )) AS "rejected_before"
        FROM (
          SELECT
            "t3"."src",
            "t3"."dst",
            "t3"."protocol",
            "t3"."flows",
            "t3"."bytes",
            "t3"."packets",
            "t3"."is_now",
            "t3"."port",
            "t3"."accepted",
            "t3"."rejected",
            "t11"."change",
            "t11"."difference",
            "t11"."kept_src",
            "t11"."kept_dst",
            "t11"."kept_port",
            "t11"."kept_protocol"
          FROM "t1" AS "t3"
          INNER JOIN (
            SELECT
              "t9"."change",
              "t9"."difference",
              "t9"."src" AS "kept_src",
              "t9"."dst" AS "kept_dst",
              "t9"."port" AS "kept_port",
              "t9"."protocol" AS "kept_protocol"
            FROM (
              SELECT
                *
              FROM "t5" AS "t6"
              WHERE
                "t6"."change" IN (0, 1, 2, 3)
              ORDER BY
                ABS("t6"."difference") DESC,
                "t6"."src" ASC,
                "t6"."dst" ASC,
                "t6"."port" ASC,
                "t6"."protocol" ASC
              LIMIT 7
            ) AS "t9"
          ) AS "t11"
            ON "t3"."src" = "t11"."kept_src"
            AND "t3"."dst" = "t11"."kept_dst"
            AND COALESCE("t3"."port", -1) = COALESCE("t11"."kept_port", -1)
            AND COALESCE("t3"."protocol", -1) = COALESCE("t11"."kept_protocol", -1)
        ) AS "t13"
        GROUP BY
          1,
          2,
          3,
          4,
          5,
          6
      ) AS "t14"
    ) AS "t15"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        1 AS "part",
        "t7"."change",
        CAST(NULL AS VARCHAR) AS "src",
        CAST(NULL AS VARCHAR) AS "dst",
        CAST(NULL AS INTEGER) AS "port",
        CAST(NULL AS SMALLINT) AS "protocol",
        "t7"."flows",
        "t7"."flows_before",
        CAST(NULL AS BIGINT) AS "bytes",
        CAST(NULL AS BIGINT) AS "bytes_before",
        CAST(NULL AS BIGINT) AS "packets",
        CAST(NULL AS BIGINT) AS "packets_before",
        CAST(NULL AS BIGINT) AS "accepted",
        CAST(NULL AS BIGINT) AS "accepted_before",
        CAST(NULL AS BIGINT) AS "rejected",
        CAST(NULL AS BIGINT) AS "rejected_before",
        "t7"."flows" - (
          CAST((
            CAST("t7"."flows_before" AS DOUBLE) * 933775
          ) AS DOUBLE) / 1000000
        ) AS "difference",
        "t7"."edges"
      FROM (
        SELECT
          "t6"."change",
          SUM("t6"."flows") AS "flows",
          SUM("t6"."flows_before") AS "flows_before",
          COUNT(*) AS "edges"
        FROM "t5" AS "t6"
        GROUP BY
          1
      ) AS "t7"
    ) AS "t12"
  ) AS "t16"
) AS "t17"
ORDER BY
  "t17"."part" ASC,
  ABS("t17"."difference") DESC,
  "t17"."src" ASC,
  "t17"."dst" ASC,
  "t17"."port" ASC,
  "t17"."protocol" ASC,
  "t17"."change" ASC
