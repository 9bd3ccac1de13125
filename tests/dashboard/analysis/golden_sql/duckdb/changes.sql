WITH "compared_edges" AS NOT MATERIALIZED (SELECT
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
    CASE WHEN COALESCE("t0"."action" = 'ACCEPT', FALSE) THEN "t0"."flows" ELSE 0 END AS "accepted",
    CASE WHEN COALESCE("t0"."action" = 'REJECT', FALSE) THEN "t0"."flows" ELSE 0 END AS "rejected"
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
      (
        CAST(COALESCE("t4"."flows_before", 0) AS DOUBLE) * 933775
      ) / 1000000
    ) AS "difference",
    CASE
      WHEN "t4"."flows_before" IS NULL
      THEN 0
      WHEN "t4"."flows" IS NULL
      THEN 1
      WHEN COALESCE("t4"."flows", 0) > (
        (
          CAST(COALESCE("t4"."flows_before", 0) AS DOUBLE) * 933775
        ) / 1000000
      )
      THEN 2
      WHEN COALESCE("t4"."flows", 0) < (
        (
          CAST(COALESCE("t4"."flows_before", 0) AS DOUBLE) * 933775
        ) / 1000000
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
), "t18" AS (
  SELECT
    "t17"."change",
    "t17"."src",
    "t17"."dst",
    "t17"."port",
    "t17"."protocol",
    SUM("t17"."flows") FILTER(WHERE
      "t17"."is_now") AS "flows",
    SUM("t17"."flows") FILTER(WHERE
      NOT (
        "t17"."is_now"
      )) AS "flows_before",
    SUM("t17"."bytes") FILTER(WHERE
      "t17"."is_now") AS "bytes",
    SUM("t17"."bytes") FILTER(WHERE
      NOT (
        "t17"."is_now"
      )) AS "bytes_before",
    SUM("t17"."packets") FILTER(WHERE
      "t17"."is_now") AS "packets",
    SUM("t17"."packets") FILTER(WHERE
      NOT (
        "t17"."is_now"
      )) AS "packets_before",
    SUM("t17"."accepted") FILTER(WHERE
      "t17"."is_now") AS "accepted",
    SUM("t17"."accepted") FILTER(WHERE
      NOT (
        "t17"."is_now"
      )) AS "accepted_before",
    SUM("t17"."rejected") FILTER(WHERE
      "t17"."is_now") AS "rejected",
    SUM("t17"."rejected") FILTER(WHERE
      NOT (
        "t17"."is_now"
      )) AS "rejected_before"
  FROM (
    SELECT
      "t16"."change",
      "t16"."is_now",
      CASE WHEN "t16"."is_kept" THEN "t16"."src" ELSE CAST(NULL AS TEXT) END AS "src",
      CASE WHEN "t16"."is_kept" THEN "t16"."dst" ELSE CAST(NULL AS TEXT) END AS "dst",
      CASE WHEN "t16"."is_kept" THEN "t16"."port" ELSE CAST(NULL AS INT) END AS "port",
      CASE WHEN "t16"."is_kept" THEN "t16"."protocol" ELSE CAST(NULL AS SMALLINT) END AS "protocol",
      SUM("t16"."flows") AS "flows",
      SUM("t16"."bytes") AS "bytes",
      SUM("t16"."packets") AS "packets",
      SUM("t16"."accepted") AS "accepted",
      SUM("t16"."rejected") AS "rejected"
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
        "t15"."change",
        "t15"."is_kept",
        "t15"."every_src",
        "t15"."every_dst",
        "t15"."every_port",
        "t15"."every_protocol"
      FROM "t1" AS "t3"
      INNER JOIN (
        SELECT
          "t7"."change",
          "t13"."kept_src" IS NOT NULL AS "is_kept",
          "t7"."src" AS "every_src",
          "t7"."dst" AS "every_dst",
          "t7"."port" AS "every_port",
          "t7"."protocol" AS "every_protocol"
        FROM "t5" AS "t7"
        LEFT OUTER JOIN (
          SELECT
            "t11"."src" AS "kept_src",
            "t11"."dst" AS "kept_dst",
            "t11"."port" AS "kept_port",
            "t11"."protocol" AS "kept_protocol"
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
          ) AS "t11"
        ) AS "t13"
          ON "t7"."src" = "t13"."kept_src"
          AND "t7"."dst" = "t13"."kept_dst"
          AND COALESCE("t7"."port", -1) = COALESCE("t13"."kept_port", -1)
          AND COALESCE("t7"."protocol", -1) = COALESCE("t13"."kept_protocol", -1)
      ) AS "t15"
        ON "t3"."src" = "t15"."every_src"
        AND "t3"."dst" = "t15"."every_dst"
        AND COALESCE("t3"."port", -1) = COALESCE("t15"."every_port", -1)
        AND COALESCE("t3"."protocol", -1) = COALESCE("t15"."every_protocol", -1)
    ) AS "t16"
    GROUP BY
      1,
      2,
      3,
      4,
      5,
      6
  ) AS "t17"
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
        "t19"."change",
        "t19"."src",
        "t19"."dst",
        "t19"."port",
        "t19"."protocol",
        COALESCE("t19"."flows", 0) AS "flows",
        COALESCE("t19"."flows_before", 0) AS "flows_before",
        COALESCE("t19"."bytes", 0) AS "bytes",
        COALESCE("t19"."bytes_before", 0) AS "bytes_before",
        COALESCE("t19"."packets", 0) AS "packets",
        COALESCE("t19"."packets_before", 0) AS "packets_before",
        COALESCE("t19"."accepted", 0) AS "accepted",
        COALESCE("t19"."accepted_before", 0) AS "accepted_before",
        COALESCE("t19"."rejected", 0) AS "rejected",
        COALESCE("t19"."rejected_before", 0) AS "rejected_before",
        COALESCE("t19"."flows", 0) - (
          (
            CAST(COALESCE("t19"."flows_before", 0) AS DOUBLE) * 933775
          ) / 1000000
        ) AS "difference",
        1 AS "edges"
      FROM "t18" AS "t19"
      WHERE
        "t19"."src" IS NOT NULL
    ) AS "t22"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        1 AS "part",
        "t25"."change",
        CAST(NULL AS TEXT) AS "src",
        CAST(NULL AS TEXT) AS "dst",
        CAST(NULL AS INT) AS "port",
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
          "t24"."change",
          "t24"."flows",
          "t24"."flows_before",
          "t24"."bytes",
          "t24"."bytes_before",
          "t24"."packets",
          "t24"."packets_before",
          "t24"."accepted",
          "t24"."accepted_before",
          "t24"."rejected",
          "t24"."rejected_before",
          "t24"."difference",
          "t9"."counted",
          "t9"."edges"
        FROM (
          SELECT
            "t21"."change",
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
              (
                CAST("t21"."flows_before" AS DOUBLE) * 933775
              ) / 1000000
            ) AS "difference"
          FROM (
            SELECT
              "t20"."change",
              SUM("t20"."flows") AS "flows",
              SUM("t20"."flows_before") AS "flows_before",
              SUM("t20"."bytes") AS "bytes",
              SUM("t20"."bytes_before") AS "bytes_before",
              SUM("t20"."packets") AS "packets",
              SUM("t20"."packets_before") AS "packets_before",
              SUM("t20"."accepted") AS "accepted",
              SUM("t20"."accepted_before") AS "accepted_before",
              SUM("t20"."rejected") AS "rejected",
              SUM("t20"."rejected_before") AS "rejected_before"
            FROM (
              SELECT
                "t19"."change",
                "t19"."src",
                "t19"."dst",
                "t19"."port",
                "t19"."protocol",
                COALESCE("t19"."flows", 0) AS "flows",
                COALESCE("t19"."flows_before", 0) AS "flows_before",
                COALESCE("t19"."bytes", 0) AS "bytes",
                COALESCE("t19"."bytes_before", 0) AS "bytes_before",
                COALESCE("t19"."packets", 0) AS "packets",
                COALESCE("t19"."packets_before", 0) AS "packets_before",
                COALESCE("t19"."accepted", 0) AS "accepted",
                COALESCE("t19"."accepted_before", 0) AS "accepted_before",
                COALESCE("t19"."rejected", 0) AS "rejected",
                COALESCE("t19"."rejected_before", 0) AS "rejected_before"
              FROM "t18" AS "t19"
            ) AS "t20"
            GROUP BY
              1
          ) AS "t21"
        ) AS "t24"
        INNER JOIN (
          SELECT
            "t6"."change" AS "counted",
            COUNT(*) AS "edges"
          FROM "t5" AS "t6"
          GROUP BY
            1
        ) AS "t9"
          ON "t24"."change" = "t9"."counted"
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
