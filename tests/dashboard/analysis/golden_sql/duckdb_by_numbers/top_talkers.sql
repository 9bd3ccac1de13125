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
) AS "t16"), "t5" AS (
  SELECT
    "t4"."node",
    COALESCE(SUM("t4"."sent_packets"), 0) AS "sent_packets",
    COALESCE(SUM("t4"."sent_bytes"), 0) AS "sent_bytes",
    COALESCE(SUM("t4"."received_packets"), 0) AS "received_packets",
    COALESCE(SUM("t4"."received_bytes"), 0) AS "received_bytes",
    COALESCE(SUM("t4"."records"), 0) AS "records",
    COALESCE(SUM("t4"."flows"), 0) AS "flows",
    COALESCE(SUM("t4"."packets"), 0) AS "packets",
    COALESCE(SUM("t4"."bytes"), 0) AS "bytes",
    COALESCE(SUM("t4"."flows") FILTER(WHERE
      "t4"."action" = 'ACCEPT'), 0) AS "accepted",
    COALESCE(SUM("t4"."flows") FILTER(WHERE
      "t4"."action" = 'REJECT'), 0) AS "rejected",
    COALESCE(SUM("t4"."flows") FILTER(WHERE
      "t4"."action" = 'ACCEPT'), 0) AS "accepted_metric",
    COALESCE(SUM("t4"."flows") FILTER(WHERE
      "t4"."action" = 'REJECT'), 0) AS "rejected_metric"
  FROM (
    SELECT
      "t3"."action",
      "t3"."records",
      "t3"."flows",
      "t3"."node",
      "t3"."sent_packets",
      "t3"."sent_bytes",
      "t3"."received_packets",
      "t3"."received_bytes",
      "t3"."sent_packets" + "t3"."received_packets" AS "packets",
      "t3"."sent_bytes" + "t3"."received_bytes" AS "bytes"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t0"."action",
          "t0"."records",
          "t0"."flows",
          "t0"."src" AS "node",
          "t0"."packets" - "t0"."return_packets" AS "sent_packets",
          "t0"."bytes" - "t0"."return_bytes" AS "sent_bytes",
          "t0"."return_packets" AS "received_packets",
          "t0"."return_bytes" AS "received_bytes"
        FROM "fitting_edges" AS "t0"
        WHERE
          "t0"."src" IS NOT NULL
      ) AS "t1"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t0"."action",
          "t0"."records",
          "t0"."flows",
          "t0"."dst" AS "node",
          "t0"."return_packets" AS "sent_packets",
          "t0"."return_bytes" AS "sent_bytes",
          "t0"."packets" - "t0"."return_packets" AS "received_packets",
          "t0"."bytes" - "t0"."return_bytes" AS "received_bytes"
        FROM "fitting_edges" AS "t0"
        WHERE
          "t0"."src" IS NOT NULL
      ) AS "t2"
    ) AS "t3"
  ) AS "t4"
  GROUP BY
    1
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      0 AS "part",
      "t8"."node",
      "t8"."sent_packets",
      "t8"."sent_bytes",
      "t8"."received_packets",
      "t8"."received_bytes",
      "t8"."records",
      "t8"."flows",
      "t8"."packets",
      "t8"."bytes",
      "t8"."accepted",
      "t8"."rejected",
      "t8"."accepted_metric",
      "t8"."rejected_metric"
    FROM (
      SELECT
        *
      FROM "t5" AS "t6"
      ORDER BY
        "t6"."flows" DESC,
        "t6"."node" ASC
      LIMIT 10
    ) AS "t8"
  ) AS "t10"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      1 AS "part",
      CAST(NULL AS INT) AS "node",
      "t9"."sent_packets",
      "t9"."sent_bytes",
      "t9"."received_packets",
      "t9"."received_bytes",
      "t9"."records",
      "t9"."flows",
      "t9"."packets",
      "t9"."bytes",
      "t9"."accepted",
      "t9"."rejected",
      "t9"."accepted_metric",
      "t9"."rejected_metric"
    FROM (
      SELECT
        COALESCE(SUM("t6"."sent_packets"), 0) AS "sent_packets",
        COALESCE(SUM("t6"."sent_bytes"), 0) AS "sent_bytes",
        COALESCE(SUM("t6"."received_packets"), 0) AS "received_packets",
        COALESCE(SUM("t6"."received_bytes"), 0) AS "received_bytes",
        COALESCE(SUM("t6"."records"), 0) AS "records",
        COALESCE(SUM("t6"."flows"), 0) AS "flows",
        COALESCE(SUM("t6"."packets"), 0) AS "packets",
        COALESCE(SUM("t6"."bytes"), 0) AS "bytes",
        COALESCE(SUM("t6"."accepted"), 0) AS "accepted",
        COALESCE(SUM("t6"."rejected"), 0) AS "rejected",
        COALESCE(SUM("t6"."accepted_metric"), 0) AS "accepted_metric",
        COALESCE(SUM("t6"."rejected_metric"), 0) AS "rejected_metric"
      FROM "t5" AS "t6"
    ) AS "t9"
  ) AS "t11"
) AS "t12"
ORDER BY
  "t12"."part" ASC,
  "t12"."flows" DESC,
  "t12"."node" ASC
