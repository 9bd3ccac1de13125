WITH "fitting_edges" AS NOT MATERIALIZED (SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t13"."time",
      "t13"."src",
      "t13"."dst",
      "t13"."src_named",
      "t13"."dst_named",
      "t13"."service_port",
      "t13"."protocol",
      "t13"."action",
      "t13"."records",
      "t13"."flows",
      "t13"."packets",
      "t13"."bytes",
      "t13"."return_packets",
      "t13"."return_bytes",
      "t13"."first_seen",
      "t13"."last_seen"
    FROM (
      SELECT
        "t11"."initiator",
        "t11"."responder",
        "t11"."initiator_vpc_id",
        "t11"."responder_vpc_id",
        "t11"."initiator_ip4",
        "t11"."responder_ip4",
        "t11"."initiator_ip6",
        "t11"."responder_ip6",
        "t11"."time",
        "t11"."service_port",
        "t11"."protocol",
        "t11"."action",
        "t11"."records",
        "t11"."flows",
        "t11"."packets",
        "t11"."bytes",
        "t11"."return_packets",
        "t11"."return_bytes",
        "t11"."first_seen",
        "t11"."last_seen",
        "t4"."node" AS "src",
        COALESCE("t4"."is_named", FALSE) AS "src_named",
        "t5"."node" AS "dst",
        COALESCE("t5"."is_named", FALSE) AS "dst_named"
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
      ) AS "t11"
      LEFT OUTER JOIN "node_facts" AS "t4"
        ON "t11"."initiator" = "t4"."address"
      LEFT OUTER JOIN "node_facts" AS "t5"
        ON "t11"."responder" = "t5"."address"
    ) AS "t13"
    WHERE
      COALESCE("t13"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
      AND COALESCE("t13"."service_port" < $typed_2, FALSE)
  ) AS "t15"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t12"."time",
      "t12"."src",
      "t12"."dst",
      "t12"."src_named",
      "t12"."dst_named",
      "t12"."service_port",
      "t12"."protocol",
      "t12"."action",
      "t12"."records",
      "t12"."flows",
      "t12"."packets",
      "t12"."bytes",
      "t12"."return_packets",
      "t12"."return_bytes",
      "t12"."first_seen",
      "t12"."last_seen"
    FROM (
      SELECT
        "t9"."time",
        "t9"."service_port",
        "t9"."protocol",
        "t9"."action",
        "t9"."records",
        "t9"."flows",
        "t9"."packets",
        "t9"."bytes",
        "t9"."return_packets",
        "t9"."return_bytes",
        "t9"."first_seen",
        "t9"."last_seen",
        "t9"."initiator_place",
        "t9"."responder_place",
        "t6"."node" AS "src",
        COALESCE("t6"."is_named", FALSE) AS "src_named",
        "t6"."ip4" AS "initiator_ip4",
        "t6"."ip6" AS "initiator_ip6",
        "t7"."node" AS "dst",
        COALESCE("t7"."is_named", FALSE) AS "dst_named",
        "t7"."ip4" AS "responder_ip4",
        "t7"."ip6" AS "responder_ip6"
      FROM (
        SELECT
          "t2"."hour_start" AS "time",
          "t2"."service_port",
          "t2"."protocol",
          "t2"."action",
          "t2"."records",
          "t2"."flows",
          "t2"."packets",
          "t2"."bytes",
          "t2"."return_packets",
          "t2"."return_bytes",
          "t2"."first_seen",
          "t2"."last_seen",
          "t2"."initiator_place",
          "t2"."responder_place"
        FROM "numbered_edges" AS "t2"
        WHERE
          "t2"."hour_start" >= $low
          AND "t2"."hour_start" < $high
      ) AS "t9"
      LEFT OUTER JOIN "place_facts" AS "t6"
        ON "t9"."initiator_place" = "t6"."place_id"
      LEFT OUTER JOIN "place_facts" AS "t7"
        ON "t9"."responder_place" = "t7"."place_id"
    ) AS "t12"
    WHERE
      COALESCE("t12"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
      AND COALESCE("t12"."service_port" < $typed_2, FALSE)
  ) AS "t14"
) AS "t16"), "base_edges" AS NOT MATERIALIZED (SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t13"."time",
      "t13"."src",
      "t13"."dst",
      "t13"."src_named",
      "t13"."dst_named",
      "t13"."service_port",
      "t13"."protocol",
      "t13"."action",
      "t13"."records",
      "t13"."flows",
      "t13"."packets",
      "t13"."bytes",
      "t13"."return_packets",
      "t13"."return_bytes",
      "t13"."first_seen",
      "t13"."last_seen"
    FROM (
      SELECT
        "t11"."initiator",
        "t11"."responder",
        "t11"."initiator_vpc_id",
        "t11"."responder_vpc_id",
        "t11"."initiator_ip4",
        "t11"."responder_ip4",
        "t11"."initiator_ip6",
        "t11"."responder_ip6",
        "t11"."time",
        "t11"."service_port",
        "t11"."protocol",
        "t11"."action",
        "t11"."records",
        "t11"."flows",
        "t11"."packets",
        "t11"."bytes",
        "t11"."return_packets",
        "t11"."return_bytes",
        "t11"."first_seen",
        "t11"."last_seen",
        "t4"."node" AS "src",
        COALESCE("t4"."is_named", FALSE) AS "src_named",
        "t5"."node" AS "dst",
        COALESCE("t5"."is_named", FALSE) AS "dst_named"
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
      ) AS "t11"
      LEFT OUTER JOIN "node_facts" AS "t4"
        ON "t11"."initiator" = "t4"."address"
      LEFT OUTER JOIN "node_facts" AS "t5"
        ON "t11"."responder" = "t5"."address"
    ) AS "t13"
    WHERE
      COALESCE("t13"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
      AND COALESCE("t13"."service_port" < $typed_2, FALSE)
  ) AS "t15"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t12"."time",
      "t12"."src",
      "t12"."dst",
      "t12"."src_named",
      "t12"."dst_named",
      "t12"."service_port",
      "t12"."protocol",
      "t12"."action",
      "t12"."records",
      "t12"."flows",
      "t12"."packets",
      "t12"."bytes",
      "t12"."return_packets",
      "t12"."return_bytes",
      "t12"."first_seen",
      "t12"."last_seen"
    FROM (
      SELECT
        "t9"."time",
        "t9"."service_port",
        "t9"."protocol",
        "t9"."action",
        "t9"."records",
        "t9"."flows",
        "t9"."packets",
        "t9"."bytes",
        "t9"."return_packets",
        "t9"."return_bytes",
        "t9"."first_seen",
        "t9"."last_seen",
        "t9"."initiator_place",
        "t9"."responder_place",
        "t6"."node" AS "src",
        COALESCE("t6"."is_named", FALSE) AS "src_named",
        "t6"."ip4" AS "initiator_ip4",
        "t6"."ip6" AS "initiator_ip6",
        "t7"."node" AS "dst",
        COALESCE("t7"."is_named", FALSE) AS "dst_named",
        "t7"."ip4" AS "responder_ip4",
        "t7"."ip6" AS "responder_ip6"
      FROM (
        SELECT
          "t2"."hour_start" AS "time",
          "t2"."service_port",
          "t2"."protocol",
          "t2"."action",
          "t2"."records",
          "t2"."flows",
          "t2"."packets",
          "t2"."bytes",
          "t2"."return_packets",
          "t2"."return_bytes",
          "t2"."first_seen",
          "t2"."last_seen",
          "t2"."initiator_place",
          "t2"."responder_place"
        FROM "base_numbered_edges" AS "t2"
        WHERE
          "t2"."hour_start" >= $base_low
          AND "t2"."hour_start" < $base_high
      ) AS "t9"
      LEFT OUTER JOIN "place_facts" AS "t6"
        ON "t9"."initiator_place" = "t6"."place_id"
      LEFT OUTER JOIN "place_facts" AS "t7"
        ON "t9"."responder_place" = "t7"."place_id"
    ) AS "t12"
    WHERE
      COALESCE("t12"."initiator_ip4" BETWEEN $typed_0 AND $typed_1, FALSE)
      AND COALESCE("t12"."service_port" < $typed_2, FALSE)
  ) AS "t14"
) AS "t16"), "t6" AS (
  SELECT
    "t5"."src",
    "t5"."dst",
    "t5"."port",
    "t5"."protocol",
    "t5"."flows",
    "t5"."flows_before",
    "t5"."bytes",
    "t5"."bytes_before",
    "t5"."packets",
    "t5"."packets_before",
    "t5"."accepted",
    "t5"."accepted_before",
    "t5"."rejected",
    "t5"."rejected_before",
    "t5"."seen",
    "t5"."seen_before",
    "t5"."flows" - (
      (
        CAST("t5"."flows_before" AS DOUBLE) * 933775
      ) / 1000000
    ) AS "difference",
    CASE
      WHEN "t5"."seen_before" = 0
      THEN 'added'
      WHEN "t5"."seen" = 0
      THEN 'gone'
      WHEN "t5"."flows" > (
        (
          CAST("t5"."flows_before" AS DOUBLE) * 933775
        ) / 1000000
      )
      THEN 'grew'
      WHEN "t5"."flows" < (
        (
          CAST("t5"."flows_before" AS DOUBLE) * 933775
        ) / 1000000
      )
      THEN 'shrank'
      ELSE 'same'
    END AS "change"
  FROM (
    SELECT
      "t4"."src",
      "t4"."dst",
      "t4"."port",
      "t4"."protocol",
      COALESCE(SUM("t4"."flows"), 0) AS "flows",
      COALESCE(SUM("t4"."flows_before"), 0) AS "flows_before",
      COALESCE(SUM("t4"."bytes"), 0) AS "bytes",
      COALESCE(SUM("t4"."bytes_before"), 0) AS "bytes_before",
      COALESCE(SUM("t4"."packets"), 0) AS "packets",
      COALESCE(SUM("t4"."packets_before"), 0) AS "packets_before",
      COALESCE(SUM("t4"."accepted"), 0) AS "accepted",
      COALESCE(SUM("t4"."accepted_before"), 0) AS "accepted_before",
      COALESCE(SUM("t4"."rejected"), 0) AS "rejected",
      COALESCE(SUM("t4"."rejected_before"), 0) AS "rejected_before",
      COALESCE(SUM("t4"."seen"), 0) AS "seen",
      COALESCE(SUM("t4"."seen_before"), 0) AS "seen_before"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t0"."src",
          "t0"."dst",
          "t0"."protocol",
          "t0"."service_port" AS "port",
          "t0"."flows",
          0 AS "flows_before",
          "t0"."bytes",
          0 AS "bytes_before",
          "t0"."packets",
          0 AS "packets_before",
          CASE WHEN COALESCE("t0"."action" = 'ACCEPT', FALSE) THEN "t0"."flows" ELSE 0 END AS "accepted",
          0 AS "accepted_before",
          CASE WHEN COALESCE("t0"."action" = 'REJECT', FALSE) THEN "t0"."flows" ELSE 0 END AS "rejected",
          0 AS "rejected_before",
          "t0"."records" AS "seen",
          0 AS "seen_before"
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
          "t1"."service_port" AS "port",
          0 AS "flows",
          "t1"."flows" AS "flows_before",
          0 AS "bytes",
          "t1"."bytes" AS "bytes_before",
          0 AS "packets",
          "t1"."packets" AS "packets_before",
          0 AS "accepted",
          CASE WHEN COALESCE("t1"."action" = 'ACCEPT', FALSE) THEN "t1"."flows" ELSE 0 END AS "accepted_before",
          0 AS "rejected",
          CASE WHEN COALESCE("t1"."action" = 'REJECT', FALSE) THEN "t1"."flows" ELSE 0 END AS "rejected_before",
          0 AS "seen",
          "t1"."records" AS "seen_before"
        FROM "base_edges" AS "t1"
      ) AS "t3"
    ) AS "t4"
    GROUP BY
      1,
      2,
      3,
      4
  ) AS "t5"
  WHERE
    "t5"."src" IS NOT NULL
    AND "t5"."dst" IS NOT NULL
    AND GREATEST("t5"."flows", "t5"."flows_before") >= $threshold
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      0 AS "part",
      "t11"."change",
      "t11"."src",
      "t11"."dst",
      "t11"."port",
      "t11"."protocol",
      "t11"."flows",
      "t11"."flows_before",
      "t11"."bytes",
      "t11"."bytes_before",
      "t11"."packets",
      "t11"."packets_before",
      "t11"."accepted",
      "t11"."accepted_before",
      "t11"."rejected",
      "t11"."rejected_before",
      "t11"."difference",
      1 AS "edges"
    FROM (
      SELECT
        *
      FROM "t6" AS "t7"
      WHERE
        "t7"."change" IN ('added', 'gone', 'grew', 'shrank')
      ORDER BY
        ABS("t7"."difference") DESC,
        "t7"."src" ASC,
        "t7"."dst" ASC,
        "t7"."port" ASC,
        "t7"."protocol" ASC
      LIMIT 7
    ) AS "t11"
  ) AS "t12"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      1 AS "part",
      "t8"."change",
      CAST(NULL AS INT) AS "src",
      CAST(NULL AS INT) AS "dst",
      CAST(NULL AS INT) AS "port",
      CAST(NULL AS SMALLINT) AS "protocol",
      "t8"."flows",
      "t8"."flows_before",
      "t8"."bytes",
      "t8"."bytes_before",
      "t8"."packets",
      "t8"."packets_before",
      "t8"."accepted",
      "t8"."accepted_before",
      "t8"."rejected",
      "t8"."rejected_before",
      "t8"."difference",
      "t8"."edges"
    FROM (
      SELECT
        "t7"."change",
        SUM("t7"."flows") AS "flows",
        SUM("t7"."flows_before") AS "flows_before",
        SUM("t7"."bytes") AS "bytes",
        SUM("t7"."bytes_before") AS "bytes_before",
        SUM("t7"."packets") AS "packets",
        SUM("t7"."packets_before") AS "packets_before",
        SUM("t7"."accepted") AS "accepted",
        SUM("t7"."accepted_before") AS "accepted_before",
        SUM("t7"."rejected") AS "rejected",
        SUM("t7"."rejected_before") AS "rejected_before",
        SUM("t7"."difference") AS "difference",
        COUNT(*) AS "edges"
      FROM "t6" AS "t7"
      GROUP BY
        1
    ) AS "t8"
  ) AS "t10"
) AS "t13"
ORDER BY
  "t13"."part" ASC,
  ABS("t13"."difference") DESC,
  "t13"."src" ASC,
  "t13"."dst" ASC,
  "t13"."port" ASC,
  "t13"."protocol" ASC,
  "t13"."change" ASC
