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
    "t7"."flows",
    "t7"."flows_before",
    "t7"."is_there",
    "t7"."was_there",
    "t7"."flows" - (
      CAST((
        CAST("t7"."flows_before" AS DOUBLE) * 933775
      ) AS DOUBLE) / 1000000
    ) AS "difference",
    CASE
      WHEN NOT (
        "t7"."was_there"
      )
      THEN 0
      WHEN NOT (
        "t7"."is_there"
      )
      THEN 1
      WHEN "t7"."flows" > (
        CAST((
          CAST("t7"."flows_before" AS DOUBLE) * 933775
        ) AS DOUBLE) / 1000000
      )
      THEN 2
      WHEN "t7"."flows" < (
        CAST((
          CAST("t7"."flows_before" AS DOUBLE) * 933775
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
      COALESCE(SUM("t5"."flows") FILTER(WHERE
        "t5"."is_now"), 0) AS "flows",
      COALESCE(SUM("t5"."flows") FILTER(WHERE
        NOT (
          "t5"."is_now"
        )), 0) AS "flows_before",
      BOOL_OR("t5"."is_now") AS "is_there",
      BOOL_OR(NOT (
        "t5"."is_now"
      )) AS "was_there"
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
    AND GREATEST("t7"."flows", "t7"."flows_before") >= $threshold
), "t20" AS (
  SELECT
    "t19"."change",
    IF("t19"."is_kept", "t19"."src", CAST(NULL AS VARCHAR)) AS "src",
    IF("t19"."is_kept", "t19"."dst", CAST(NULL AS VARCHAR)) AS "dst",
    IF("t19"."is_kept", "t19"."port", CAST(NULL AS INTEGER)) AS "port",
    IF("t19"."is_kept", "t19"."protocol", CAST(NULL AS SMALLINT)) AS "protocol",
    COALESCE(SUM("t19"."flows") FILTER(WHERE
      "t19"."is_now"), 0) AS "flows",
    COALESCE(SUM("t19"."flows") FILTER(WHERE
      NOT (
        "t19"."is_now"
      )), 0) AS "flows_before",
    COALESCE(SUM("t19"."bytes") FILTER(WHERE
      "t19"."is_now"), 0) AS "bytes",
    COALESCE(SUM("t19"."bytes") FILTER(WHERE
      NOT (
        "t19"."is_now"
      )), 0) AS "bytes_before",
    COALESCE(SUM("t19"."packets") FILTER(WHERE
      "t19"."is_now"), 0) AS "packets",
    COALESCE(SUM("t19"."packets") FILTER(WHERE
      NOT (
        "t19"."is_now"
      )), 0) AS "packets_before",
    COALESCE(SUM("t19"."accepted") FILTER(WHERE
      "t19"."is_now"), 0) AS "accepted",
    COALESCE(SUM("t19"."accepted") FILTER(WHERE
      NOT (
        "t19"."is_now"
      )), 0) AS "accepted_before",
    COALESCE(SUM("t19"."rejected") FILTER(WHERE
      "t19"."is_now"), 0) AS "rejected",
    COALESCE(SUM("t19"."rejected") FILTER(WHERE
      NOT (
        "t19"."is_now"
      )), 0) AS "rejected_before"
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
    5
)
SELECT
  *
FROM (
  SELECT
    "t27"."part",
    CASE
      WHEN "t27"."change" = 0
      THEN 'added'
      WHEN "t27"."change" = 1
      THEN 'gone'
      WHEN "t27"."change" = 2
      THEN 'grew'
      WHEN "t27"."change" = 3
      THEN 'shrank'
      WHEN "t27"."change" = 4
      THEN 'same'
      ELSE NULL
    END AS "change",
    "t27"."src",
    "t27"."dst",
    "t27"."port",
    "t27"."protocol",
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
      *
    FROM (
      SELECT
        0 AS "part",
        "t21"."change",
        "t21"."src",
        "t21"."dst",
        "t21"."port",
        "t21"."protocol",
        "t21"."flows",
        "t21"."flows_before",
        "t21"."bytes",
        "t21"."bytes_before",
        "t21"."packets",
        "t21"."packets_before",
        "t21"."accepted",
        "t21"."accepted_before",
        "t21"."rejected",
        "t21"."rejected_before",
        "t21"."flows" - (
          CAST((
            CAST("t21"."flows_before" AS DOUBLE) * 933775
          ) AS DOUBLE) / 1000000
        ) AS "difference",
        1 AS "edges"
      FROM "t20" AS "t21"
      WHERE
        "t21"."src" IS NOT NULL
    ) AS "t24"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        1 AS "part",
        "t25"."change",
        CAST(NULL AS VARCHAR) AS "src",
        CAST(NULL AS VARCHAR) AS "dst",
        CAST(NULL AS INTEGER) AS "port",
        CAST(NULL AS SMALLINT) AS "protocol",
        "t25"."flows",
        "t25"."flows_before",
        "t25"."bytes",
        "t25"."bytes_before",
        "t25"."packets",
        "t25"."packets_before",
        "t25"."accepted",
        "t25"."accepted_before",
        "t25"."rejected",
        "t25"."rejected_before",
        "t25"."difference",
        "t25"."edges"
      FROM (
        SELECT
          "t23"."change",
          "t23"."flows",
          "t23"."flows_before",
          "t23"."bytes",
          "t23"."bytes_before",
          "t23"."packets",
          "t23"."packets_before",
          "t23"."accepted",
          "t23"."accepted_before",
          "t23"."rejected",
          "t23"."rejected_before",
          "t12"."counted",
          "t12"."difference",
          "t12"."edges"
        FROM (
          SELECT
            "t21"."change",
            SUM("t21"."flows") AS "flows",
            SUM("t21"."flows_before") AS "flows_before",
            SUM("t21"."bytes") AS "bytes",
            SUM("t21"."bytes_before") AS "bytes_before",
            SUM("t21"."packets") AS "packets",
            SUM("t21"."packets_before") AS "packets_before",
            SUM("t21"."accepted") AS "accepted",
            SUM("t21"."accepted_before") AS "accepted_before",
            SUM("t21"."rejected") AS "rejected",
            SUM("t21"."rejected_before") AS "rejected_before"
          FROM "t20" AS "t21"
          GROUP BY
            1
        ) AS "t23"
        INNER JOIN (
          SELECT
            "t9"."change" AS "counted",
            SUM("t9"."difference") AS "difference",
            COUNT(*) AS "edges"
          FROM "t8" AS "t9"
          GROUP BY
            1
        ) AS "t12"
          ON "t23"."change" = "t12"."counted"
      ) AS "t25"
    ) AS "t26"
  ) AS "t27"
) AS "t28"
ORDER BY
  "t28"."part" ASC,
  ABS("t28"."difference") DESC,
  "t28"."src" ASC,
  "t28"."dst" ASC,
  "t28"."port" ASC,
  "t28"."protocol" ASC,
  "t28"."change" ASC
