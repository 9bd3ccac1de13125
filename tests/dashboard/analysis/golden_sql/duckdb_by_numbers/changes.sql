WITH "compared_edges" AS NOT MATERIALIZED (SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t20"."time",
        "t20"."src",
        "t20"."dst",
        "t20"."src_named",
        "t20"."dst_named",
        "t20"."service_port",
        "t20"."protocol",
        "t20"."action",
        "t20"."records",
        "t20"."flows",
        "t20"."packets",
        "t20"."bytes",
        "t20"."return_packets",
        "t20"."return_bytes",
        "t20"."first_seen",
        "t20"."last_seen",
        "t20"."is_now"
      FROM (
        SELECT
          "t17"."initiator",
          "t17"."responder",
          "t17"."initiator_vpc_id",
          "t17"."responder_vpc_id",
          "t17"."initiator_ip4",
          "t17"."responder_ip4",
          "t17"."initiator_ip6",
          "t17"."responder_ip6",
          "t17"."time",
          "t17"."service_port",
          "t17"."protocol",
          "t17"."action",
          "t17"."records",
          "t17"."flows",
          "t17"."packets",
          "t17"."bytes",
          "t17"."return_packets",
          "t17"."return_bytes",
          "t17"."first_seen",
          "t17"."last_seen",
          "t17"."is_now",
          "t7"."node" AS "src",
          COALESCE("t7"."is_named", FALSE) AS "src_named",
          "t8"."node" AS "dst",
          COALESCE("t8"."is_named", FALSE) AS "dst_named"
        FROM (
          SELECT
            CASE
              WHEN "t1"."initiator_is_src"
              THEN COALESCE("t1"."pkt_srcaddr", "t1"."srcaddr")
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN COALESCE("t1"."pkt_dstaddr", "t1"."dstaddr")
              ELSE NULL
            END AS "initiator",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN COALESCE("t1"."pkt_dstaddr", "t1"."dstaddr")
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN COALESCE("t1"."pkt_srcaddr", "t1"."srcaddr")
              ELSE NULL
            END AS "responder",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."src_vpc_id"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."dst_vpc_id"
              ELSE NULL
            END AS "initiator_vpc_id",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."dst_vpc_id"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."src_vpc_id"
              ELSE NULL
            END AS "responder_vpc_id",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."src_ip4"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."dst_ip4"
              ELSE NULL
            END AS "initiator_ip4",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."dst_ip4"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."src_ip4"
              ELSE NULL
            END AS "responder_ip4",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."src_ip6"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."dst_ip6"
              ELSE NULL
            END AS "initiator_ip6",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."dst_ip6"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."src_ip6"
              ELSE NULL
            END AS "responder_ip6",
            COALESCE("t1"."start", "t1"."end") AS "time",
            "t1"."service_port",
            "t1"."protocol",
            "t1"."action",
            1 AS "records",
            CAST("t1"."is_counted" AS BIGINT) AS "flows",
            CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."packets", 0) ELSE 0 END AS "packets",
            CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."bytes", 0) ELSE 0 END AS "bytes",
            CASE
              WHEN "t1"."is_counted" AND NOT (
                COALESCE("t1"."initiator_is_src", TRUE)
              )
              THEN COALESCE(CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."packets", 0) ELSE 0 END, 0)
              ELSE 0
            END AS "return_packets",
            CASE
              WHEN "t1"."is_counted" AND NOT (
                COALESCE("t1"."initiator_is_src", TRUE)
              )
              THEN COALESCE(CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."bytes", 0) ELSE 0 END, 0)
              ELSE 0
            END AS "return_bytes",
            COALESCE("t1"."start", "t1"."end") AS "first_seen",
            COALESCE("t1"."end", "t1"."start") AS "last_seen",
            TRUE AS "is_now"
          FROM "flows" AS "t1"
          WHERE
            (
              (
                (
                  COALESCE("t1"."start", "t1"."end") >= $from_1
                )
                AND (
                  COALESCE("t1"."start", "t1"."end") < $to_1
                )
              )
              OR (
                (
                  COALESCE("t1"."start", "t1"."end") >= $from_2
                )
                AND (
                  COALESCE("t1"."start", "t1"."end") < $to_2
                )
              )
            )
            AND "t1"."is_counted" IS NOT NULL
        ) AS "t17"
        LEFT OUTER JOIN "node_facts" AS "t7"
          ON "t17"."initiator" = "t7"."address"
        LEFT OUTER JOIN "node_facts" AS "t8"
          ON "t17"."responder" = "t8"."address"
      ) AS "t20"
      WHERE
        COALESCE("t20"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
        AND COALESCE("t20"."service_port" < $typed_2, FALSE)
    ) AS "t23"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t21"."time",
        "t21"."src",
        "t21"."dst",
        "t21"."src_named",
        "t21"."dst_named",
        "t21"."service_port",
        "t21"."protocol",
        "t21"."action",
        "t21"."records",
        "t21"."flows",
        "t21"."packets",
        "t21"."bytes",
        "t21"."return_packets",
        "t21"."return_bytes",
        "t21"."first_seen",
        "t21"."last_seen",
        "t21"."is_now"
      FROM (
        SELECT
          "t18"."initiator",
          "t18"."responder",
          "t18"."initiator_vpc_id",
          "t18"."responder_vpc_id",
          "t18"."initiator_ip4",
          "t18"."responder_ip4",
          "t18"."initiator_ip6",
          "t18"."responder_ip6",
          "t18"."time",
          "t18"."service_port",
          "t18"."protocol",
          "t18"."action",
          "t18"."records",
          "t18"."flows",
          "t18"."packets",
          "t18"."bytes",
          "t18"."return_packets",
          "t18"."return_bytes",
          "t18"."first_seen",
          "t18"."last_seen",
          "t18"."is_now",
          "t9"."node" AS "src",
          COALESCE("t9"."is_named", FALSE) AS "src_named",
          "t10"."node" AS "dst",
          COALESCE("t10"."is_named", FALSE) AS "dst_named"
        FROM (
          SELECT
            CASE
              WHEN "t1"."initiator_is_src"
              THEN COALESCE("t1"."pkt_srcaddr", "t1"."srcaddr")
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN COALESCE("t1"."pkt_dstaddr", "t1"."dstaddr")
              ELSE NULL
            END AS "initiator",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN COALESCE("t1"."pkt_dstaddr", "t1"."dstaddr")
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN COALESCE("t1"."pkt_srcaddr", "t1"."srcaddr")
              ELSE NULL
            END AS "responder",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."src_vpc_id"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."dst_vpc_id"
              ELSE NULL
            END AS "initiator_vpc_id",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."dst_vpc_id"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."src_vpc_id"
              ELSE NULL
            END AS "responder_vpc_id",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."src_ip4"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."dst_ip4"
              ELSE NULL
            END AS "initiator_ip4",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."dst_ip4"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."src_ip4"
              ELSE NULL
            END AS "responder_ip4",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."src_ip6"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."dst_ip6"
              ELSE NULL
            END AS "initiator_ip6",
            CASE
              WHEN "t1"."initiator_is_src"
              THEN "t1"."dst_ip6"
              WHEN NOT (
                "t1"."initiator_is_src"
              )
              THEN "t1"."src_ip6"
              ELSE NULL
            END AS "responder_ip6",
            COALESCE("t1"."start", "t1"."end") AS "time",
            "t1"."service_port",
            "t1"."protocol",
            "t1"."action",
            1 AS "records",
            CAST("t1"."is_counted" AS BIGINT) AS "flows",
            CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."packets", 0) ELSE 0 END AS "packets",
            CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."bytes", 0) ELSE 0 END AS "bytes",
            CASE
              WHEN "t1"."is_counted" AND NOT (
                COALESCE("t1"."initiator_is_src", TRUE)
              )
              THEN COALESCE(CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."packets", 0) ELSE 0 END, 0)
              ELSE 0
            END AS "return_packets",
            CASE
              WHEN "t1"."is_counted" AND NOT (
                COALESCE("t1"."initiator_is_src", TRUE)
              )
              THEN COALESCE(CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."bytes", 0) ELSE 0 END, 0)
              ELSE 0
            END AS "return_bytes",
            COALESCE("t1"."start", "t1"."end") AS "first_seen",
            COALESCE("t1"."end", "t1"."start") AS "last_seen",
            FALSE AS "is_now"
          FROM "flows" AS "t1"
          WHERE
            COALESCE("t1"."start", "t1"."end") >= $base_from_1
            AND COALESCE("t1"."start", "t1"."end") < $base_to_1
            AND "t1"."is_counted" IS NOT NULL
        ) AS "t18"
        LEFT OUTER JOIN "node_facts" AS "t9"
          ON "t18"."initiator" = "t9"."address"
        LEFT OUTER JOIN "node_facts" AS "t10"
          ON "t18"."responder" = "t10"."address"
      ) AS "t21"
      WHERE
        COALESCE("t21"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
        AND COALESCE("t21"."service_port" < $typed_2, FALSE)
    ) AS "t24"
  ) AS "t25"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t19"."time",
      "t19"."src",
      "t19"."dst",
      "t19"."src_named",
      "t19"."dst_named",
      "t19"."service_port",
      "t19"."protocol",
      "t19"."action",
      "t19"."records",
      "t19"."flows",
      "t19"."packets",
      "t19"."bytes",
      "t19"."return_packets",
      "t19"."return_bytes",
      "t19"."first_seen",
      "t19"."last_seen",
      "t19"."is_now"
    FROM (
      SELECT
        "t14"."time",
        "t14"."service_port",
        "t14"."protocol",
        "t14"."action",
        "t14"."records",
        "t14"."flows",
        "t14"."packets",
        "t14"."bytes",
        "t14"."return_packets",
        "t14"."return_bytes",
        "t14"."first_seen",
        "t14"."last_seen",
        "t14"."initiator_place",
        "t14"."responder_place",
        "t14"."is_now",
        "t5"."node" AS "src",
        COALESCE("t5"."is_named", FALSE) AS "src_named",
        "t5"."ip4" AS "initiator_ip4",
        "t5"."ip6" AS "initiator_ip6",
        "t6"."node" AS "dst",
        COALESCE("t6"."is_named", FALSE) AS "dst_named",
        "t6"."ip4" AS "responder_ip4",
        "t6"."ip6" AS "responder_ip6"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t3"."hour_start" AS "time",
            "t3"."service_port",
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
            "t3"."initiator_place",
            "t3"."responder_place",
            TRUE AS "is_now"
          FROM "numbered_edges" AS "t3"
          WHERE
            "t3"."hour_start" >= $low
            AND "t3"."hour_start" < $high
        ) AS "t11"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t4"."hour_start" AS "time",
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
            "t4"."last_seen",
            "t4"."initiator_place",
            "t4"."responder_place",
            FALSE AS "is_now"
          FROM "base_numbered_edges" AS "t4"
          WHERE
            "t4"."hour_start" >= $base_low
            AND "t4"."hour_start" < $base_high
        ) AS "t12"
      ) AS "t14"
      LEFT OUTER JOIN "place_facts" AS "t5"
        ON "t14"."initiator_place" = "t5"."place_id"
      LEFT OUTER JOIN "place_facts" AS "t6"
        ON "t14"."responder_place" = "t6"."place_id"
    ) AS "t19"
    WHERE
      COALESCE("t19"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
      AND COALESCE("t19"."service_port" < $typed_2, FALSE)
  ) AS "t22"
) AS "t26"), "t1" AS (
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
        CAST(NULL AS INT) AS "src",
        CAST(NULL AS INT) AS "dst",
        CAST(NULL AS INT) AS "port",
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
          (
            CAST("t7"."flows_before" AS DOUBLE) * 933775
          ) / 1000000
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
