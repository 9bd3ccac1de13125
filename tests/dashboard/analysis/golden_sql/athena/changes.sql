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
  AND COALESCE("t4"."service_port" < $typed_2, FALSE)), "base_edges" AS (SELECT
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
      COALESCE("t0"."start", "t0"."end") >= $base_from_1
      AND COALESCE("t0"."start", "t0"."end") < $base_to_1
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
      "t1"."hour_start" >= $base_low
      AND "t1"."hour_start" < $base_high
  ) AS "t2"
) AS "t4"
WHERE
  COALESCE("t4"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
  AND COALESCE("t4"."service_port" < $typed_2, FALSE)), "t4" AS (
  SELECT
    *
  FROM (
    SELECT
      "t0"."src",
      "t0"."dst",
      "t0"."protocol",
      "t0"."flows",
      "t0"."bytes",
      "t0"."packets",
      "t0"."service_port" AS "port",
      TRUE AS "is_now",
      IF(COALESCE("t0"."action" = 'ACCEPT', FALSE), "t0"."flows", 0) AS "accepted",
      IF(COALESCE("t0"."action" = 'REJECT', FALSE), "t0"."flows", 0) AS "rejected"
    FROM "fitting_edges" AS "t0"
  ) AS "t2"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t1"."src",
      "t1"."dst",
      "t1"."protocol",
      "t1"."flows",
      "t1"."bytes",
      "t1"."packets",
      "t1"."service_port" AS "port",
      FALSE AS "is_now",
      IF(COALESCE("t1"."action" = 'ACCEPT', FALSE), "t1"."flows", 0) AS "accepted",
      IF(COALESCE("t1"."action" = 'REJECT', FALSE), "t1"."flows", 0) AS "rejected"
    FROM "base_edges" AS "t1"
  ) AS "t3"
), "t8" AS (
  SELECT
    "t7"."src",
    "t7"."dst",
    "t7"."port",
    "t7"."protocol",
    COALESCE("t7"."flows", 0) AS "flows",
    COALESCE("t7"."flows_before", 0) AS "flows_before",
    "t7"."flows" IS NULL AS "is_gone",
    "t7"."flows_before" IS NULL AS "is_added",
    COALESCE("t7"."flows", 0) - (
      CAST((
        CAST(COALESCE("t7"."flows_before", 0) AS DOUBLE) * 933775
      ) AS DOUBLE) / 1000000
    ) AS "difference",
    CASE
      WHEN "t7"."flows_before" IS NULL
      THEN 0
      WHEN "t7"."flows" IS NULL
      THEN 1
      WHEN COALESCE("t7"."flows", 0) > (
        CAST((
          CAST(COALESCE("t7"."flows_before", 0) AS DOUBLE) * 933775
        ) AS DOUBLE) / 1000000
      )
      THEN 2
      WHEN COALESCE("t7"."flows", 0) < (
        CAST((
          CAST(COALESCE("t7"."flows_before", 0) AS DOUBLE) * 933775
        ) AS DOUBLE) / 1000000
      )
      THEN 3
      ELSE 4
    END AS "change"
  FROM (
    SELECT
      "t5"."src",
      "t5"."dst",
      "t5"."port",
      "t5"."protocol",
      SUM("t5"."flows") FILTER(WHERE
        "t5"."is_now") AS "flows",
      SUM("t5"."flows") FILTER(WHERE
        NOT (
          "t5"."is_now"
        )) AS "flows_before"
    FROM "t4" AS "t5"
    GROUP BY
      1,
      2,
      3,
      4
  ) AS "t7"
  WHERE
    "t7"."src" IS NOT NULL
    AND "t7"."dst" IS NOT NULL
    AND GREATEST(COALESCE("t7"."flows", 0), COALESCE("t7"."flows_before", 0)) >= $threshold
), "t21" AS (
  SELECT
    "t20"."change",
    "t20"."src",
    "t20"."dst",
    "t20"."port",
    "t20"."protocol",
    SUM("t20"."flows") FILTER(WHERE
      "t20"."is_now") AS "flows",
    SUM("t20"."flows") FILTER(WHERE
      NOT (
        "t20"."is_now"
      )) AS "flows_before",
    SUM("t20"."bytes") FILTER(WHERE
      "t20"."is_now") AS "bytes",
    SUM("t20"."bytes") FILTER(WHERE
      NOT (
        "t20"."is_now"
      )) AS "bytes_before",
    SUM("t20"."packets") FILTER(WHERE
      "t20"."is_now") AS "packets",
    SUM("t20"."packets") FILTER(WHERE
      NOT (
        "t20"."is_now"
      )) AS "packets_before",
    SUM("t20"."accepted") FILTER(WHERE
      "t20"."is_now") AS "accepted",
    SUM("t20"."accepted") FILTER(WHERE
      NOT (
        "t20"."is_now"
      )) AS "accepted_before",
    SUM("t20"."rejected") FILTER(WHERE
      "t20"."is_now") AS "rejected",
    SUM("t20"."rejected") FILTER(WHERE
      NOT (
        "t20"."is_now"
      )) AS "rejected_before"
  FROM (
    SELECT
      "t19"."change",
      "t19"."is_now",
      IF("t19"."is_kept", "t19"."src", CAST(NULL AS VARCHAR)) AS "src",
      IF("t19"."is_kept", "t19"."dst", CAST(NULL AS VARCHAR)) AS "dst",
      IF("t19"."is_kept", "t19"."port", CAST(NULL AS INTEGER)) AS "port",
      IF("t19"."is_kept", "t19"."protocol", CAST(NULL AS SMALLINT)) AS "protocol",
      SUM("t19"."flows") AS "flows",
      SUM("t19"."bytes") AS "bytes",
      SUM("t19"."packets") AS "packets",
      SUM("t19"."accepted") AS "accepted",
      SUM("t19"."rejected") AS "rejected"
    FROM (
      SELECT
        "t6"."src",
        "t6"."dst",
        "t6"."protocol",
        "t6"."flows",
        "t6"."bytes",
        "t6"."packets",
        "t6"."port",
        "t6"."is_now",
        "t6"."accepted",
        "t6"."rejected",
        "t18"."change",
        "t18"."is_kept",
        "t18"."every_src",
        "t18"."every_dst",
        "t18"."every_port",
        "t18"."every_protocol"
      FROM "t4" AS "t6"
      INNER JOIN (
        SELECT
          "t10"."change",
          "t16"."kept_src" IS NOT NULL AS "is_kept",
          "t10"."src" AS "every_src",
          "t10"."dst" AS "every_dst",
          "t10"."port" AS "every_port",
          "t10"."protocol" AS "every_protocol"
        FROM "t8" AS "t10"
        LEFT OUTER JOIN (
          SELECT
            "t14"."src" AS "kept_src",
            "t14"."dst" AS "kept_dst",
            "t14"."port" AS "kept_port",
            "t14"."protocol" AS "kept_protocol"
          FROM (
            SELECT
              *
            FROM "t8" AS "t9"
            WHERE
              "t9"."change" IN (0, 1, 2, 3)
            ORDER BY
              ABS("t9"."difference") DESC,
              "t9"."src" ASC,
              "t9"."dst" ASC,
              "t9"."port" ASC,
              "t9"."protocol" ASC
            LIMIT 7
          ) AS "t14"
        ) AS "t16"
          ON "t10"."src" = "t16"."kept_src"
          AND "t10"."dst" = "t16"."kept_dst"
          AND COALESCE("t10"."port", -1) = COALESCE("t16"."kept_port", -1)
          AND COALESCE("t10"."protocol", -1) = COALESCE("t16"."kept_protocol", -1)
      ) AS "t18"
        ON "t6"."src" = "t18"."every_src"
        AND "t6"."dst" = "t18"."every_dst"
        AND COALESCE("t6"."port", -1) = COALESCE("t18"."every_port", -1)
        AND COALESCE("t6"."protocol", -1) = COALESCE("t18"."every_protocol", -1)
    ) AS "t19"
    GROUP BY
      1,
      2,
      3,
      4,
      5,
      6
  ) AS "t20"
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
    "t29"."part",
    CASE
      WHEN "t29"."change" = 0
      THEN 'added'
      WHEN "t29"."change" = 1
      THEN 'gone'
      WHEN "t29"."change" = 2
      THEN 'grew'
      WHEN "t29"."change" = 3
      THEN 'shrank'
      WHEN "t29"."change" = 4
      THEN 'same'
      ELSE NULL
    END AS "change",
    "t29"."src",
    "t29"."dst",
    "t29"."port",
    "t29"."protocol",
    "t29"."flows",
    "t29"."flows_before",
    "t29"."bytes",
    "t29"."bytes_before",
    "t29"."packets",
    "t29"."packets_before",
    "t29"."accepted",
    "t29"."accepted_before",
    "t29"."rejected",
    "t29"."rejected_before",
    "t29"."difference",
    "t29"."edges"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        0 AS "part",
        "t22"."change",
        "t22"."src",
        "t22"."dst",
        "t22"."port",
        "t22"."protocol",
        COALESCE("t22"."flows", 0) AS "flows",
        COALESCE("t22"."flows_before", 0) AS "flows_before",
        COALESCE("t22"."bytes", 0) AS "bytes",
        COALESCE("t22"."bytes_before", 0) AS "bytes_before",
        COALESCE("t22"."packets", 0) AS "packets",
        COALESCE("t22"."packets_before", 0) AS "packets_before",
        COALESCE("t22"."accepted", 0) AS "accepted",
        COALESCE("t22"."accepted_before", 0) AS "accepted_before",
        COALESCE("t22"."rejected", 0) AS "rejected",
        COALESCE("t22"."rejected_before", 0) AS "rejected_before",
        COALESCE("t22"."flows", 0) - (
          CAST((
            CAST(COALESCE("t22"."flows_before", 0) AS DOUBLE) * 933775
          ) AS DOUBLE) / 1000000
        ) AS "difference",
        1 AS "edges"
      FROM "t21" AS "t22"
      WHERE
        "t22"."src" IS NOT NULL
    ) AS "t25"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        1 AS "part",
        "t27"."change",
        CAST(NULL AS VARCHAR) AS "src",
        CAST(NULL AS VARCHAR) AS "dst",
        CAST(NULL AS INTEGER) AS "port",
        CAST(NULL AS SMALLINT) AS "protocol",
        "t27"."flows",
        "t27"."flows_before",
        "t27"."bytes",
        "t27"."bytes_before",
        "t27"."packets",
        "t27"."packets_before",
        "t27"."accepted",
        "t27"."accepted_before",
        "t27"."rejected",
        "t27"."rejected_before",
        "t27"."difference",
        "t27"."edges"
      FROM (
        SELECT
          "t26"."change",
          "t26"."flows",
          "t26"."flows_before",
          "t26"."bytes",
          "t26"."bytes_before",
          "t26"."packets",
          "t26"."packets_before",
          "t26"."accepted",
          "t26"."accepted_before",
          "t26"."rejected",
          "t26"."rejected_before",
          "t12"."counted",
          "t12"."difference",
          "t12"."edges"
        FROM (
          SELECT
            "t23"."change",
            SUM("t23"."flows") AS "flows",
            SUM("t23"."flows_before") AS "flows_before",
            SUM("t23"."bytes") AS "bytes",
            SUM("t23"."bytes_before") AS "bytes_before",
            SUM("t23"."packets") AS "packets",
            SUM("t23"."packets_before") AS "packets_before",
            SUM("t23"."accepted") AS "accepted",
            SUM("t23"."accepted_before") AS "accepted_before",
            SUM("t23"."rejected") AS "rejected",
            SUM("t23"."rejected_before") AS "rejected_before"
          FROM (
            SELECT
              "t22"."change",
              "t22"."src",
              "t22"."dst",
              "t22"."port",
              "t22"."protocol",
              COALESCE("t22"."flows", 0) AS "flows",
              COALESCE("t22"."flows_before", 0) AS "flows_before",
              COALESCE("t22"."bytes", 0) AS "bytes",
              COALESCE("t22"."bytes_before", 0) AS "bytes_before",
              COALESCE("t22"."packets", 0) AS "packets",
              COALESCE("t22"."packets_before", 0) AS "packets_before",
              COALESCE("t22"."accepted", 0) AS "accepted",
              COALESCE("t22"."accepted_before", 0) AS "accepted_before",
              COALESCE("t22"."rejected", 0) AS "rejected",
              COALESCE("t22"."rejected_before", 0) AS "rejected_before"
            FROM "t21" AS "t22"
          ) AS "t23"
          GROUP BY
            1
        ) AS "t26"
        INNER JOIN (
          SELECT
            "t9"."change" AS "counted",
            SUM("t9"."difference") AS "difference",
            COUNT(*) AS "edges"
          FROM "t8" AS "t9"
          GROUP BY
            1
        ) AS "t12"
          ON "t26"."change" = "t12"."counted"
      ) AS "t27"
    ) AS "t28"
  ) AS "t29"
) AS "t30"
ORDER BY
  "t30"."part" ASC,
  ABS("t30"."difference") DESC,
  "t30"."src" ASC,
  "t30"."dst" ASC,
  "t30"."port" ASC,
  "t30"."protocol" ASC,
  "t30"."change" ASC
