WITH "fitting_series" AS NOT MATERIALIZED (SELECT
  "t5"."minute_start",
  "t5"."protocol",
  "t5"."action",
  "t5"."records",
  "t5"."flows",
  "t5"."packets",
  "t5"."bytes",
  "t5"."packets" AS "logged_packets",
  "t5"."bytes" AS "logged_bytes"
FROM (
  SELECT
    "t4"."protocol",
    "t4"."action",
    "t4"."minute_start",
    "t4"."begins" AS "time",
    CASE WHEN "t4"."step" = 0 THEN "t4"."records" ELSE 0 END AS "records",
    CASE WHEN "t4"."step" = 0 THEN "t4"."flows" ELSE 0 END AS "flows",
    COALESCE(
      CASE
        WHEN "t4"."begins" IS NULL
        THEN "t4"."packets"
        ELSE (
          (
            CAST((
              "t4"."packets" - (
                "t4"."packets" % "t4"."lasts"
              )
            ) / "t4"."lasts" AS BIGINT) * "t4"."high"
          ) + CAST((
            (
              (
                "t4"."packets" % "t4"."lasts"
              ) * "t4"."high"
            ) - (
              (
                (
                  "t4"."packets" % "t4"."lasts"
                ) * "t4"."high"
              ) % "t4"."lasts"
            )
          ) / "t4"."lasts" AS BIGINT)
        ) - (
          (
            CAST((
              "t4"."packets" - (
                "t4"."packets" % "t4"."lasts"
              )
            ) / "t4"."lasts" AS BIGINT) * "t4"."low"
          ) + CAST((
            (
              (
                "t4"."packets" % "t4"."lasts"
              ) * "t4"."low"
            ) - (
              (
                (
                  "t4"."packets" % "t4"."lasts"
                ) * "t4"."low"
              ) % "t4"."lasts"
            )
          ) / "t4"."lasts" AS BIGINT)
        )
      END,
      0
    ) AS "packets",
    COALESCE(
      CASE
        WHEN "t4"."begins" IS NULL
        THEN "t4"."bytes"
        ELSE (
          (
            CAST((
              "t4"."bytes" - (
                "t4"."bytes" % "t4"."lasts"
              )
            ) / "t4"."lasts" AS BIGINT) * "t4"."high"
          ) + CAST((
            (
              (
                "t4"."bytes" % "t4"."lasts"
              ) * "t4"."high"
            ) - (
              (
                (
                  "t4"."bytes" % "t4"."lasts"
                ) * "t4"."high"
              ) % "t4"."lasts"
            )
          ) / "t4"."lasts" AS BIGINT)
        ) - (
          (
            CAST((
              "t4"."bytes" - (
                "t4"."bytes" % "t4"."lasts"
              )
            ) / "t4"."lasts" AS BIGINT) * "t4"."low"
          ) + CAST((
            (
              (
                "t4"."bytes" % "t4"."lasts"
              ) * "t4"."low"
            ) - (
              (
                (
                  "t4"."bytes" % "t4"."lasts"
                ) * "t4"."low"
              ) % "t4"."lasts"
            )
          ) / "t4"."lasts" AS BIGINT)
        )
      END,
      0
    ) AS "bytes"
  FROM (
    SELECT
      "t3"."time",
      "t3"."src",
      "t3"."dst",
      "t3"."src_named",
      "t3"."dst_named",
      "t3"."service_port",
      "t3"."protocol",
      "t3"."action",
      "t3"."records",
      "t3"."flows",
      "t3"."packets",
      "t3"."bytes",
      "t3"."return_packets",
      "t3"."return_bytes",
      "t3"."seen_at",
      "t3"."last_at",
      "t3"."begins",
      "t3"."lasts",
      "t3"."first_minute",
      "t3"."minutes",
      "t3"."step",
      (
        "t3"."first_minute" + "t3"."step"
      ) * 60 AS "minute_start",
      GREATEST((
        (
          "t3"."first_minute" + "t3"."step"
        ) * 60
      ) - "t3"."begins", 0) AS "low",
      LEAST(
        (
          (
            (
              "t3"."first_minute" + "t3"."step"
            ) * 60
          ) + 60
        ) - "t3"."begins",
        "t3"."lasts"
      ) AS "high"
    FROM (
      SELECT
        "t2"."time",
        "t2"."src",
        "t2"."dst",
        "t2"."src_named",
        "t2"."dst_named",
        "t2"."service_port",
        "t2"."protocol",
        "t2"."action",
        "t2"."records",
        "t2"."flows",
        "t2"."packets",
        "t2"."bytes",
        "t2"."return_packets",
        "t2"."return_bytes",
        "t2"."seen_at",
        "t2"."last_at",
        "t2"."begins",
        "t2"."lasts",
        "t2"."first_minute",
        "t2"."minutes",
        UNNEST(RANGE(0, "t2"."minutes", 1)) AS "step"
      FROM (
        SELECT
          "t1"."time",
          "t1"."src",
          "t1"."dst",
          "t1"."src_named",
          "t1"."dst_named",
          "t1"."service_port",
          "t1"."protocol",
          "t1"."action",
          "t1"."records",
          "t1"."flows",
          "t1"."packets",
          "t1"."bytes",
          "t1"."return_packets",
          "t1"."return_bytes",
          "t1"."seen_at",
          "t1"."last_at",
          "t1"."begins",
          "t1"."lasts",
          CAST(FLOOR((
            "t1"."begins"
          ) / (
            60
          )) AS BIGINT) AS "first_minute",
          COALESCE(
            (
              CAST(FLOOR((
                (
                  "t1"."begins" + "t1"."lasts"
                ) - 1
              ) / (
                60
              )) AS BIGINT) - CAST(FLOOR((
                "t1"."begins"
              ) / (
                60
              )) AS BIGINT)
            ) + 1,
            1
          ) AS "minutes"
        FROM (
          SELECT
            COALESCE("t0"."start", "t0"."end") AS "time",
            CASE
              WHEN "t0"."initiator_is_src"
              THEN COALESCE("t0"."pkt_srcaddr", "t0"."srcaddr")
              WHEN NOT (
                "t0"."initiator_is_src"
              )
              THEN COALESCE("t0"."pkt_dstaddr", "t0"."dstaddr")
              ELSE NULL
            END AS "src",
            CASE
              WHEN "t0"."initiator_is_src"
              THEN COALESCE("t0"."pkt_dstaddr", "t0"."dstaddr")
              WHEN NOT (
                "t0"."initiator_is_src"
              )
              THEN COALESCE("t0"."pkt_srcaddr", "t0"."srcaddr")
              ELSE NULL
            END AS "dst",
            FALSE AS "src_named",
            FALSE AS "dst_named",
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
            COALESCE("t0"."start", "t0"."end") AS "seen_at",
            COALESCE("t0"."end", "t0"."start") AS "last_at",
            COALESCE("t0"."start", "t0"."end") AS "begins",
            CASE
              WHEN COALESCE(
                (
                  (
                    COALESCE("t0"."end", "t0"."start") - COALESCE("t0"."start", "t0"."end")
                  ) > 0
                )
                AND (
                  (
                    COALESCE("t0"."end", "t0"."start") - COALESCE("t0"."start", "t0"."end")
                  ) <= 3600
                ),
                FALSE
              )
              THEN COALESCE("t0"."end", "t0"."start") - COALESCE("t0"."start", "t0"."end")
              ELSE 1
            END AS "lasts"
          FROM "flows" AS "t0"
          WHERE
            COALESCE("t0"."start", "t0"."end") >= $from_1
            AND COALESCE("t0"."start", "t0"."end") < $to_1
            AND "t0"."is_counted" IS NOT NULL
            AND COALESCE(
              CASE
                WHEN "t0"."initiator_is_src"
                THEN "t0"."src_ip4"
                WHEN NOT (
                  "t0"."initiator_is_src"
                )
                THEN "t0"."dst_ip4"
                ELSE NULL
              END BETWEEN $typed_0 AND $typed_1,
              FALSE
            )
            AND COALESCE("t0"."service_port" < $typed_2, FALSE)
        ) AS "t1"
      ) AS "t2"
    ) AS "t3"
  ) AS "t4"
) AS "t5") SELECT
  *
FROM (
  SELECT
    LEAST("t0"."minute_start", $end - 1) - (
      LEAST("t0"."minute_start", $end - 1) % 60
    ) AS "bin_start",
    COALESCE("t0"."action", 'NONE') AS "action",
    SUM("t0"."records") AS "records",
    SUM("t0"."flows") AS "flows",
    SUM("t0"."packets") AS "packets",
    SUM("t0"."bytes") AS "bytes"
  FROM "fitting_series" AS "t0"
  GROUP BY
    1,
    2
) AS "t1"
ORDER BY
  "t1"."bin_start" ASC,
  "t1"."action" ASC
