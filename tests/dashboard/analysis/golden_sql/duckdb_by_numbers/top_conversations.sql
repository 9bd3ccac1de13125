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
) AS "t16"), "t1" AS (
  SELECT
    "t0"."src",
    "t0"."dst",
    "t0"."protocol",
    "t0"."service_port" AS "port",
    COALESCE(SUM("t0"."records"), 0) AS "records",
    COALESCE(SUM("t0"."flows"), 0) AS "flows",
    COALESCE(SUM("t0"."packets"), 0) AS "packets",
    COALESCE(SUM("t0"."bytes"), 0) AS "bytes",
    COALESCE(SUM("t0"."flows") FILTER(WHERE
      "t0"."action" = 'ACCEPT'), 0) AS "accepted",
    COALESCE(SUM("t0"."flows") FILTER(WHERE
      "t0"."action" = 'REJECT'), 0) AS "rejected",
    COALESCE(SUM("t0"."return_packets"), 0) AS "return_packets",
    COALESCE(SUM("t0"."return_bytes"), 0) AS "return_bytes",
    COALESCE(SUM("t0"."bytes") FILTER(WHERE
      "t0"."src_named" AND "t0"."dst_named"), 0) AS "named_bytes",
    MIN("t0"."first_seen") AS "first_seen",
    MAX("t0"."last_seen") AS "last_seen"
  FROM "fitting_edges" AS "t0"
  GROUP BY
    1,
    2,
    3,
    4
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      0 AS "part",
      "t4"."src",
      "t4"."dst",
      "t4"."port",
      "t4"."protocol",
      "t4"."records",
      "t4"."flows",
      "t4"."accepted",
      "t4"."rejected",
      "t4"."packets",
      "t4"."bytes",
      "t4"."return_packets",
      "t4"."return_bytes",
      "t4"."named_bytes",
      "t4"."first_seen",
      "t4"."last_seen",
      1 AS "edges"
    FROM (
      SELECT
        *
      FROM "t1" AS "t2"
      WHERE
        "t2"."src" IS NOT NULL
        AND "t2"."dst" IS NOT NULL
        AND "t2"."flows" >= $threshold
      ORDER BY
        "t2"."flows" DESC,
        "t2"."src" ASC,
        "t2"."dst" ASC,
        "t2"."port" ASC,
        "t2"."protocol" ASC
      LIMIT 7
    ) AS "t4"
  ) AS "t6"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t5"."part",
      CAST(NULL AS INT) AS "src",
      CAST(NULL AS INT) AS "dst",
      CAST(NULL AS INT) AS "port",
      CAST(NULL AS SMALLINT) AS "protocol",
      "t5"."records",
      "t5"."flows",
      "t5"."accepted",
      "t5"."rejected",
      "t5"."packets",
      "t5"."bytes",
      "t5"."return_packets",
      "t5"."return_bytes",
      "t5"."named_bytes",
      "t5"."first_seen",
      "t5"."last_seen",
      "t5"."edges"
    FROM (
      SELECT
        CASE
          WHEN (
            "t2"."src" IS NOT NULL
          ) AND (
            "t2"."dst" IS NOT NULL
          )
          THEN 1
          ELSE 2
        END AS "part",
        SUM("t2"."records") AS "records",
        SUM("t2"."flows") AS "flows",
        SUM("t2"."accepted") AS "accepted",
        SUM("t2"."rejected") AS "rejected",
        SUM("t2"."packets") AS "packets",
        SUM("t2"."bytes") AS "bytes",
        SUM("t2"."return_packets") AS "return_packets",
        SUM("t2"."return_bytes") AS "return_bytes",
        SUM("t2"."named_bytes") AS "named_bytes",
        MIN("t2"."first_seen") AS "first_seen",
        MAX("t2"."last_seen") AS "last_seen",
        COUNT(*) AS "edges"
      FROM "t1" AS "t2"
      GROUP BY
        1
    ) AS "t5"
  ) AS "t7"
) AS "t8"
ORDER BY
  "t8"."part" ASC,
  "t8"."flows" DESC,
  "t8"."src" ASC,
  "t8"."dst" ASC,
  "t8"."port" ASC,
  "t8"."protocol" ASC
